#include "carillon/fire_times.hpp"
#include "triggers/lint.hpp"
#include "triggers/trigger_support.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

using test::at;
using test::crontab;
using test::instant;
using test::with;

const auto new_year = at("2026-01-01T00:00:00Z");

std::vector<trigger_warning> warnings(const trigger_spec& spec, time_point from = new_year) {
  const auto resolved = resolve(spec, {new_year, "UTC"});
  INFO((resolved ? std::string{} : resolved.error().message));
  REQUIRE(resolved);
  return lint(*resolved, from);
}

/// "code field" of each warning.
test::texts codes(const trigger_spec& spec, time_point from = new_year) {
  test::texts out;
  for (const auto& each : warnings(spec, from))
    out.push_back(each.code + ' ' + each.field);
  return out;
}

/// The message of the one warning there is.
std::string message(const trigger_spec& spec) {
  const auto all = warnings(spec);
  REQUIRE(all.size() == 1);
  return all.front().message;
}

cron vixie(std::string_view text) { return crontab(text, cron_dialect::vixie); }

TEST_CASE("lint: nothing is said about what is in order") {
  for (const auto* text : {"0 3 * * *", "*/15 9-17 * * mon-fri", "0 */2 * * *", "0 0 1 */3 *",
                           "0 0 28 * *", "* * * * *", "* 9-17 * * *"}) {
    CAPTURE(text);
    CHECK(codes({crontab(text)}).empty());
  }
  CHECK(codes({crontab("0 * * * *"), "Europe/Berlin"}).empty());
  CHECK(codes({crontab("*/10 * * * *"), "Europe/Berlin"}).empty());
  CHECK(codes({interval{std::chrono::hours{24}}}).empty());
  CHECK(codes({once{instant("2027-01-01T00:00:00Z")}}).empty());
}

TEST_CASE("lint: a trigger that never fires, or never again (CRN-15, CRN-19)") {
  CHECK(codes({crontab("0 0 30 2 *")}) ==
        test::texts{"short_months trigger.spec.day", "never_fires trigger"});
  CHECK(codes(with(crontab("0 0 * * *"), "UTC", instant("2026-02-01T00:00:00Z"),
                   instant("2026-01-01T00:00:00Z"))) ==
        test::texts{"end_before_start trigger.end_time", "never_fires trigger"});
  CHECK(codes({any_of{}}) == test::texts{"never_fires trigger"});
  CHECK(codes({once{instant("2025-01-01T00:00:00Z")}}) == test::texts{"no_more_fires trigger"});
  cron past;
  past.year = "2020";
  CHECK(codes({past}) == test::texts{"never_fires trigger"}); // its start is now
}

TEST_CASE("lint: both day fields, by dialect (CRN-04)") {
  CHECK(codes({crontab("0 0 13 * fri")}) ==
        test::texts{"both_day_fields trigger.spec.day_of_week"});
  CHECK(message({crontab("0 0 13 * fri")}) ==
        "day is '13' and day_of_week is 'fri': both must match; cron(8) and kind vixie fire when "
        "either does");
  CHECK(message({vixie("0 0 13 * fri")}) ==
        "day is '13' and day_of_week is 'fri': it fires when either matches; in kind cron both "
        "must");
  CHECK(warnings({vixie("0 0 */2 * fri")}).front().message ==
        "day is '*/2' and day_of_week is 'fri': both must match, as one of them begins with *; "
        "without the * either would do");
}

TEST_CASE("lint: steps that do not come out even") {
  CHECK(message({crontab("*/7 * * * *")}) ==
        "minute '*/7' steps by 7 but its last step, before it starts over, is 4");
  CHECK(message({crontab("0 */5 * * *")}) ==
        "hour '*/5' steps by 5 but its last step, before it starts over, is 4");
  CHECK(message({crontab("0 0 1 */5 *")}) ==
        "month '*/5' steps by 5 but its last step, before it starts over, is 2");
  CHECK(message({crontab("0 0 */2 * *")}) ==
        "day '*/2' starts over on the 1st of each month: months end after 28 to 31 days, so its "
        "last step is shorter");
  CHECK(codes({*cron_from_quartz("0 0/7 * * * ?")}) ==
        test::texts{"uneven_step trigger.spec.minute"});
  CHECK(codes({on_calendar{"*:0/7"}}) == test::texts{"uneven_step trigger.spec.oncalendar"});
}

TEST_CASE("lint: weekday steps count from Monday or from Sunday (CRN-12)") {
  CHECK(message({crontab("0 0 * * */2")}) ==
        "day_of_week '*/2' counts from Monday: Monday, Wednesday, Friday and Sunday; kind vixie "
        "from Sunday");
  CHECK(message({vixie("0 0 * * */2")}) ==
        "day_of_week '*/2' counts from Sunday: Tuesday, Thursday, Saturday and Sunday; kind cron "
        "counts from Monday");
}

