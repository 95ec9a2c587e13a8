#include "cases.hpp"

using namespace carillon;
using namespace carillon::test;

TEST_CASE("trigger_actor: the earliest wake sets the alarm, whoever asked") {
  actor_fixture f{{.owners = 2}};
  f.wake_at(0, day_one + 10s);
  f.run();
  CHECK(f.alarm == day_one + 10s);
  f.wake_at(2, day_one + 5s); // the dispatcher
  f.run();
  CHECK(f.alarm == day_one + 5s);
  f.wake_at(1, day_one + 7s);
  f.run();
  CHECK(f.alarm == day_one + 5s);
  f.wake_at(2, std::nullopt);
  f.run();
  CHECK(f.alarm == day_one + 7s);
  f.wake_at(0, std::nullopt);
  f.wake_at(1, std::nullopt);
  f.run();
  CHECK_FALSE(f.alarm);
}

TEST_CASE("trigger_actor: an alarm that comes early wakes nobody and is set again") {
  actor_fixture f;
  f.done(mail_task());
  f.done(every_minute());
  CHECK(f.alarm == day_one + 1min);
  f.alarm.reset();
  f.clock.set(day_one + 59s);
  f.ring();
  f.run();
  CHECK(f.alarm == day_one + 1min);
  CHECK(f.names(1) == "task_added schedule_added");
}

TEST_CASE("trigger_actor: schedules of all owners fire at one alarm") {
  actor_fixture f{{.owners = 2}};
  f.done(mail_task(std::nullopt));
  for (const auto* id : {"a", "b", "c", "d", "e"})
    f.done(every_minute(schedule_id{id}));
  f.at(day_one + 1min);
  CHECK(f.runs->started.size() == 5);
  CHECK(f.alarm == day_one + 2min);
}

TEST_CASE("trigger_actor: with nothing to wait for the alarm rests") {
  actor_fixture f;
  f.done(mail_task());
  CHECK_FALSE(f.alarm);
  auto paused = every_minute();
  paused.spec.paused = true;
  f.done(paused);
  CHECK_FALSE(f.alarm);
}
