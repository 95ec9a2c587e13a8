#include "stores/history_store.hpp"
#include "tests/stores/log_support.hpp"

using namespace carillon;
using namespace carillon::stores;
using namespace carillon::stores::testing;

namespace {

struct fixture {
  temp_directory directory;
  std::string url = GENERATE(0, 1) == 0 ? "memory:" : directory.url();
  std::unique_ptr<history_store> history = must(open_history(url));

  void reopen() {
    if (url == "memory:")
      return;
    history.reset();
    history = must(open_history(url));
  }
};

/// Ended at position `n`, in second `n`.
finished_job ended(std::uint64_t n, const char* task = "t", const char* schedule = "") {
  finished_job job;
  job.id = numbered<job_id>(n);
  job.task = task_id{task};
  job.schedule = schedule_id{schedule};
  job.finished_at = at_second(static_cast<std::int64_t>(n));
  job.finished_at_position = n;
  return job;
}

std::vector<position> ends(const history_page& page) {
  std::vector<position> out;
  for (const auto& job : page.jobs)
    out.push_back(job.finished_at_position);
  return out;
}

} // namespace

TEST_CASE_METHOD(fixture, "history: a finished job comes back whole, by its id") {
  auto job = ended(7, "report", "nightly");
  job.fire_time = at_second(1);
  job.jitter = std::chrono::seconds{2};
  job.started_at = at_second(3);
  job.outcome = job_outcome::error;
  job.attempts = 2;
  job.node = node_id{"a"};
  job.args.text = "[1]";
  job.output.blob = blob_ref{.digest = {1, 2, 3}, .size = 5};
  job.error = error_info{"exit", "exit status 3", 3};
  job.meta = {{"k", "1"}};
  must(history->apply(9, {&job, 1}, {}));
  reopen();
  CHECK(must(history->find(job.id)) == job);
  CHECK_FALSE(must(history->find(numbered<job_id>(8))).has_value());
  CHECK(must(history->checkpoint()) == 9);
}

TEST_CASE_METHOD(fixture, "history: pages go from the newest to the oldest and miss nothing") {
  std::vector<finished_job> jobs;
  for (std::uint64_t n = 1; n <= 25; ++n)
    jobs.push_back(ended(n, n % 2 == 0 ? "even" : "odd", n % 5 == 0 ? "fives" : ""));
  must(history->apply(25, jobs, {}));
  history_query q{.limit = 10};
  std::vector<position> seen;
  int pages = 0;
  do {
    auto page = must(history->query(q));
    for (auto end : ends(page))
      seen.push_back(end);
    q.cursor = page.next;
    ++pages;
  } while (!q.cursor.empty());
  CHECK(pages == 3);
  REQUIRE(seen.size() == 25);
  CHECK(seen.front() == 25);
  CHECK(std::is_sorted(seen.rbegin(), seen.rend()));
  CHECK(ends(must(history->query({.schedule = schedule_id{"fives"}}))) ==
        std::vector<position>{25, 20, 15, 10, 5});
  CHECK(ends(must(history->query({.schedule = schedule_id{"fives"}, .task = task_id{"even"}}))) ==
        std::vector<position>{20, 10});
  CHECK(ends(must(history->query({.task = task_id{"even"}, .from = at_second(20),
                                  .to = at_second(24)}))) == std::vector<position>{22, 20});
}

TEST_CASE_METHOD(fixture, "history: outcomes are found, success among them") {
  auto good = ended(1);
  auto bad = ended(2);
  bad.outcome = job_outcome::timed_out;
  std::vector<finished_job> jobs{good, bad};
  must(history->apply(2, jobs, {}));
  CHECK(ends(must(history->query({.outcome = job_outcome::timed_out}))) ==
        std::vector<position>{2});
  CHECK(ends(must(history->query({.outcome = job_outcome::success}))) == std::vector<position>{1});
  CHECK(must(history->query({.outcome = job_outcome::missed})).jobs.empty());
}

TEST_CASE_METHOD(fixture, "history: a limit or cursor that is none is refused by name") {
  CHECK(history->query({.limit = 0}).error().field == "limit");
  CHECK(history->query({.limit = history_page_max + 1}).error().field == "limit");
  CHECK(history->query({.cursor = "12x"}).error().field == "cursor");
}

TEST_CASE_METHOD(fixture, "history: applying the same again changes nothing") {
  std::vector<finished_job> jobs{ended(1), ended(2, "t", "s")};
  std::vector<stream_touch> touches{{5, 1}, {5, 2}, {6, 2}};
  for (int round = 0; round < 3; ++round)
    must(history->apply(2, jobs, touches));
  CHECK(ends(must(history->query({}))) == std::vector<position>{2, 1});
  CHECK(must(history->blocks_of(5, 0, 10)) == std::vector<position>{1, 2});
  CHECK(must(history->blocks_of(5, 1, 10)) == std::vector<position>{2});
  CHECK(must(history->blocks_of(5, 0, 1)) == std::vector<position>{1});
  CHECK(must(history->blocks_of(7, 0, 10)).empty());
}

TEST_CASE_METHOD(fixture, "history: a cleared history is rebuilt to the same") {
  std::vector<finished_job> jobs{ended(1), ended(2)};
  std::vector<stream_touch> touches{{5, 1}};
  must(history->apply(2, jobs, touches));
  must(history->clear());
  reopen();
  CHECK(must(history->checkpoint()) == 0);
  CHECK(must(history->query({})).jobs.empty());
  CHECK(must(history->blocks_of(5, 0, 10)).empty());
  CHECK_FALSE(must(history->find(numbered<job_id>(1))).has_value());
  must(history->apply(2, jobs, touches));
  CHECK(ends(must(history->query({}))) == std::vector<position>{2, 1});
  CHECK(must(history->checkpoint()) == 2);
}

TEST_CASE_METHOD(fixture, "history: pruning takes the oldest, from every index") {
  std::vector<finished_job> jobs;
  for (std::uint64_t n = 1; n <= 10; ++n)
    jobs.push_back(ended(n, "t", "s"));
  must(history->apply(10, jobs, {}));
  CHECK(must(history->prune(at_second(8), 4)) == 4);
  CHECK(must(history->prune(at_second(8), 100)) == 3);
  CHECK(must(history->prune(at_second(8), 100)) == 0);
  CHECK(ends(must(history->query({.schedule = schedule_id{"s"}}))) ==
        std::vector<position>{10, 9, 8});
  CHECK_FALSE(must(history->find(numbered<job_id>(7))).has_value());
}
