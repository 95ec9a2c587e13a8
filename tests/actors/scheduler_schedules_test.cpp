#include "engine_fixture.hpp"

#include <algorithm>

using namespace carillon;
using namespace carillon::test;

namespace {

const task_id echo{"echo"};
const schedule_id tick{"tick"};

/// A client with task `echo`; its handler does nothing.
struct client : engine_fixture {
  client() : engine_fixture{false} {
    task_options many;
    many.max_running_jobs = std::optional<std::uint32_t>{};
    must(engine.register_task(
        echo, [] {}, many));
  }

  answer add(schedule_spec spec) { return must(engine.ask(add_schedule{std::move(spec)})); }
  answer add(coalesce_policy coalesce, std::optional<duration> grace = {}) {
    auto spec = every_minute("tick", "echo");
    spec.coalesce = coalesce;
    spec.misfire_grace_time = grace;
    return add(spec);
  }
  schedule_view seen() { return must(engine.schedule(tick)); }

  /// Starts, waits for `jobs` jobs to end, and gives their fire times in order.
  std::vector<time_point> fire_times(std::size_t jobs) {
    listener events{engine};
    must(engine.start());
    std::vector<time_point> out;
    for (const auto& e : events.wait("job_finished", jobs)) {
      const auto job = must(engine.job(std::get<job_finished>(e.what).id));
      out.push_back(job.scheduled_fire_time.value());
    }
    CHECK(must(engine.jobs()).items.size() == jobs);
    std::sort(out.begin(), out.end());
    return out;
  }

  /// Fates of all fire times so far.
  std::vector<fate> fates() {
    std::vector<fate> out;
    for (const auto& e : log())
      if (const auto* fired = std::get_if<schedule_fired>(&e.what))
        out.insert(out.end(), fired->fates.begin(), fired->fates.end());
    return out;
  }
};

time_point minute(int n) { return day_one + n * 1min; }

} // namespace

TEST_CASE("scheduler: adding a schedule says what it did and when it fires") { // SCH-02, DEV-10
  client f;
  const auto added = f.add(coalesce_policy::latest);
  CHECK(added.what == change::created);
  CHECK(added.id == "tick");
  CHECK(added.next_fire == minute(1));
  CHECK(f.seen().status == schedule_status::active);
  schedule_spec unnamed;
  unnamed.task = echo;
  unnamed.trigger = once_at(minute(5));
  CHECK_FALSE(f.add(unnamed).id.empty());
}

TEST_CASE("scheduler: an id that is taken is kept, replaced, refused or updated") { // SCH-03
  client f;
  f.add(coalesce_policy::latest);
  auto again = f.every_minute("tick", "echo");
  again.trigger = every(1h, minute(7));
  const auto before = f.engine.status().at;
  SECTION("do_nothing keeps the old one and writes nothing") {
    CHECK(f.add(again).what == change::kept);
    CHECK(f.engine.status().at == before);
    CHECK(f.seen().next_fire_time == minute(1));
  }
  SECTION("exception") {
    again.on_conflict = conflict_policy::exception;
    CHECK(refusal(f.engine.ask(add_schedule{again})) == "conflict");
    CHECK(f.engine.status().at == before);
  }
  SECTION("replace starts over") {
    must(f.engine.ask(pause_schedule{tick}));
    again.on_conflict = conflict_policy::replace;
    CHECK(f.add(again).what == change::replaced);
    CHECK(f.seen().next_fire_time == minute(7));
    CHECK(f.seen().status == schedule_status::active);
  }
  SECTION("update keeps the next fire time of an equal trigger, and the pause") { // SCH-09
    f.clock.advance(30s);
    must(f.engine.ask(pause_schedule{tick}));
    auto same = f.every_minute("tick", "echo");
    same.args = to_payload({.args = {1}});
    same.on_conflict = conflict_policy::update;
    CHECK(f.add(same).what == change::updated);
    CHECK(f.seen().next_fire_time == minute(1));
    CHECK(f.seen().status == schedule_status::paused);
  }
}

TEST_CASE("scheduler: an update counts only on the revision that its caller saw") {
  client f;
  f.add(coalesce_policy::latest);
  const auto revision = f.seen().revision;
  update_schedule change{tick, {}, revision};
  change.changes.args = to_payload({.args = {1}});
  must(f.engine.ask(change));
  change.changes.args = to_payload({.args = {2}});
  CHECK(refusal(f.engine.ask(change)) == "conflict");
  CHECK(refusal(f.engine.ask(update_schedule{schedule_id{"gone"}})) == "not_found");
}

