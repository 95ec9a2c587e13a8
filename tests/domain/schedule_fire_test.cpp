#include "domain/settle.hpp"
#include "schedule_cases.hpp"

#include <set>

using namespace carillon;
using namespace carillon::test;
using domain::derived_jitter;
using domain::derived_job_id;
using domain::fire_schedule;
using domain::stable_jitter;

namespace {

/// `added` with other settings.
schedule_added added_with(coalesce_policy coalesce, std::optional<duration> grace = {},
                          std::optional<duration> jitter = {}) {
  auto e = added();
  e.settings->coalesce = coalesce;
  e.settings->misfire_grace_time = grace;
  e.settings->max_jitter = jitter;
  return e;
}

/// Fires at day_one; after that the search for a common fire time gives up.
schedule_added breaking() {
  auto e = added();
  e.settings->trigger = resolved({.kind = all_of{
                                     .triggers = {every(2s), every(2s, day_one + 1s)},
                                     .threshold = 0s,
                                     .iterations_max = 10,
                                 }});
  e.cursor = {.last = day_one, .children = {{}, {}}};
  return e;
}

} // namespace

TEST_CASE("schedule_fire: a fire time is due when it is reached, not before") {
  given({added()}).at(day_one - 1us).when(fire_schedule{tick}).nothing();
  auto s = given({added()});
  s.at(day_one)
      .when(fire_schedule{tick})
      .then({fired({made(day_one)}, day_one + 1min), fire_job(day_one)});
  CHECK(s.reply().jobs == std::vector{derived_job_id(tick, 1, day_one)});
  CHECK_FALSE(s.accepted().more);
  s.when(fire_schedule{tick}).nothing();
}

TEST_CASE("schedule_fire: a commit waits for the last fire time that it settles") {
  CHECK_FALSE(domain::settled_until({job_added{}, schedule_paused{}}));
  CHECK_FALSE(domain::settled_until({schedule_resumed{.id = tick, .fates = {made(day_one)}}}));
  auto late = made(day_one);
  late.last = day_one + 3min;
  CHECK(domain::settled_until({fired({made(day_one), late}, day_one + 4min), job_added{}}) ==
        day_one + 3min);
}

TEST_CASE("schedule_fire: a job carries what its schedule says at the fire time") {
  auto e = added_with(coalesce_policy::latest, 30s);
  e.settings->args.text = R"({"args":[1]})";
  e.settings->executor = "threads";
  e.settings->result_expiration = 60s;
  e.settings->meta = {{"k", "1"}};
  auto wanted = fire_job(day_one);
  wanted.args = e.settings->args;
  wanted.executor = "threads";
  wanted.result_expiration = 60s;
  wanted.meta = e.settings->meta;
  wanted.deadline = day_one + 30s;
  given({e})
      .at(day_one + 1s)
      .when(fire_schedule{tick})
      .then({fired({made(day_one)}, day_one + 1min), wanted});
}

TEST_CASE("schedule_fire: latest makes one job for the last due fire time") {
  const auto last = day_one + 3min;
  auto s = given({added()});
  s.at(last + 1s)
      .when(fire_schedule{tick})
      .then({fired({coalesced(day_one, day_one + 2min, 3, last), made(last)}, day_one + 4min),
             fire_job(last)});
  CHECK(s.state()->last_fire_time == last);
  CHECK(s.state()->last_due_time == last);
}

TEST_CASE("schedule_fire: earliest makes one job for the first due fire time") {
  const auto last = day_one + 3min;
  auto s = given({added_with(coalesce_policy::earliest)});
  s.at(last)
      .when(fire_schedule{tick})
      .then({fired({made(day_one), coalesced(day_one + 1min, last, 3, day_one)}, day_one + 4min),
             fire_job(day_one)});
  CHECK(s.state()->last_fire_time == day_one);
  CHECK(s.state()->last_due_time == last);
}

TEST_CASE("schedule_fire: all makes a job for each due fire time, a bounded number at a time") {
  auto s = given({added_with(coalesce_policy::all)});
  s.at(day_one + 2min)
      .when(fire_schedule{tick})
      .then({fired({made(day_one, day_one + 2min, 3)}, day_one + 3min), fire_job(day_one),
             fire_job(day_one + 1min), fire_job(day_one + 2min)});

  s.at(day_one + 1503min).when(fire_schedule{tick}).then_accepted();
  CHECK(s.accepted().events.size() == 1001);
  CHECK(s.accepted().more);
  s.when(fire_schedule{tick}).then_accepted();
  CHECK(s.accepted().events.size() == 502);
  CHECK_FALSE(s.accepted().more);
  CHECK(s.state()->open_jobs == 1504);
}

