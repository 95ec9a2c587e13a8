#include "cases.hpp"

#include <algorithm>

using namespace carillon;
using namespace carillon::test;

namespace {

const job_id first = job_number(1);

/// A node on which job 1 of task `mail` runs under fence 3.
struct running_node : actor_fixture {
  explicit running_node(lease_lost_policy policy = lease_lost_policy::retry) {
    auto task = mail_task();
    task.options.on_lease_lost = policy;
    done(task);
    done(one_job());
    REQUIRE(runs->started.size() == 1);
  }

  job_finished ending() const {
    for (const auto& e : events())
      if (const auto* end = std::get_if<job_finished>(&e))
        return *end;
    FAIL("no job_finished");
    return {};
  }
};

constexpr position fence = 3;

/// A log in which job 1 ran when its process ended.
std::vector<event> crashed_history(lease_lost_policy policy) {
  task_settings settings;
  settings.on_lease_lost = policy;
  return {task_added{mail, settings}, job_added{.id = first, .task = mail},
          job_acquired{first, node_id{"n1"}}};
}

} // namespace

TEST_CASE("job_actor: a report ends the job, and its executor may forget the run") {
  running_node f;
  f.report({.id = first, .fence = fence, .outcome = job_outcome::success});
  f.run();
  CHECK(f.ending().outcome == job_outcome::success);
  CHECK(f.ending().fence == fence);
  CHECK(f.runs->settled_runs == std::vector<position>{fence});
  CHECK_FALSE(f.job(first));
}

TEST_CASE("job_actor: reports that wait together end in one commit") {
  actor_fixture f;
  f.done(mail_task(std::nullopt));
  for (std::uint64_t n = 1; n <= 10; ++n)
    f.done(one_job(job_number(n)));
  const auto before = f.log->appends;
  for (const auto& run : f.runs->started)
    f.report({.id = run.job.id, .fence = run.job.fence});
  f.run();
  CHECK(f.log->appends == before + 1);
  CHECK(f.replayed().jobs.front().size() == 0);
}

TEST_CASE("job_actor: a report of an old claim changes nothing") { // DEV-24
  running_node f;
  f.report({.id = first, .fence = fence - 1});
  f.report({.id = job_number(77), .fence = 9});
  f.run();
  CHECK(f.names() == "task_added job_added job_acquired");
  CHECK(f.runs->settled_runs == std::vector<position>{fence - 1, 9});
}

TEST_CASE("job_actor: cancelling a running job asks its executor, and its end is `cancelled`") {
  running_node f;
  f.done(cancel_job{first, "no more"});
  CHECK(f.runs->cancelled == std::vector<position>{fence});
  f.done(cancel_job{first, "again"});
  CHECK(f.runs->cancelled.size() == 1);
  f.report({.id = first, .fence = fence, .outcome = job_outcome::error});
  f.run();
  CHECK(f.ending().outcome == job_outcome::cancelled);
  CHECK_FALSE(f.asked(cancel_job{first}));
}

TEST_CASE("job_actor: cancelling a queued job ends it at once") {
  running_node f;
  f.done(one_job(job_number(2)));
  f.done(cancel_job{job_number(2), "no more"});
  CHECK(f.ending().id == job_number(2));
  CHECK(f.ending().outcome == job_outcome::cancelled);
  CHECK(f.ending().fence == 0);
}

TEST_CASE("job_actor: of a cancel and an end decided on one state exactly one wins") {
  running_node f;
  SECTION("the end is written first, the cancel finds nothing") {
    f.report({.id = first, .fence = fence});
    const auto cancel = f.ask(cancel_job{first});
    f.run();
    REQUIRE(*cancel);
    CHECK_FALSE(**cancel);
    CHECK(f.ending().outcome == job_outcome::success);
  }
  SECTION("the cancel is decided first; the end goes first all the same") {
    const auto cancel = f.ask(cancel_job{first});
    f.report({.id = first, .fence = fence});
    f.run();
    REQUIRE(*cancel);
    CHECK(f.ending().outcome == job_outcome::success);
  }
  const auto events = f.events();
  CHECK(std::count_if(events.begin(), events.end(),
                      [](const event& e) { return std::holds_alternative<job_finished>(e); }) == 1);
  CHECK(std::holds_alternative<job_finished>(events.back()));
}

TEST_CASE("job_actor: a conflict over one ending does not lose the others in its commit") {
  actor_fixture f;
  f.done(mail_task(std::nullopt));
  for (std::uint64_t n = 1; n <= 3; ++n)
    f.done(one_job(job_number(n)));
  // The cancel of job 2 is in the log before the endings are decided on newer state.
  stores::commit other;
  other.id.bytes[0] = 7;
  other.events.push_back(job_cancel_requested{job_number(2), "elsewhere"});
  f.append(actors::lane::finish, {other});
  f.run_one([](std::size_t count) { return count - 1; });
  for (const auto& run : f.runs->started)
    f.report({.id = run.job.id, .fence = run.job.fence, .outcome = job_outcome::error});
  f.run();
  CHECK(f.node->counts.conflicts == 1);
  std::size_t cancelled = 0;
  std::size_t failed = 0;
  for (const auto& e : f.events())
    if (const auto* end = std::get_if<job_finished>(&e)) {
      cancelled += end->outcome == job_outcome::cancelled;
      failed += end->outcome == job_outcome::error;
    }
  CHECK(cancelled == 1);
  CHECK(failed == 2);
}

