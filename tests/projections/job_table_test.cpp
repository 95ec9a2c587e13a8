#include "projections/job_table.hpp"

#include "support/builders.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace carillon;
using namespace carillon::test;
using projections::job_table;

namespace {

const task_id mail{"mail"};
const node_id here{"n1"};

/// A table that counts positions by itself.
struct table_at_position {
  job_table table;
  position at = 0;

  std::optional<projections::ended_job> apply(const event& e) {
    return table.apply(e, {++at, day_one});
  }
};

} // namespace

TEST_CASE("job_table: a job lives from its addition to its end") {
  table_at_position t;
  const auto id = job_number(1);
  CHECK_FALSE(t.apply(job_added{.id = id, .task = mail}));
  REQUIRE(t.table.find(id));
  CHECK(t.table.find(id)->status == job_status::queued);
  CHECK(t.table.running() == 0);
  CHECK_FALSE(t.apply(job_acquired{id, here}));
  CHECK(t.table.find(id)->fence == 2);
  CHECK(t.table.running() == 1);
  const auto ended = t.apply(job_finished{.id = id, .task = mail, .fence = 2});
  REQUIRE(ended);
  CHECK(ended->state.id == id);
  CHECK(ended->state.attempts == 1);
  CHECK(ended->info.at == 3);
  CHECK(t.table.size() == 0);
  CHECK(t.table.running() == 0);
}

TEST_CASE("job_table: events of jobs that are not there are ignored") {
  table_at_position t;
  CHECK_FALSE(t.apply(job_acquired{job_number(7), here}));
  CHECK_FALSE(t.apply(job_finished{.id = job_number(7), .task = mail}));
  CHECK_FALSE(t.apply(task_removed{mail}));
  CHECK(t.table.size() == 0);
}

TEST_CASE("job_table: an id that is taken stays with the job that has it") {
  table_at_position t;
  t.apply(job_added{.id = job_number(1), .task = mail});
  t.apply(job_acquired{job_number(1), here});
  t.apply(job_added{.id = job_number(1), .task = task_id{"other"}});
  CHECK(t.table.find(job_number(1))->task == mail);
  CHECK(t.table.running() == 1);
}

TEST_CASE("job_table: a claim that was given back or lost runs no more") {
  table_at_position t;
  const auto id = job_number(1);
  t.apply(job_added{.id = id, .task = mail});
  t.apply(job_acquired{id, here});
  t.apply(job_released{id, 2});
  CHECK(t.table.running() == 0);
  CHECK(t.table.find(id)->status == job_status::queued);
  t.apply(job_acquired{id, here});
  t.apply(lease_lost{id, 4});
  CHECK(t.table.running() == 0);
  CHECK(t.table.find(id)->status == job_status::retrying);
}

TEST_CASE("job_table: the shares it saves give the same table again") {
  table_at_position t;
  std::set<std::size_t> shares;
  for (std::uint64_t n = 1; n <= 40; ++n) {
    t.apply(job_added{.id = job_number(n), .task = mail, .args = {.text = "{\"args\":[1]}"}});
    shares.insert(projections::share_of(job_number(n)));
    if (n % 3 == 0)
      t.apply(job_acquired{job_number(n), here});
  }
  CHECK(shares.size() == projections::share_count);
  job_table again;
  for (std::size_t share = 0; share < projections::share_count; ++share)
    REQUIRE(again.load(t.table.save(share)));
  CHECK(again.size() == t.table.size());
  CHECK(again.running() == t.table.running());
  CHECK(again.hash() == t.table.hash());
  CHECK(*again.find(job_number(3)) == *t.table.find(job_number(3)));
}

TEST_CASE("job_table: a share that was cut off is refused as corrupt") {
  table_at_position t;
  t.apply(job_added{.id = job_number(1), .task = mail});
  const auto saved = t.table.save(projections::share_of(job_number(1)));
  for (std::size_t size = 1; size < saved.size(); ++size) {
    job_table again;
    const auto loaded = again.load(saved.substr(0, size));
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == errc::corrupt);
  }
}
