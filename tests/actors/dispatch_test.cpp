#include "cases.hpp"

#include <algorithm>

using namespace carillon;
using namespace carillon::test;

namespace {

/// Numbers of the jobs that were started, in order.
std::vector<int> started(const actor_fixture& f) {
  std::vector<int> out;
  for (const auto& run : f.runs->started)
    out.push_back(run.job.id.bytes[15]);
  return out;
}

void finish(actor_fixture& f, std::uint64_t n) {
  const auto job = f.job(job_number(n));
  REQUIRE(job);
  f.report({.id = job->id, .fence = job->fence});
  f.run();
}

using numbers = std::vector<int>;

} // namespace

TEST_CASE("dispatch: a job is claimed, and its claim's position is its fence") {
  actor_fixture f;
  f.done(mail_task());
  f.done(one_job());
  CHECK(f.names() == "task_added job_added job_acquired");
  REQUIRE(f.runs->started.size() == 1);
  CHECK(f.runs->started.front().job.fence == 3);
  CHECK(f.runs->started.front().job.attempts == 1);
  CHECK(f.runs->started.front().task->id == mail);
}

TEST_CASE("dispatch: a job added while a worker is free is claimed in the same commit") {
  actor_fixture f;
  f.done(mail_task());
  const auto appends = f.log->appends;
  f.done(one_job());
  CHECK(f.log->appends == appends + 1);
  CHECK(started(f) == numbers{1});
}

TEST_CASE("dispatch: an add that is repeated or refused keeps no slot") {
  actor_fixture f;
  f.done(mail_task(2));
  request_info info;
  info.id.bytes[3] = 9;
  f.done(one_job({}), info);
  f.done(one_job({}), info); // would have another id, and the second of two slots
  f.log->failure = error{errc::no_space, "the disk is full"};
  CHECK_FALSE(f.asked(one_job(job_number(2))));
  f.done(one_job(job_number(3)));
  CHECK(f.runs->started.size() == 2);
}

TEST_CASE("dispatch: jobs over the task's limit wait for a slot, first in, first out") { // TSK-07
  actor_fixture f;
  f.done(mail_task(2));
  for (std::uint64_t n = 1; n <= 4; ++n)
    f.done(one_job(job_number(n)));
  CHECK(started(f) == numbers{1, 2});
  finish(f, 2);
  CHECK(started(f) == numbers{1, 2, 3});
  f.done(mail_task(1));
  finish(f, 1);
  CHECK(started(f) == numbers{1, 2, 3});
  finish(f, 3);
  CHECK(started(f) == numbers{1, 2, 3, 4});
}

TEST_CASE("dispatch: the node's own limit holds over all tasks") { // ENG-05
  fixture_options options;
  options.options.max_concurrent_jobs = 1;
  actor_fixture f{std::move(options)};
  f.done(mail_task(std::nullopt));
  f.done(one_job(job_number(1)));
  f.done(one_job(job_number(2)));
  CHECK(started(f) == numbers{1});
  finish(f, 1);
  CHECK(started(f) == numbers{1, 2});
}

TEST_CASE("dispatch: a node that runs nothing claims nothing") {
  fixture_options options;
  SECTION("no workers") { options.options.max_concurrent_jobs = 0; }
  SECTION("a scheduler only") { options.options.role = node_role::scheduler; }
  SECTION("not started") { options.started = false; }
  actor_fixture f{std::move(options)};
  f.done(mail_task());
  f.done(one_job());
  CHECK(f.names() == "task_added job_added");
}

TEST_CASE("dispatch: a job waits for run_at and is missed after its deadline") {
  actor_fixture f;
  f.done(mail_task(1));
  add_jobs later = one_job(job_number(1));
  later.jobs.front().run_at = day_one + 10s;
  f.done(later);
  CHECK(f.alarm == day_one + 10s);
  f.at(day_one + 9s);
  CHECK(started(f).empty());
  f.at(day_one + 10s);
  CHECK(started(f) == numbers{1});

  add_jobs urgent = one_job(job_number(2));
  urgent.jobs.front().deadline = day_one + 20s;
  f.done(urgent);
  f.at(day_one + 20s);
  CHECK(f.job(job_number(2)));
  f.at(day_one + 20s + duration{1});
  CHECK_FALSE(f.job(job_number(2)));
  const auto last = f.events().back();
  REQUIRE(std::holds_alternative<job_finished>(last));
  CHECK(std::get<job_finished>(last).outcome == job_outcome::missed);
  finish(f, 1);
  CHECK(started(f) == numbers{1});
}

TEST_CASE("dispatch: a task that cannot run here keeps its jobs until it can") { // DEV-5
  actor_fixture f;
  f.runs->has_all = false;
  f.done(mail_task());
  f.done(one_job());
  CHECK(started(f).empty());
  f.runs->has_all = true;
  f.capability_added(mail);
  f.run();
  CHECK(started(f) == numbers{1});
}

TEST_CASE("dispatch: claims that the log refused are made again a second later") {
  actor_fixture f;
  f.runs->has_all = false;
  f.done(mail_task());
  f.done(one_job());
  f.log->before_append = [&f] { f.log->failure = error{errc::no_space, "the disk is full"}; };
  f.runs->has_all = true;
  f.capability_added(mail);
  f.run();
  f.log->before_append = nullptr;
  CHECK(started(f).empty());
  CHECK(f.alarm == day_one + 1s);
  f.at(day_one + 1s);
  CHECK(started(f) == numbers{1});
}

TEST_CASE("dispatch: one job that is cancelled meanwhile does not hold up the others' claims") {
  actor_fixture f;
  f.runs->has_all = false;
  f.done(mail_task(std::nullopt));
  for (std::uint64_t n = 1; n <= 3; ++n)
    f.done(one_job(job_number(n)));
  f.runs->has_all = true;
  f.capability_added(mail);
  const auto cancelled = f.ask(cancel_job{job_number(2)});
  f.run();
  REQUIRE((*cancelled && **cancelled));
  CHECK(f.hash() == f.replayed().hash());
  const auto ran = started(f);
  CHECK(std::count(ran.begin(), ran.end(), 1) == 1);
  CHECK(std::count(ran.begin(), ran.end(), 3) == 1);
}
