#include "triggers/describe.hpp"
#include "triggers/recurrence_words.hpp"
#include "triggers/trigger_support.hpp"

#include <utility>

namespace carillon::triggers {
namespace {

using test::at;
using test::crontab;
using test::instant;
using test::with;

const auto new_year = at("2026-01-01T00:00:00Z");

/// The description without the start that `resolve` fills in.
std::string words(const trigger_spec& spec, time_point from = new_year) {
  auto resolved = resolve(spec, {new_year, "UTC"});
  INFO((resolved ? std::string{} : resolved.error().message));
  REQUIRE(resolved);
  resolved->start_time = spec.start_time;
  return describe(*resolved, from);
}

std::string of_crontab(std::string_view text) { return words({crontab(text)}); }

std::string of_quartz(std::string_view text) { return words({*cron_from_quartz(text)}); }

using table = std::vector<std::pair<const char*, const char*>>;

TEST_CASE("describe: crontab expressions") {
  for (const auto& [text, wanted] : table{
           {"* * * * *", "every minute, UTC"},
           {"*/15 * * * *", "every 15 minutes, UTC"},
           {"5/15 * * * *", "every 15 minutes from minute 5, UTC"},
           {"*/7 * * * *", "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour, UTC"},
           {"0 * * * *", "every hour, UTC"},
           {"30 * * * *", "every hour at minute 30, UTC"},
           {"0 */2 * * *", "every 2 hours from 00:00 to 22:00 every day, UTC"},
           {"0 3 * * *", "at 03:00 every day, UTC"},
           {"0,30 9,17 * * *", "at 09:00, 09:30, 17:00 and 17:30 every day, UTC"},
           {"*/15 9-17 * * 1-5", "every 15 minutes from 09:00 to 17:45 on Monday to Friday, UTC"},
           {"0 9-17 * * mon", "every hour from 09:00 to 17:00 on Monday, UTC"},
           {"* 3,5 * * 0", "every minute in the hours 03 and 05 on Sunday, UTC"},
           {"0 0 1 * *", "at 00:00 on the 1st of each month, UTC"},
           {"0 0 1,15 1,7 *", "at 00:00 on the 1st and the 15th of January and July, UTC"},
           {"0 0 13 * fri", "at 00:00 on the 13th of each month, if that is a Friday, UTC"},
           {"0 0 1-7 * mon", "at 00:00 on the 1st to 7th of each month, if that is a Monday, UTC"},
           {"0 0 * 12 *", "at 00:00 every day of December, UTC"},
           {"0 0 * 12 sat,sun", "at 00:00 on Saturday and Sunday in December, UTC"},
       }) {
    CAPTURE(text);
    CHECK(of_crontab(text) == wanted);
  }
}

TEST_CASE("describe: the eight fields") {
  cron last_friday;
  last_friday.day = "last fri";
  last_friday.hour = "2";
  last_friday.minute = "30";
  CHECK(words({last_friday}) == "at 02:30 on the last Friday of each month, UTC");
  cron seconds;
  seconds.second = "*/20";
  CHECK(words({seconds}) == "every 20 seconds, UTC");
  seconds.second = "5,50";
  CHECK(words({seconds}) == "at seconds 5 and 50 of every minute, UTC");
  cron week;
  week.week = "2,10-12";
  CHECK(words({week}) == "at 00:00 every day, in ISO weeks 2 and 10 to 12, UTC");
  cron year;
  year.year = "2026-2030/2";
  year.month = "12";
  year.day = "24";
  CHECK(words({year}) ==
        "at 00:00 on the 24th of December, in every 2nd year from 2026 to 2030, UTC");
}

TEST_CASE("describe: cron(8), Quartz and systemd read the same words") {
  CHECK(words({crontab("0 0 13 * 5", cron_dialect::vixie)}) ==
        "at 00:00 on the 13th of each month, or on Friday, UTC");
  CHECK(words({crontab("0 0 * * */2", cron_dialect::vixie)}) ==
        "at 00:00 on Tuesday, Thursday, Saturday and Sunday, UTC");
  for (const auto& [text, wanted] : table{
           {"0 0 3 ? * 2-6", "at 03:00 on Monday to Friday, UTC"},
           {"0 15 10 L * ?", "at 10:15 on the last day of each month, UTC"},
           {"0 15 10 L-2 * ?", "at 10:15 on the 3rd to last day of each month, UTC"},
           {"0 15 10 15W * ?",
            "at 10:15 on the weekday (Monday to Friday) nearest to the 15th of each month, UTC"},
           {"0 15 10 ? * 6L", "at 10:15 on the last Friday of each month, UTC"},
           {"30 15 10 ? * MON#2", "at 10:15:30 on the 2nd Monday of each month, UTC"},
       }) {
    CAPTURE(text);
    CHECK(of_quartz(text) == wanted);
  }
  CHECK(words({on_calendar{"Mon..Fri *-*-* 10:00/15"}}) ==
        "at 10:00, 10:15, 10:30 and 10:45 on Monday to Friday, UTC");
  CHECK(words({on_calendar{"*-02~03 Europe/Berlin"}}) ==
        "at 00:00 on the 3rd to last day of February, Europe/Berlin");
}

TEST_CASE("describe: kinds that are no cron") {
  CHECK(words({once{instant("2026-03-29T01:00:00.5Z")}, "Europe/Berlin"}) ==
        "once, on Sunday 29 March 2026 03:00:00.500000, Europe/Berlin");
  CHECK(words({interval{std::chrono::minutes{90}}, "", instant("2026-01-01T00:00:00Z")}) ==
        "every 1 hour 30 minutes of elapsed time, UTC; from Thursday 1 January 2026 00:00");
  calendar_interval monthly;
  monthly.months = 1;
  monthly.days = 2;
  monthly.hour = 3;
  monthly.minute = 30;
  monthly.start_date = civil_date{2026, 1, 31};
  monthly.end_date = civil_date{2027, 1, 31};
  CHECK(words({monthly}) ==
        "every month and 2 days at 03:30, counted from Saturday 31 January 2026; months without a "
        "31st are left out, until Sunday 31 January 2027, UTC");
  const trigger_spec daily{crontab("0 3 * * *")};
  const trigger_spec weekly{crontab("0 4 * * sun")};
  CHECK(words({any_of{{daily, weekly}}}) ==
        "whenever any of these fires: (1) at 03:00 every day, UTC; from Thursday 1 January 2026 "
        "00:00; (2) at 04:00 on Sunday, UTC; from Thursday 1 January 2026 00:00");
  CHECK(words({any_of{}}) == "never: there is no trigger in it");
}

TEST_CASE("describe: bounds and clock changes are said") {
  const auto night = [](cron_dialect dialect) {
    return trigger_spec{crontab("30 2 * * *", dialect), "Europe/Berlin"};
  };
  CHECK(words(night(cron_dialect::apscheduler)) ==
        "at 02:30 every day, Europe/Berlin; skipped on Sunday 29 March 2026, when 02:30 does not "
        "exist; twice on Sunday 25 October 2026, when 02:30 occurs twice");
  CHECK(words(night(cron_dialect::vixie)) ==
        "at 02:30 every day, Europe/Berlin; at 03:00 on Sunday 29 March 2026, when 02:30 does not "
        "exist; only the first time on Sunday 25 October 2026, when 02:30 occurs twice");
  CHECK(words(with(crontab("0 3 * * *"), "UTC", instant("2026-02-01T00:00:00Z"),
                   instant("2026-03-01T12:00:00Z"))) ==
        "at 03:00 every day, UTC; from Sunday 1 February 2026 00:00; until Sunday 1 March 2026 "
        "12:00");
  // An hourly trigger loses nothing when the clock changes.
  CHECK(words({crontab("0 * * * *"), "Europe/Berlin"}) == "every hour, Europe/Berlin");
}

TEST_CASE("describe: RFC 5545 rules and ISO 8601 intervals in words") {
  for (const auto& [text, wanted] : table{
           {"FREQ=DAILY", "every day"},
           {"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "every 2 weeks on Monday and Wednesday"},
           {"FREQ=MONTHLY;BYDAY=-1FR;COUNT=5", "every month on the last Friday, 5 times"},
           {"FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1,-2",
            "every year in March on the 1st and the 2nd to last day of the month"},
           {"freq=monthly;byday=mo,tu;bysetpos=-1",
            "every month on Monday and Tuesday, of these the last"},
           {"FREQ=DAILY;X-OWN=7", "every day X-OWN=7"},
           {"nonsense", "by the rule nonsense"},
       }) {
    CAPTURE(text);
    CHECK(rrule_words(text) == wanted);
  }
  CHECK(repeating_words("R5/2026-01-31T09:00:00+01:00/P1M") ==
        "every 1 month, counted from 2026-01-31T09:00:00+01:00, 5 times");
  CHECK(repeating_words("R/2026-01-31T09:00:00Z/P1DT12H") ==
        "every 1 day 12 hours, counted from 2026-01-31T09:00:00Z, for ever");
  CHECK(repeating_words("P1M") == "by the repeating interval P1M");
}

TEST_CASE("describe: kinds are described even where this version refuses to run them") {
  recurrence rule{.start = instant("2026-01-05T09:00:00Z"), .rules = {"FREQ=WEEKLY;BYDAY=MO"}};
  rule.except_dates = {instant("2026-01-12T09:00:00Z")};
  CHECK(describe({rule, "UTC"}, new_year) ==
        "every week on Monday, counted from Monday 5 January 2026 09:00, except Monday 12 January "
        "2026 09:00, UTC");
  const filtered business{
      {{crontab("0 3 * * *"), "UTC"}},
      {{"holidays", {}, {}}, {"", {{{2026, 12, 24}, {2026, 12, 26}}}, crontab("* * * * sun")}},
      {{9 * 3600, 17 * 3600, 0x1f}}};
  CHECK(describe({business, "UTC"}, new_year) ==
        "at 03:00 every day, UTC; only within 09:00 to 17:00 on Monday to Friday; except on the "
        "days of calendar 'holidays' and on Thursday 24 December 2026 to Saturday 26 December 2026 "
        "and what fires every minute on Sunday");
  CHECK(describe({custom_rule{"moon", 2, "{}"}, "UTC"}, new_year) ==
        "by the program's own rule 'moon', version 2");
}

} // namespace
} // namespace carillon::triggers
