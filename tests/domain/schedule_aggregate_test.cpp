#include "domain/schedule_aggregate.hpp"

#include "schedule_cases.hpp"

using namespace carillon;
using namespace carillon::test;
using domain::fire_schedule;

TEST_CASE("schedule_aggregate: a new schedule stands at its trigger's first fire time") {
  auto s = given({});
  s.when(add_schedule{minutely()}, task_settings{}).then({added()});
  CHECK(s.reply().what == change::created);
  CHECK(s.reply().id == "tick");
  CHECK(s.reply().next_fire == day_one);
  CHECK(s.state()->incarnation == 1);
  CHECK(s.state()->created_at == day_one);
}

TEST_CASE("schedule_aggregate: a trigger without a start begins when it is added") {
  auto spec = minutely();
  spec.trigger = {.kind = interval{.every = 1min}};
  auto s = given({});
  s.at(day_one + 7s).when(add_schedule{spec}, task_settings{}).then_accepted();
  CHECK(s.state()->next_fire == day_one + 7s);
  CHECK(s.state()->settings.trigger.start_time == when{.at = day_one + 7s});
}

TEST_CASE("schedule_aggregate: a schedule copies grace and metadata from its task when added") {
  task_settings task;
  task.misfire_grace_time = 9s;
  task.meta = {{"team", "\"ops\""}, {"tier", "1"}};
  auto spec = minutely();
  spec.meta = {{"tier", "2"}};
  auto s = given({});
  s.when(add_schedule{spec}, task).then_accepted();
  CHECK(s.state()->settings.misfire_grace_time == 9s);
  CHECK(s.state()->settings.meta == metadata{{"team", "\"ops\""}, {"tier", "2"}});

  spec.misfire_grace_time = std::optional<duration>{};
  auto none = given({});
  none.when(add_schedule{spec}, task).then_accepted();
  CHECK_FALSE(none.state()->settings.misfire_grace_time.has_value());
}

TEST_CASE("schedule_aggregate: bad input is refused with its field, even when the id is taken") {
  const auto refused = [](const schedule_spec& spec, const std::string& field) {
    given({}).when(add_schedule{spec}, task_settings{}).refused(errc::invalid_argument, field);
    given({added()})
        .when(add_schedule{spec}, task_settings{})
        .refused(errc::invalid_argument, field);
  };
  auto spec = minutely();
  spec.id = schedule_id{"a b"};
  refused(spec, "id");
  spec = minutely();
  spec.task = task_id{};
  refused(spec, "task");
  spec = minutely();
  spec.misfire_grace_time = -1s;
  refused(spec, "misfire_grace_time");
  spec = minutely();
  spec.max_jitter = -1us;
  refused(spec, "max_jitter");
  spec = minutely();
  spec.result_expiration = -1s;
  refused(spec, "job_result_expiration_time");
  spec = minutely();
  spec.executor = "a b";
  refused(spec, "executor");
  spec = minutely();
  spec.meta = {{"k", "]"}};
  refused(spec, "metadata.k");
  spec = minutely();
  spec.trigger = every(0s);
  given({}).when(add_schedule{spec}, task_settings{}).refused(errc::invalid_argument);
  CHECK_FALSE(given({}).when(add_schedule{spec}, task_settings{}).state());
}

TEST_CASE("schedule_aggregate: a trigger that never fires is kept until clean-up") {
  auto spec = minutely();
  spec.trigger = {.kind = any_of{}};
  auto s = given({});
  s.when(add_schedule{spec}, task_settings{}).then_accepted();
  CHECK_FALSE(s.state()->next_fire.has_value());
  s.when(clean_up{}).then({schedule_removed{.id = tick, .finished = true}});
}

TEST_CASE("schedule_aggregate: by default an id that is taken keeps the old schedule") {
  auto s = given({added()});
  s.at(day_one + 5min).when(add_schedule{minutely()}, task_settings{}).nothing();
  CHECK(s.reply().what == change::kept);
  CHECK(s.reply().next_fire == day_one);
}

TEST_CASE("schedule_aggregate: an id that is taken is a conflict where the user asks for one") {
  auto spec = minutely();
  spec.on_conflict = conflict_policy::exception;
  given({added()}).when(add_schedule{spec}, task_settings{}).refused(errc::conflict, "id");
}

TEST_CASE("schedule_aggregate: a strict schedule refuses a trigger that never fires (SCH-06)") {
  auto spec = minutely();
  cron never;
  never.month = "2";
  never.day = "30";
  spec.trigger = {never};
  auto finished = given({});
  finished.when(add_schedule{spec}, task_settings{});
  CHECK(finished.reply().what == change::created);
  CHECK_FALSE(finished.reply().next_fire);
  spec.strict = true;
  given({}).when(add_schedule{spec}, task_settings{}).refused(errc::invalid_argument, "trigger");
  spec.trigger = every(1min);
  auto good = given({});
  good.when(add_schedule{spec}, task_settings{});
  CHECK(good.reply().what == change::created);
}