TEST_CASE("job_actor: endings that the log refused are offered again a second later") {
  running_node f;
  f.log->failure = error{errc::no_space, "the disk is full"};
  f.report({.id = first, .fence = fence});
  f.run();
  CHECK(f.job(first));
  f.run_timers();
  CHECK_FALSE(f.job(first));
  CHECK(f.ending().outcome == job_outcome::success);
}

TEST_CASE("job_actor: a run that no process has any more is lost and tried again") { // LSE-04
  actor_fixture f{{.history = crashed_history(lease_lost_policy::retry)}};
  f.adopt({});
  f.run();
  CHECK(f.names(4) == "lease_lost job_acquired");
  REQUIRE(f.runs->started.size() == 1);
  CHECK(f.runs->started.front().job.attempts == 2);
  f.report({.id = first, .fence = 3}); // the dead process speaks up after all
  f.run();
  CHECK(f.job(first));
}

TEST_CASE("job_actor: a claim that never became a process is given back, not lost") {
  actor_fixture f{{.history = crashed_history(lease_lost_policy::retry)}};
  f.runs->outlives = true;
  f.adopt({});
  f.run();
  CHECK(f.names(4) == "job_released job_acquired");
}

TEST_CASE("job_actor: where it must not run twice, a claim without a process is lost") {
  actor_fixture f{{.history = crashed_history(lease_lost_policy::fail)}};
  f.runs->outlives = true;
  f.adopt({});
  f.run();
  CHECK(f.names(4) == "lease_lost job_finished");
}

TEST_CASE("job_actor: what is left of an older run does not hide the run that is alive") {
  actor_fixture f{{.history = crashed_history(lease_lost_policy::retry)}};
  f.adopt({{first, 2}, {first, 3}});
  f.run();
  CHECK(f.names(4).empty());
  CHECK(f.runs->cancelled == std::vector<position>{2});
}

TEST_CASE("job_actor: a lost run of a task that wants no retry ends as abandoned") { // DEV-23
  actor_fixture f{{.history = crashed_history(lease_lost_policy::fail)}};
  f.adopt({});
  f.run();
  CHECK(f.names(4) == "lease_lost job_finished");
  CHECK(std::get<job_finished>(f.events().back()).outcome == job_outcome::abandoned);
  CHECK(f.runs->started.empty());
}

TEST_CASE("job_actor: a run that is still alive is adopted, and its report counts") {
  actor_fixture f{{.history = crashed_history(lease_lost_policy::fail)}};
  f.adopt({{first, 3}});
  f.run();
  CHECK(f.names(4).empty());
  f.report({.id = first, .fence = 3});
  f.run();
  CHECK(f.names(4) == "job_finished");
}

TEST_CASE("job_actor: a living run whose claim is not current is told to stop") {
  auto history = crashed_history(lease_lost_policy::retry);
  history.push_back(lease_lost{first, 3});
  actor_fixture f{{.history = std::move(history)}};
  f.adopt({{first, 3}});
  f.run();
  CHECK(f.runs->cancelled == std::vector<position>{3});
}

TEST_CASE("job_actor: what was claimed and not begun is given back and waits again") { // REL-10
  running_node f;
  f.node->draining = true;
  f.give_back({{first, fence}});
  f.run();
  CHECK(f.names(4) == "job_released");
  REQUIRE(f.job(first));
  CHECK(f.job(first)->status == job_status::queued);
  CHECK(f.job(first)->losses == 0);
}

TEST_CASE("job_actor: a watcher hears of the end, at once if it has come") {
  running_node f;
  int heard = 0;
  f.watch(first, [&] { ++heard; });
  f.run();
  CHECK(heard == 0);
  f.report({.id = first, .fence = fence});
  f.run();
  CHECK(heard == 1);
  f.watch(first, [&] { ++heard; });
  f.run();
  CHECK(heard == 2);
}

TEST_CASE("job_actor: jobs are added all or not at all") { // JOB-03
  actor_fixture f;
  f.done(mail_task());
  add_jobs command;
  command.jobs = {job_spec{.task = mail}, job_spec{.task = task_id{"unknown"}}};
  const auto refused = f.asked(command);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::not_found);
  CHECK(refused.error().field == "jobs[1].task");
  CHECK(f.names() == "task_added");
}

TEST_CASE("job_actor: a job's metadata are laid over its task's") { // TSK-09
  actor_fixture f;
  auto task = mail_task();
  task.options.meta = metadata{{"a", "1"}, {"b", "1"}};
  f.done(task);
  auto command = one_job();
  command.jobs.front().meta = {{"b", "2"}};
  f.done(command);
  CHECK(f.job(first)->meta == metadata{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("job_actor: the id of a job that is there is refused") {
  running_node f;
  const auto again = f.asked(one_job(first));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::conflict);
  CHECK(f.names() == "task_added job_added job_acquired");
}