TEST_CASE("schedule_fire: an hour's outage at one second makes 3600, 1 or 1 jobs") {
  const auto jobs_of = [](coalesce_policy coalesce) {
    auto e = added_with(coalesce);
    e.settings->trigger = resolved(every(1s, day_one));
    auto s = given({e});
    s.at(day_one + 1h - 1us);
    do
      s.when(fire_schedule{tick}).then_accepted();
    while (s.accepted().more);
    return s.state()->open_jobs;
  };
  CHECK(jobs_of(coalesce_policy::all) == 3600);
  CHECK(jobs_of(coalesce_policy::latest) == 1);
  CHECK(jobs_of(coalesce_policy::earliest) == 1);
}

TEST_CASE("schedule_fire: what is later than its grace is missed, exactly at it is not") {
  const auto e = added_with(coalesce_policy::all, 30s);
  auto job = fire_job(day_one);
  job.deadline = day_one + 30s;
  given({e})
      .at(day_one + 30s)
      .when(fire_schedule{tick})
      .then({fired({made(day_one)}, day_one + 1min), job});
  auto s = given({e});
  s.at(day_one + 30s + 1us)
      .when(fire_schedule{tick})
      .then({fired({missed(day_one, day_one, 1)}, day_one + 1min)});
  CHECK_FALSE(s.state()->last_fire_time.has_value());
  CHECK(s.state()->last_due_time == day_one);
}

TEST_CASE("schedule_fire: jitter delays the start and the deadline, not the fire time") {
  auto s = given({added_with(coalesce_policy::latest, 5s, 20s)});
  s.at(day_one).when(fire_schedule{tick}).then_accepted();
  const auto& job = std::get<job_added>(s.accepted().events.at(1));
  CHECK(job.fire_time == day_one);
  CHECK(job.jitter == derived_jitter(tick, 1, day_one, 20s, day_one + 1min));
  REQUIRE(job.jitter > 0s);
  CHECK(job.run_at == day_one + job.jitter);
  CHECK(job.deadline == day_one + job.jitter + 5s);
}

TEST_CASE("schedule_fire: a fire that its jitter still allows in time is not missed") {
  auto s = given({added_with(coalesce_policy::latest, 5s, 20s)});
  s.at(day_one + 25s).when(fire_schedule{tick}).then_accepted();
  CHECK(s.state()->open_jobs == 1);
  auto late = given({added_with(coalesce_policy::latest, 5s, 20s)});
  late.at(day_one + 25s + 1us).when(fire_schedule{tick}).then_accepted();
  CHECK(late.state()->open_jobs == 0);
}

TEST_CASE("schedule_fire: jitter is spread evenly and ends before the following fire") {
  duration lowest = 1h;
  duration highest{};
  duration sum{};
  for (int i = 0; i < 2000; ++i) {
    const auto t = day_one + i * 1min;
    const auto jitter = derived_jitter(tick, 1, t, 20s, t + 10s);
    CHECK(jitter >= 0s);
    CHECK(jitter < 10s);
    lowest = std::min(lowest, jitter);
    highest = std::max(highest, jitter);
    sum += jitter;
  }
  CHECK(lowest < 50ms);
  CHECK(highest > 9950ms);
  CHECK(sum / 2000 > 4700ms);
  CHECK(sum / 2000 < 5300ms);
  CHECK(derived_jitter(tick, 1, day_one, 0s, {}) == 0s);
  CHECK(derived_jitter(tick, 1, day_one, 20s, day_one + 1us) == 0s);
  CHECK(derived_jitter(tick, 1, day_one, 1us, {}) <= 1us);
}

TEST_CASE("schedule_fire: stable jitter is one place for all fire times, by the schedule's id") {
  const auto jitter = stable_jitter(tick, day_one, 20s, {});
  CHECK(jitter.count() == 6'623'219);
  for (int i = 0; i < 100; ++i)
    CHECK(stable_jitter(tick, day_one + i * 1min, 20s, day_one + (i + 1) * 1min) == jitter);
  CHECK(stable_jitter(tick, day_one, 20s, day_one + 2us) == 1us);
  CHECK(stable_jitter(tick, day_one, 0s, {}) == 0s);
  std::set<duration> seen;
  for (int i = 0; i < 100; ++i)
    seen.insert(stable_jitter(schedule_id{"s" + std::to_string(i)}, day_one, 20s, {}));
  CHECK(seen.size() > 95);
  auto e = added_with(coalesce_policy::latest, {}, 20s);
  e.settings->jitter = jitter_mode::stable;
  auto s = given({e});
  s.at(day_one).when(fire_schedule{tick}).then_accepted();
  CHECK(std::get<job_added>(s.accepted().events.at(1)).jitter == jitter);
}