TEST_CASE("scheduler: removing what is not there is no error, and jobs stay") { // SCH-08
  client f;
  f.add(coalesce_policy::latest);
  must(f.engine.ask(trigger_schedule{tick}));
  CHECK(must(f.engine.ask(remove_schedule{tick})).what == change::removed);
  CHECK(must(f.engine.ask(remove_schedule{tick})).what == change::none);
  CHECK(refusal(f.engine.schedule(tick)) == "not_found");
  CHECK(must(f.engine.jobs()).items.size() == 1);
}

TEST_CASE("scheduler: after an outage one job stands for all with `latest`") { // PRC-04
  client f;
  f.add(coalesce_policy::latest);
  f.clock.set(minute(10));
  CHECK(f.fire_times(1) == std::vector<time_point>{minute(10)});
  CHECK(f.seen().last_fire_time == minute(10));
  CHECK(f.seen().next_fire_time == minute(11));
}

TEST_CASE("scheduler: after an outage the first fire time gets the job with `earliest`") {
  client f; // PRC-05, SCH-17
  f.add(coalesce_policy::earliest);
  f.clock.set(minute(10));
  CHECK(f.fire_times(1) == std::vector<time_point>{minute(1)});
  CHECK(f.seen().last_fire_time == minute(1));
  CHECK(f.seen().last_due_time == minute(10));
}

TEST_CASE("scheduler: after an outage every fire time gets its job with `all`") { // PRC-06
  client f;
  f.add(coalesce_policy::all);
  f.clock.set(minute(10));
  std::vector<time_point> wanted;
  for (int n = 1; n <= 10; ++n)
    wanted.push_back(minute(n));
  CHECK(f.fire_times(10) == wanted);
}

TEST_CASE("scheduler: fire times past their grace are missed, the others run") { // TSK-08, PRC-11
  client f;
  f.add(coalesce_policy::all, 2min);
  f.clock.set(minute(10));
  CHECK(f.fire_times(3) == std::vector<time_point>{minute(8), minute(9), minute(10)});
  std::uint64_t missed = 0;
  for (const auto& fate : f.fates())
    missed += fate.what == fate_kind::missed ? fate.count : 0;
  CHECK(missed == 7);
}

TEST_CASE("scheduler: the grace of a task is copied when the schedule is added") { // TSK-06
  client f;
  configure_task task{echo};
  task.options.misfire_grace_time = std::optional<duration>{90s};
  must(f.engine.ask(task));
  f.add(f.every_minute("tick", "echo"));
  task.options.misfire_grace_time = std::optional<duration>{5s};
  must(f.engine.ask(task));
  CHECK(f.seen().settings.misfire_grace_time == duration{90s});
}

TEST_CASE("scheduler: a fire with jitter waits until its own time") { // PRC-08, DEV-16
  client f;
  auto spec = f.every_minute("tick", "echo");
  spec.max_jitter = 30s;
  f.add(spec);
  must(f.engine.start());
  listener events{f.engine};
  f.clock.set(minute(1));
  const auto added = std::get<job_added>(events.wait("job_added").front().what);
  CHECK(added.fire_time == minute(1));
  CHECK(added.jitter > 0s);
  CHECK(added.jitter <= 30s);
  CHECK(added.run_at == minute(1) + added.jitter);
  CHECK(must(f.engine.job(added.id)).status == job_status::queued);
  f.clock.set(minute(1) + added.jitter);
  CHECK(must(f.engine.result(added.id, patience)).outcome == job_outcome::success);
}

TEST_CASE("scheduler: a paused schedule rests; what was missed is settled when it resumes") {
  client f; // SCH-10, SCH-12
  auto spec = f.every_minute("tick", "echo");
  spec.paused = true; // SCH-16
  spec.coalesce = coalesce_policy::all;
  f.add(spec);
  CHECK(f.seen().status == schedule_status::paused);
  must(f.engine.start());
  f.clock.set(minute(5));
  listener events{f.engine};
  SECTION("from the next fire time: all that was missed") {
    must(f.engine.ask(resume_schedule{tick}));
    events.wait("job_finished", 5);
    CHECK(f.seen().next_fire_time == minute(6));
  }
  SECTION("from now: what is due now, nothing older") {
    must(f.engine.ask(resume_schedule{tick, resume_schedule::from::now}));
    events.wait("job_finished", 1);
    CHECK(f.seen().last_fire_time == minute(5));
  }
  SECTION("from an instant: nothing before it") {
    must(f.engine.ask(resume_schedule{tick, resume_schedule::from::instant, minute(9)}));
    CHECK(f.seen().next_fire_time == minute(9));
    CHECK(f.count("job_added") == 0);
  }
}

