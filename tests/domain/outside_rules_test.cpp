// Schedules whose fire times rest on more than their trigger: days of calendars, rules of zones.

#include "domain/outside_rules.hpp"

#include "domain/schedule_cases.hpp"

using namespace carillon;
using namespace carillon::test;

namespace {

constexpr auto day = 24h;
constexpr time_point nine = day_one + 9h; // 2026-01-01T09:00:00Z

date_range january(std::uint8_t first, std::uint8_t last) {
  return {{2026, 1, first}, {2026, 1, last}};
}

/// A calendar "de" that was set at `revision`, which is later than what a test recorded before.
std::shared_ptr<const domain::calendar_map> de(std::vector<date_range> days, time_point changed_at,
                                               position revision = 100) {
  auto out = std::make_shared<domain::calendar_map>();
  (*out)["de"] = std::make_shared<const domain::calendar_state>(domain::calendar_state{
      calendar_id{"de"}, std::move(days), revision, day_one - day, changed_at});
  return out;
}

/// Each day at nine, but not on the days of the calendar "de".
trigger_spec working_days() {
  cron nine_o_clock;
  nine_o_clock.hour = "9";
  return {filtered{{{nine_o_clock, "UTC"}}, {{.calendar = "de"}}}, "UTC"};
}

schedule_spec worker() { return {.id = tick, .task = beat, .trigger = working_days()}; }

/// `worker`, added at `day_one` and at position 1, when the calendar had nothing in January.
scenario<domain::schedule_state> added_worker() {
  auto s = given({});
  s.with(de({january(31, 31)}, day_one - day, 1));
  s.when(add_schedule{worker()}, task_settings{}).then_accepted();
  REQUIRE(s.state()->next_fire == nine);
  return s;
}

const schedule_recomputed& recomputed_in(scenario<domain::schedule_state>& s) {
  REQUIRE(s.accepted().events.size() == 1);
  return std::get<schedule_recomputed>(s.accepted().events.front());
}

constexpr domain::recompute_schedule by_calendar() { return {.id = tick}; }

} // namespace

TEST_CASE("outside_rules: a schedule that names an unknown calendar is told which there are") {
  auto s = given({});
  const auto message = [&] {
    s.when(add_schedule{worker()}, task_settings{})
        .refused(errc::invalid_argument, "trigger.spec.exclude");
    return decide(s.state(), add_schedule{worker()}, task_settings{}, s.context()).error().message;
  };
  CHECK(message() == "calendar 'de' does not exist; there is none, or give days beside its name");
  auto others = std::make_shared<domain::calendar_map>();
  (*others)["us"] = (*others)["at"] = std::make_shared<const domain::calendar_state>();
  s.with(others);
  CHECK(message() ==
        "calendar 'de' does not exist; there are 'at', 'us', or give days beside its name");
}

TEST_CASE("outside_rules: the days stay with their calendar, and the first fire knows them") {
  auto s = given({});
  s.with(de({january(1, 3)}, day_one - day));
  s.when(add_schedule{worker()}, task_settings{}).then_accepted();
  CHECK(s.state()->next_fire == nine + 3 * day);
  const auto& stored = std::get<filtered>(s.state()->settings.trigger.kind);
  CHECK(stored.exclude.front() == exclusion{.calendar = "de"});
}

TEST_CASE("outside_rules: writing the same trigger again changes nothing, whatever the days") {
  auto s = added_worker();
  auto again = worker();
  again.on_conflict = conflict_policy::update;
  s.with(de({january(1, 1)}, day_one)).at(day_one + 1h);
  s.when(add_schedule{again}, task_settings{}).nothing();
  CHECK(s.reply().what == change::kept);
}

TEST_CASE("outside_rules: a day that a calendar gains is left out, one that it loses comes back") {
  auto s = added_worker();
  s.with(de({january(1, 2)}, day_one + 1min)).at(day_one + 1min);
  s.when(by_calendar());
  CHECK(recomputed_in(s).cause == recompute_cause::calendar);
  CHECK(recomputed_in(s).rules == "de");
  CHECK(recomputed_in(s).previous == nine);
  CHECK(recomputed_in(s).next_fire == nine + 2 * day);
  s.then_accepted();
  s.with(de({january(31, 31)}, day_one + 2min, 200)).at(day_one + 2min);
  s.when(by_calendar());
  CHECK(recomputed_in(s).next_fire == nine);
}

TEST_CASE("outside_rules: nothing happens when the fire time stays, or is by these days already") {
  auto s = added_worker();
  s.with(de({january(30, 30)}, day_one)).when(by_calendar()).nothing();
  s.with(de({january(1, 1)}, day_one - day, 1)).when(by_calendar()).nothing(); // no newer than it
  given({added()}).with(de({january(1, 1)}, day_one)).when(by_calendar()).nothing();
}

TEST_CASE("outside_rules: a fire that is due by old days meets the new ones first") {
  auto s = added_worker();
  s.with(de({january(1, 1)}, nine - 1us)).at(nine);
  s.when(domain::fire_schedule{tick});
  CHECK(recomputed_in(s).next_fire == nine + day);
  s.then_accepted();
  s.at(nine + day).when(domain::fire_schedule{tick});
  CHECK(s.accepted().events.size() == 2); // schedule_fired, job_added
}