TEST_CASE("schedule_aggregate: replacing settles what is due, then starts the trigger over") {
  auto spec = minutely();
  spec.on_conflict = conflict_policy::replace;
  spec.trigger = every(1h, day_one + 1h);
  spec.paused = true;
  auto s = given({added()});
  const auto updated = schedule_updated{.id = tick,
                                        .settings = settings_with(resolved(spec.trigger)),
                                        .paused = true,
                                        .trigger_reset = true,
                                        .next_fire = day_one + 1h,
                                        .cursor = {.last = day_one + 1h}};
  s.at(day_one + 30s)
      .when(add_schedule{spec}, task_settings{})
      .then({fired({made(day_one)}, day_one + 1min), fire_job(day_one), updated});
  CHECK(s.reply().what == change::replaced);
  CHECK(s.reply().next_fire == day_one + 1h);
  CHECK(s.state()->incarnation == 4);
  CHECK_FALSE(s.state()->last_fire_time.has_value());
  CHECK(s.state()->last_due_time == day_one);
}

TEST_CASE("schedule_aggregate: update keeps the next fire time when the trigger is equal") {
  auto spec = minutely();
  spec.on_conflict = conflict_policy::update;
  spec.trigger.start_time.reset();
  spec.coalesce = coalesce_policy::all;
  auto s = given({added(), fired({made(day_one)}, day_one + 1min)});
  auto settings = settings_with(resolved(every(1min)));
  settings.coalesce = coalesce_policy::all;
  s.at(day_one + 30s)
      .when(add_schedule{spec}, task_settings{})
      .then({schedule_updated{.id = tick,
                              .settings = settings,
                              .next_fire = day_one + 1min,
                              .cursor = {.last = day_one + 1min}}});
  CHECK(s.reply().what == change::updated);
  CHECK(s.state()->incarnation == 1);
  CHECK(s.state()->last_fire_time == day_one);
}

TEST_CASE("schedule_aggregate: adding the same schedule a hundred times changes nothing") {
  const auto cron_of = [](std::string minute) {
    cron fields;
    fields.minute = std::move(minute);
    return trigger_spec{.kind = std::move(fields)};
  };
  calendar_interval daily;
  daily.days = 1;
  const trigger_spec forms[] = {
      {.kind = interval{.every = 90s}},
      cron_of("*/5"),
      {.kind = daily},
      {.kind = any_of{.triggers = {cron_of("7"), {.kind = interval{.every = 1h}}}}},
      once_at(day_one + 1h),
  };
  for (const auto& form : forms) {
    auto spec = minutely();
    spec.trigger = form;
    spec.on_conflict = conflict_policy::update;
    auto s = given({});
    s.when(add_schedule{spec}, task_settings{}).then_accepted();
    const auto next_fire = s.state()->next_fire;
    for (int i = 1; i <= 100; ++i) {
      s.at(day_one + i * 200ms).when(fire_schedule{tick}).then_accepted();
      const auto before = s.state()->next_fire;
      s.when(add_schedule{spec}, task_settings{}).nothing();
      CHECK(s.reply().what == change::kept);
      CHECK(s.state()->next_fire == before);
    }
    CHECK(next_fire.has_value());
  }
}

TEST_CASE("schedule_aggregate: update with another trigger starts over") {
  auto spec = minutely();
  spec.on_conflict = conflict_policy::update;
  spec.trigger = every(2min);
  auto s = given({added()});
  s.at(day_one - 1s).when(add_schedule{spec}, task_settings{}).then_accepted();
  CHECK(s.reply().what == change::updated);
  CHECK(s.state()->incarnation == 2);
}

TEST_CASE("schedule_aggregate: adding with update does not undo a pause") {
  auto spec = minutely();
  spec.on_conflict = conflict_policy::update;
  auto s = given({added(), schedule_paused{tick}});
  s.when(add_schedule{spec}, task_settings{}).nothing();
  spec.coalesce = coalesce_policy::all;
  s.when(add_schedule{spec}, task_settings{}).then_accepted();
  CHECK(s.state()->paused);
}

TEST_CASE("schedule_aggregate: changes touch only what they name") {
  auto s = given({added()});
  schedule_changes changes;
  changes.max_jitter = std::optional<duration>{3s};
  changes.meta = metadata{{"k", "1"}};
  task_settings task;
  task.meta = {{"team", "\"ops\""}};
  s.at(day_one - 1s).when(update_schedule{tick, changes}, task).then_accepted();
  CHECK(s.reply().what == change::updated);
  schedule_settings wanted = added().settings;
  wanted.max_jitter = 3s;
  wanted.meta = {{"k", "1"}, {"team", "\"ops\""}};
  CHECK((s.state()->settings == wanted));
  CHECK(s.state()->next_fire == day_one);
  s.when(update_schedule{tick, changes}, task).nothing();
}