TEST_CASE("scheduler: pausing twice and resuming what is not paused write nothing") { // SCH-15
  client f;
  f.add(coalesce_policy::latest);
  must(f.engine.ask(resume_schedule{tick}));
  must(f.engine.ask(pause_schedule{tick}));
  must(f.engine.ask(pause_schedule{tick}));
  CHECK(f.count("schedule_paused") == 1);
  CHECK(f.count("schedule_resumed") == 0);
  CHECK(refusal(f.engine.ask(pause_schedule{schedule_id{"gone"}})) == "not_found");
}

TEST_CASE("scheduler: run now makes a job and leaves the next fire time alone") { // TIM-07
  client f;
  auto spec = f.every_minute("tick", "echo");
  spec.meta = {{"team", "\"ops\""}};
  f.add(spec);
  must(f.engine.start());
  const auto ran = must(f.engine.ask(trigger_schedule{tick}));
  REQUIRE(ran.jobs.size() == 1);
  const auto result = must(f.engine.result(ran.jobs.front(), patience));
  CHECK(result.outcome == job_outcome::success);
  CHECK(must(f.engine.job(result.id)).meta == spec.meta); // JOB-14
  CHECK(f.seen().next_fire_time == minute(1));
}

TEST_CASE("scheduler: a finished schedule stays until clean_up, and until its jobs are done") {
  client f; // DAT-02, LSE-05
  auto shot = f.every_minute("tick", "echo");
  shot.trigger = once_at(day_one - 1h); // past: fires at once
  f.add(shot);
  CHECK(f.fire_times(1) == std::vector<time_point>{day_one - 1h});
  CHECK(f.seen().status == schedule_status::finished);
  must(f.engine.ask(clean_up{}));
  CHECK(refusal(f.engine.schedule(tick)) == "not_found");
  bool was_finished = false;
  for (const auto& e : f.log())
    if (const auto* removed = std::get_if<schedule_removed>(&e.what))
      was_finished = removed->finished;
  CHECK(was_finished);
}

TEST_CASE("scheduler: a trigger that breaks faults its schedule and nothing else") { // DEV-3
  client f;
  auto broken = f.every_minute("broken", "echo");
  all_of never;
  never.triggers = {every(2s, day_one), every(2s, day_one + 1s)};
  never.threshold = 0s;
  never.iterations_max = 100;
  broken.trigger = {.kind = never};
  const auto refused = f.engine.ask(add_schedule{broken});
  if (refused)
    CHECK(must(f.engine.schedule(schedule_id{"broken"})).status == schedule_status::error);
  else
    CHECK(refused.error().code == errc::limit_exceeded);
  f.add(coalesce_policy::latest);
  f.clock.set(minute(1));
  CHECK(f.fire_times(1) == std::vector<time_point>{minute(1)});
}

TEST_CASE("scheduler: many schedules are listed by id, page by page") { // SCH-07
  client f;
  for (int n = 10; n < 60; ++n)
    f.add(f.every_minute("s" + std::to_string(n), "echo"));
  std::vector<std::string> seen;
  for (page_request request{.limit = 7};;) {
    const auto found = must(f.engine.schedules(request));
    for (const auto& schedule : found.items)
      seen.push_back(schedule.id.value);
    if (found.next.empty())
      break;
    request.cursor = found.next;
  }
  CHECK(seen.size() == 50);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(refusal(f.engine.schedules({.limit = 0})) == "invalid_argument");
}

TEST_CASE("scheduler: every, cron and at are one line each") {
  client f;
  must(f.engine.every("often", 10s, [] {}));
  must(f.engine.cron(
      "nightly", "30 2 * * *", [] {}, "Europe/Berlin"));
  must(f.engine.at("once", minute(3), [] {}));
  CHECK(must(f.engine.schedule(schedule_id{"often"})).next_fire_time == day_one);
  CHECK(must(f.engine.schedule(schedule_id{"nightly"})).next_fire_time == day_one + 90min);
  CHECK(must(f.engine.schedule(schedule_id{"once"})).next_fire_time == minute(3));
  CHECK(refusal(f.engine.cron("bad", "61 * * * *", [] {})) == "invalid_argument");
}
