#include "carillon/command.hpp"
#include "carillon/job.hpp"

#include <catch2/catch.hpp>

using namespace carillon;

TEST_CASE("texts: statuses, outcomes and changes have stable names") {
  CHECK(to_string(job_status::queued) == "queued");
  CHECK(to_string(job_status::running) == "running");
  CHECK(to_string(job_status::retrying) == "retrying");
  CHECK(to_string(job_status::finished) == "finished");
  CHECK(to_string(job_outcome::success) == "success");
  CHECK(to_string(job_outcome::error) == "error");
  CHECK(to_string(job_outcome::missed) == "missed");
  CHECK(to_string(job_outcome::cancelled) == "cancelled");
  CHECK(to_string(job_outcome::abandoned) == "abandoned");
  CHECK(to_string(job_outcome::timed_out) == "timed_out");
  CHECK(to_string(job_outcome::discarded) == "discarded");
  CHECK(to_string(change::none) == "none");
  CHECK(to_string(change::created) == "created");
  CHECK(to_string(change::kept) == "kept");
  CHECK(to_string(change::replaced) == "replaced");
  CHECK(to_string(change::updated) == "updated");
  CHECK(to_string(change::removed) == "removed");
}