TEST_CASE(
    "schedule_aggregate: a change is refused when the schedule moved on or the value is bad") {
  schedule_changes changes;
  changes.coalesce = coalesce_policy::all;
  given({}).when(update_schedule{tick, changes}, task_settings{}).refused(errc::not_found, "id");
  given({added()})
      .when(update_schedule{tick, changes, 7}, task_settings{})
      .refused(errc::conflict, "revision");
  given({added()})
      .at(day_one - 1s)
      .when(update_schedule{tick, changes, 1}, task_settings{})
      .then_accepted();
  changes.max_jitter = std::optional<duration>{-1s};
  given({added()})
      .when(update_schedule{tick, changes}, task_settings{})
      .refused(errc::invalid_argument, "max_jitter");
  changes = {};
  changes.trigger = every(-1s);
  given({added()})
      .when(update_schedule{tick, changes}, task_settings{})
      .refused(errc::invalid_argument);
}

TEST_CASE("schedule_aggregate: what was due before a change runs under the old settings") {
  schedule_changes changes;
  changes.args = payload{.text = R"({"args":[2]})"};
  auto s = given({added()});
  s.at(day_one).when(update_schedule{tick, changes}, task_settings{});
  const auto& events = s.accepted().events;
  REQUIRE(events.size() == 3);
  CHECK(std::get<job_added>(events[1]).args.empty());
  CHECK(std::get<schedule_updated>(events[2]).settings->args == *changes.args);
}

TEST_CASE("schedule_aggregate: removing settles what is due and leaves the jobs alone") {
  auto s = given({added()});
  s.at(day_one + 10s)
      .when(remove_schedule{tick})
      .then({fired({made(day_one)}, day_one + 1min), fire_job(day_one),
             schedule_removed{.id = tick}});
  CHECK(s.reply().what == change::removed);
  CHECK(s.state() == nullptr);
  s.when(remove_schedule{tick}).nothing();
  CHECK(s.reply().what == change::none);
}

TEST_CASE("schedule_aggregate: run now adds a job without moving the schedule") {
  auto settings = added();
  settings.settings->misfire_grace_time = 5s;
  settings.settings->max_jitter = 5s;
  for (const bool paused : {false, true}) {
    settings.paused = paused;
    auto s = given({settings});
    s.at(day_one - 5s)
        .when(trigger_schedule{tick}, job_number(9))
        .then({job_added{.id = job_number(9), .task = beat, .schedule = tick}});
    CHECK(s.reply().jobs == std::vector{job_number(9)});
    CHECK(s.state()->next_fire == day_one);
    CHECK(s.state()->open_jobs == 1);
    CHECK(s.state()->last_job == job_number(9));
  }
  given({}).when(trigger_schedule{tick}, job_number(9)).refused(errc::not_found);
}

TEST_CASE("schedule_aggregate: clean-up takes finished schedules without jobs only") {
  const job_finished done{.id = job_number(9), .task = beat, .schedule = tick};
  auto once = added();
  once.settings->trigger = resolved(once_at(day_one));
  auto s = given({once});
  s.at(day_one).when(clean_up{}).nothing();
  s.when(fire_schedule{tick}).then_accepted();
  CHECK_FALSE(s.state()->next_fire.has_value());
  s.when(clean_up{}).nothing();
  s.and_given({done}).when(clean_up{}).then({schedule_removed{.id = tick, .finished = true}});
  given({added(), schedule_fired{.id = tick}, schedule_faulted{tick, "broken"}})
      .when(clean_up{})
      .nothing();
}

TEST_CASE("schedule_aggregate: a schedule shows what became of its jobs") {
  auto s = given({added()});
  s.at(day_one).when(fire_schedule{tick}).then_accepted();
  CHECK(s.state()->open_jobs == 1);
  CHECK(s.state()->last_fire_time == day_one);
  CHECK(s.state()->last_due_time == day_one);
  job_finished end{.id = s.state()->last_job, .task = beat, .schedule = tick};
  end.started_at = day_one + 1s;
  end.finished_at = day_one + 2s;
  s.and_given({end});
  CHECK(s.state()->open_jobs == 0);
  CHECK(s.state()->last_started_at == day_one + 1s);
  CHECK(s.state()->last_outcome == job_outcome::success);
  CHECK(s.state()->last_success_at == day_one + 2s);
  end.outcome = job_outcome::error;
  s.and_given({end});
  CHECK(s.state()->open_jobs == 0);
  CHECK(s.state()->last_outcome == job_outcome::error);
  CHECK(s.state()->last_success_at == day_one + 2s);
}