TEST_CASE("schedule_fire: a type of trigger that this node does not know is left alone") {
  auto e = added();
  e.settings->trigger = {custom_rule{"test.unknown"}};
  auto s = given({e});
  s.at(day_one).when(fire_schedule{tick}).nothing();
  CHECK(s.accepted().left_alone.find("'test.unknown' version 1") != std::string::npos);
  CHECK_FALSE(s.accepted().more);
  // It can still be paused and removed.
  s.when(pause_schedule{tick}).then({schedule_paused{.id = tick}});
  s.when(remove_schedule{tick}).then({schedule_removed{.id = tick}});
}

TEST_CASE("schedule_fire: derived ids and jitter are the same in every release") {
  CHECK(to_string(derived_job_id(tick, 1, day_one)) == "d2daed53-c809-5ddd-a1a1-575c41d5fa8b");
  CHECK(derived_jitter(tick, 1, day_one, 1h, {}).count() == 734'478'578);
  CHECK(derived_job_id(tick, 1, day_one).bytes[6] >> 4 == 5);
}

TEST_CASE("schedule_fire: schedule, incarnation and fire time make different job ids") {
  std::set<job_id> ids;
  for (const char* name : {"tick", "tick|1", "tic"})
    for (const position incarnation : {1, 11})
      for (const auto t : {day_one, day_one + 1us})
        ids.insert(derived_job_id(schedule_id{name}, incarnation, t));
  CHECK(ids.size() == 12);
}

TEST_CASE("schedule_fire: a paused schedule does not fire") {
  auto s = given({added(), schedule_paused{tick}});
  s.at(day_one + 1h).when(fire_schedule{tick}).nothing();
  CHECK_FALSE(s.accepted().more);
}

TEST_CASE("schedule_fire: pausing settles what is due, then keeps the next fire time") {
  auto s = given({added()});
  s.at(day_one + 1min)
      .when(pause_schedule{tick})
      .then({fired({coalesced(day_one, day_one, 1, day_one + 1min), made(day_one + 1min)},
                   day_one + 2min),
             fire_job(day_one + 1min), schedule_paused{tick}});
  CHECK(s.state()->paused);
  CHECK(s.state()->next_fire == day_one + 2min);
  CHECK(s.reply().what == change::updated);
  s.when(pause_schedule{tick}).nothing();
  given({}).when(pause_schedule{tick}).refused(errc::not_found);
}

TEST_CASE("schedule_fire: a command settles ten rounds and leaves out the rest by name") {
  const auto wanted = [](const char* reason) {
    return std::vector<fate>{
        made(day_one, day_one + 999min, 1000),
        made(day_one + 1000min, day_one + 1999min, 1000),
        made(day_one + 2000min, day_one + 2999min, 1000),
        made(day_one + 3000min, day_one + 3999min, 1000),
        made(day_one + 4000min, day_one + 4999min, 1000),
        made(day_one + 5000min, day_one + 5999min, 1000),
        made(day_one + 6000min, day_one + 6999min, 1000),
        made(day_one + 7000min, day_one + 7999min, 1000),
        made(day_one + 8000min, day_one + 8999min, 1000),
        made(day_one + 9000min, day_one + 9999min, 1000),
        skipped(day_one + 10000min, day_one + 10005min, 6, reason),
    };
  };
  const auto fates_of = [](const domain::decision& d) {
    return std::get<schedule_fired>(d.events.at(0)).fates;
  };
  const auto e = added_with(coalesce_policy::all);
  const auto now = day_one + 10005min;
  CHECK((fates_of(given({e}).at(now).when(pause_schedule{tick}).accepted()) == wanted("paused")));
  CHECK((fates_of(given({e}).at(now).when(remove_schedule{tick}).accepted()) == wanted("removed")));
  auto spec = minutely();
  spec.on_conflict = conflict_policy::replace;
  CHECK((fates_of(given({e}).at(now).when(add_schedule{spec}, task_settings{}).accepted()) ==
         wanted("replaced")));
}

TEST_CASE("schedule_fire: a change that keeps the trigger keeps what it could not settle") {
  auto s = given({added_with(coalesce_policy::all)});
  schedule_changes changes;
  changes.args = payload{.text = "{}"};
  s.at(day_one + 10005min).when(update_schedule{tick, changes}, task_settings{}).then_accepted();
  CHECK(s.state()->open_jobs == 10000);
  CHECK(s.state()->next_fire == day_one + 10000min);
  s.when(fire_schedule{tick}).then_accepted();
  CHECK(s.state()->open_jobs == 10006);
}

