#include "stores/commit_keys.hpp"

#include "tests/stores/log_support.hpp"

using namespace carillon;
using namespace carillon::stores;

namespace {

constexpr time_point now{std::chrono::seconds{1'000}};
const task_id backup{"backup"};

job_id job(std::uint8_t n) {
  job_id id;
  id.bytes[15] = n;
  return id;
}

/// A claim of job `n` by a writer that had applied the log up to `known`.
commit claim(std::uint8_t n, std::uint32_t slot, position known) {
  commit c;
  c.known = known;
  add_claim(c, backup, {.id = job(n), .node = node_id{"a"}, .slot = slot});
  return c;
}

/// A log with the task and jobs 1 and 2, up to position 3.
struct fixture {
  std::unique_ptr<event_log> log = std::move(open_log("memory:")).value();
  session who = log->open_session(node_id{"a"}).value();

  fixture() {
    commit c;
    c.events = {task_added{.id = backup, .settings = task_settings{}},
                job_added{.id = job(1), .task = backup}, job_added{.id = job(2), .task = backup}};
    CHECK(put(c) == outcome_kind::appended);
  }
  outcome_kind put(const commit& c) {
    return log->append(who, now, std::span{&c, 1}).value().outcomes.front().kind;
  }
};

} // namespace

TEST_CASE("commit_keys: of two claims of a job, or of a slot, that do not know of each other, "
          "one passes") {
  fixture f;
  CHECK(f.put(claim(1, 1, 3)) == outcome_kind::appended);
  CHECK(f.put(claim(1, 2, 3)) == outcome_kind::conflict);
  CHECK(f.put(claim(2, 1, 3)) == outcome_kind::conflict);
  CHECK(f.put(claim(2, 2, 3)) == outcome_kind::appended);
}

TEST_CASE("commit_keys: a claim does not pass a change of its task") {
  fixture f;
  commit change;
  change.known = 3;
  change.events = {task_updated{.id = backup, .settings = task_settings{}}};
  guard_own_streams(change);
  CHECK(f.put(change) == outcome_kind::appended);
  CHECK(f.put(claim(1, 1, 3)) == outcome_kind::conflict);
  CHECK(f.put(claim(1, 1, 4)) == outcome_kind::appended);
}

TEST_CASE("commit_keys: a commit meets whoever wrote to one of its streams") {
  fixture f;
  CHECK(f.put(claim(1, 0, 3)) == outcome_kind::appended);
  commit cancel;
  cancel.known = 3;
  cancel.events = {job_finished{.id = job(2), .task = backup},
                   job_finished{.id = job(1), .task = backup}};
  guard_own_streams(cancel);
  CHECK(f.put(cancel) == outcome_kind::conflict);
}