TEST_CASE("lint: what the clock changes do, with dates and outcome") {
  const auto all = warnings({crontab("30 2 * * *"), "Europe/Berlin"});
  REQUIRE(all.size() == 2);
  CHECK(all[0] ==
        trigger_warning{"dst_gap", "trigger.gap",
                        "when the clock changes in Europe/Berlin: skipped on Sunday 29 March 2026, "
                        "when 02:30 does not exist; skipped on Sunday 28 March 2027, when 02:30 "
                        "does not exist; skipped on Sunday 26 March 2028, when 02:30 does not "
                        "exist; and 2 more within 5 years"});
  CHECK(all[1].code == "dst_fold");
  CHECK(all[1].field == "trigger.fold");
  CHECK(all[1].message.find("twice on Sunday 25 October 2026, when 02:30 occurs twice") !=
        std::string::npos);
  CHECK(codes({on_calendar{"Sun 02:30 Europe/Berlin"}}) ==
        test::texts{"dst_gap trigger.gap", "dst_fold trigger.fold"});
  calendar_interval daily;
  daily.days = 1;
  daily.hour = 2;
  daily.minute = 30;
  CHECK(codes({daily, "Europe/Berlin"}) ==
        test::texts{"dst_gap trigger.gap", "dst_fold trigger.fold"});
  CHECK(codes({crontab("30 2 * * mon"), "Europe/Berlin"}).empty());
}

TEST_CASE("lint: days of an interval are 24 hours (INT-05)") {
  CHECK(message({interval{std::chrono::hours{24}}, "Europe/Berlin"}) ==
        "1 day of elapsed time is 24 hours: when the clock changes in Europe/Berlin the time of "
        "day moves; kind calendar keeps it");
  CHECK(codes({interval{std::chrono::hours{24}}, "Asia/Kolkata"}).empty());
}

TEST_CASE("lint: days that some months do not have") {
  CHECK(message({crontab("0 0 31 * *")}) ==
        "there is no 31st in February, April, June, September, November");
  CHECK(message({crontab("0 0 29 2 *")}) == "there is no 29th in February, except in leap years");
  calendar_interval monthly;
  monthly.months = 1;
  monthly.start_date = civil_date{2026, 1, 31};
  CHECK(codes({monthly}) == test::texts{"short_months trigger.spec.start_date"});
}

TEST_CASE("lint: a forgotten minute fires sixty times") {
  CHECK(codes({crontab("* 3 * * *")}) == test::texts{"every_minute trigger.spec.minute"});
}

TEST_CASE("lint: combined triggers, with the path of the child (CMB-04)") {
  const trigger_spec daily{crontab("0 0 * * *")};
  const trigger_spec odd{crontab("*/7 * * * *")};
  CHECK(codes({any_of{{daily, odd}}}) ==
        test::texts{"uneven_step trigger.spec.triggers[1].spec.minute"});
  const trigger_spec hourly{interval{std::chrono::hours{1}}, "UTC",
                            instant("2026-01-01T00:30:00.5Z")};
  CHECK(codes({all_of{{daily, hourly}, duration{0}, 100}}) ==
        test::texts{"zero_threshold trigger.spec.threshold", "no_match trigger"});
  const auto all = warnings({all_of{{daily, hourly}, std::chrono::seconds{1}, 100}});
  REQUIRE(all.size() == 1);
  CHECK(all.front() == trigger_warning{"no_match", "trigger",
                                       "the triggers of 'and' did not meet within 100 steps"});
}

TEST_CASE("lint: repeating intervals, when the clock changes") {
  const auto of = [](const char* text, const char* zone = "Europe/Berlin") {
    return codes({repeating_interval{text}, zone});
  };
  CHECK(of("R/2026-03-01T02:30:00/P1D") ==
        test::texts{"dst_gap trigger.gap", "dst_fold trigger.fold"});
  CHECK(of("R/2026-03-01T12:00:00/P1D").empty());
  CHECK(of("R/2026-03-01T12:00:00/PT24H") == test::texts{"elapsed_days trigger.spec.interval"});
  CHECK(of("R/2026-03-01T12:00:00/PT12H").empty());
  CHECK(of("R/2026-03-01T02:30:00+01:00/P1D") == test::texts{"fixed_offset trigger.spec.interval"});
  CHECK(of("R/2026-03-01T02:30:00+01:00/P1D", "UTC").empty());
  CHECK(of("R/2026-03-01T02:30:00Z/PT1H").empty());
}

TEST_CASE("lint: numbers that a schedule will have as others") {
  const auto warned = [](std::string_view text, trigger_notation notation, std::string id = "") {
    const auto trigger =
        fire_times::parse(text, notation, {.now = new_year, .schedule = std::move(id)});
    REQUIRE(trigger);
    test::texts out;
    for (const auto& each : trigger->lint(new_year))
      out.push_back(each.code + ' ' + each.field);
    return out;
  };
  using enum trigger_notation;
  CHECK(warned("H 3 * * *", vixie) == test::texts{"needs_id trigger.spec.minute"});
  CHECK(warned("@midnight", jenkins) ==
        test::texts{"needs_id trigger.spec.hour", "needs_id trigger.spec.minute"});
  CHECK(warned("1,h/20 3 * mar thu", vixie) == test::texts{"needs_id trigger.spec.minute"});
  CHECK(warned("H 3 * mar thu", vixie, "backup").empty());
  CHECK(warned("0 3~5 * * *", vixie, "backup") == test::texts{"drawn_later trigger.spec.hour"});
  const auto nested =
      fire_times::of({any_of{{{carillon::triggers::vixie("H 3 * * *")}}}}, {.now = new_year});
  REQUIRE(nested);
  REQUIRE(nested->lint(new_year).size() == 1);
  CHECK(nested->lint(new_year).front().field == "trigger.spec.triggers[0].spec.minute");
}

} // namespace
} // namespace carillon::triggers