TEST_CASE("schedule_fire: removing or replacing a paused schedule accounts for its pause") {
  const std::vector<event> history{added(), schedule_paused{tick}};
  const auto account = fired({skipped(day_one, day_one + 2min, 3, "paused")}, day_one + 3min);
  given(history)
      .at(day_one + 2min)
      .when(remove_schedule{tick})
      .then({account, schedule_removed{.id = tick}});
  auto spec = minutely();
  spec.on_conflict = conflict_policy::replace;
  auto s = given(history);
  s.at(day_one + 2min).when(add_schedule{spec}, task_settings{}).then_accepted();
  CHECK((s.accepted().events.at(0) == event{account}));
  CHECK_FALSE(s.state()->paused);
}

TEST_CASE("schedule_fire: a plain resume leaves the missed fire times to the misfire rules") {
  auto s = given({added(), schedule_paused{tick}});
  s.at(day_one + 3min)
      .when(resume_schedule{tick})
      .then({schedule_resumed{.id = tick, .next_fire = day_one, .cursor = {.last = day_one}}});
  CHECK(s.reply().next_fire == day_one);
  s.when(fire_schedule{tick}).then_accepted();
  CHECK(s.state()->last_fire_time == day_one + 3min);
}

TEST_CASE("schedule_fire: resume from now leaves out what lies before, not a fire at now") {
  auto s = given({added(), schedule_paused{tick}});
  s.at(day_one + 3min)
      .when(resume_schedule{tick, resume_schedule::from::now})
      .then({schedule_resumed{.id = tick,
                              .fates = {skipped(day_one, day_one + 2min, 3, "paused")},
                              .next_fire = day_one + 3min,
                              .cursor = {.last = day_one + 3min}}});
  CHECK(s.state()->last_due_time == day_one + 2min);
}

TEST_CASE("schedule_fire: resume from an instant keeps a next fire time that lies after it") {
  const std::vector<event> history{added(), schedule_paused{tick}};
  const auto resume_from = [](time_point t) {
    return resume_schedule{tick, resume_schedule::from::instant, t};
  };
  auto s = given(history);
  s.at(day_one + 1h).when(resume_from(day_one)).then_accepted();
  CHECK(s.state()->next_fire == day_one);
  auto later = given(history);
  later.when(resume_from(day_one + 90s)).then_accepted();
  CHECK(later.state()->next_fire == day_one + 2min);
}

TEST_CASE("schedule_fire: resuming a one-shot from now may finish it, and says so") {
  auto once = added();
  once.settings->trigger = resolved(once_at(day_one));
  auto s = given({once, schedule_paused{tick}});
  s.at(day_one + 1s).when(resume_schedule{tick, resume_schedule::from::now}).then_accepted();
  CHECK_FALSE(s.reply().next_fire.has_value());
  CHECK_FALSE(s.state()->next_fire.has_value());
  CHECK_FALSE(s.state()->paused);
}

TEST_CASE("schedule_fire: resuming what is not paused changes nothing") {
  given({added()}).when(resume_schedule{tick, resume_schedule::from::now}).nothing();
  given({}).when(resume_schedule{tick}).refused(errc::not_found);
}

TEST_CASE("schedule_fire: a trigger that breaks settles what it had named, then rests") {
  auto s = given({breaking()});
  s.at(day_one).when(fire_schedule{tick}).then_accepted();
  const auto& events = s.accepted().events;
  REQUIRE(events.size() == 3);
  CHECK((std::get<schedule_fired>(events[0]).fates == std::vector{made(day_one)}));
  CHECK((events[1] == event{fire_job(day_one)}));
  CHECK(std::get<schedule_faulted>(events[2]).message.find("limit_exceeded") == 0);
  CHECK_FALSE(s.state()->fault.empty());
  s.at(day_one + 1h).when(fire_schedule{tick}).nothing();
  s.when(pause_schedule{tick}).then({schedule_paused{tick}});
}

TEST_CASE("schedule_fire: a new trigger mends a schedule whose old one broke") {
  auto s = given({breaking()});
  s.at(day_one).when(fire_schedule{tick}).then_accepted();
  schedule_changes changes;
  changes.args = payload{.text = "{}"};
  s.when(update_schedule{tick, changes}, task_settings{}).refused(errc::limit_exceeded);
  changes.trigger = every(1min, day_one + 1min);
  s.when(update_schedule{tick, changes}, task_settings{}).then_accepted();
  CHECK(s.state()->fault.empty());
  CHECK(s.state()->next_fire == day_one + 1min);
}