TEST_CASE("outside_rules: what was due before the days came stays due") {
  auto s = added_worker();
  s.with(de({january(1, 2)}, nine)).at(nine + 1h);
  s.when(by_calendar()).nothing();
  s.when(domain::fire_schedule{tick}).then_accepted();
  CHECK(s.state()->last_fire_time == nine);
  CHECK(s.state()->next_fire == nine + 2 * day);
}

TEST_CASE("outside_rules: a day that comes back at noon does not bring back its morning") {
  auto s = given({});
  s.with(de({january(1, 1)}, day_one - day, 1));
  s.when(add_schedule{worker()}, task_settings{}).then_accepted();
  REQUIRE(s.state()->next_fire == nine + day);
  s.with(de({january(31, 31)}, nine + 3h)).at(nine + 3h);
  s.when(by_calendar()).nothing();
}

TEST_CASE("outside_rules: every command leaves the schedule by the newest days") {
  const auto new_days = de({january(1, 2)}, day_one + 1min);
  const std::vector<command> commands{
      pause_schedule{tick},
      update_schedule{tick, {.coalesce = coalesce_policy::all}},
  };
  for (const auto& each : commands) {
    auto s = added_worker();
    s.with(new_days).at(day_one + 1h);
    if (const auto* update = std::get_if<update_schedule>(&each))
      s.when(*update, task_settings{}).then_accepted();
    else
      s.when(std::get<pause_schedule>(each)).then_accepted();
    INFO("command " << each.index());
    CHECK(s.state()->next_fire == nine + 2 * day);
  }
}

TEST_CASE("outside_rules: a paused schedule is resumed by the newest days") {
  for (const auto mode : {resume_schedule::from::next_fire_time, resume_schedule::from::now}) {
    auto s = added_worker();
    s.when(pause_schedule{tick}).then_accepted();
    s.with(de({january(1, 2)}, day_one + 1min)).at(day_one + 1h);
    s.when(resume_schedule{tick, mode}).then_accepted();
    CHECK(s.state()->next_fire == nine + 2 * day);
    CHECK_FALSE(s.state()->paused);
  }
}

TEST_CASE("outside_rules: without its calendar a schedule does not fire as if there were none") {
  auto s = added_worker();
  s.with(nullptr).at(nine).when(domain::fire_schedule{tick}).then_accepted();
  CHECK(s.state()->fault.find("calendar 'de'") != std::string::npos);
}

TEST_CASE("outside_rules: other rules of a zone move the fire time that the old ones gave") {
  // The rules that this schedule was added under had Berlin at UTC+2 in January.
  cron nine_o_clock;
  nine_o_clock.hour = "9";
  const auto in_berlin = resolved({nine_o_clock, "Europe/Berlin"});
  const schedule_added old{.id = tick,
                           .settings = settings_with(in_berlin),
                           .next_fire = day_one + 7h,
                           .cursor = {.last = day_one + 7h}};
  const domain::recompute_schedule by_zones{tick, recompute_cause::zone_rules, "2026a"};
  auto s = given({old});
  s.when(by_zones);
  CHECK(recomputed_in(s) == schedule_recomputed{tick,
                                                recompute_cause::zone_rules,
                                                "2026a",
                                                day_one + 7h,
                                                day_one + 8h,
                                                {day_one + 8h, {}}});
  s.then_accepted();
  s.when(by_zones).nothing();

  // What was settled under the old rules is not settled again.
  auto fired_once = given({old, fired({made(day_one + 7h)}, day_one + day + 7h)});
  fired_once.at(day_one + 7h + 1min).when(by_zones);
  CHECK(recomputed_in(fired_once).next_fire == day_one + 8h);
  fired_once.then_accepted();
  fired_once.at(day_one + 8h).when(domain::fire_schedule{tick}).then_accepted();
  fired_once.when(by_zones).nothing();
}

TEST_CASE("outside_rules: a due time of an earlier trigger settles nothing of this one") {
  cron nine_o_clock;
  nine_o_clock.hour = "9";
  auto s = given({added(), fired({made(day_one + 30 * day)}, day_one + 30 * day + 1min)});
  schedule_changes changes{.trigger = trigger_spec{nine_o_clock, "Europe/Berlin", when{day_one}}};
  s.at(day_one).when(update_schedule{tick, changes}, task_settings{}).then_accepted();
  REQUIRE(s.state()->next_fire == day_one + 8h);
  s.when(domain::recompute_schedule{tick, recompute_cause::zone_rules}).nothing();
}

TEST_CASE("outside_rules: elapsed time, finished and broken schedules do not move") {
  const domain::recompute_schedule by_zones{tick, recompute_cause::zone_rules};
  given({added()}).when(by_zones).nothing();
  given({added(), fired({made(day_one)}, day_one + 1min)}).when(by_zones).nothing();
  given({added(), schedule_faulted{tick, "broken"}}).when(by_zones).nothing();
  given({schedule_added{tick, settings_with(resolved(once_at(day_one))), false, day_one, {}},
         schedule_fired{tick, {made(day_one)}, std::nullopt, {}}})
      .when(by_zones)
      .nothing();
}
