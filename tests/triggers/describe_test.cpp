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
           {"FREQ=DAILY;UNTIL=20261224T090000", "every day, until Thursday 24 December 2026 09:00"},
           {"FREQ=DAILY;UNTIL=20261224T090000Z",
            "every day, until Thursday 24 December 2026 09:00 UTC"},
           {"FREQ=DAILY;X-OWN=7", "every day X-OWN=7"},
           {"nonsense", "by the rule nonsense"},
       }) {
    CAPTURE(text);
    CHECK(rrule_words(text) == wanted);
  }
}

TEST_CASE("describe: repeating intervals in all their shapes") {
  for (const auto& [text, wanted] : table{
           {"R5/2026-01-31T09:00:00+01:00/P1M",
            "every month, counted from Saturday 31 January 2026 09:00 at UTC+01:00, 5 times"},
           {"R/2026-01-31T09:00:00Z/P1Y2M10DT12H",
            "every 1 year 2 months 10 days 12 hours, counted from Saturday 31 January 2026 09:00 "
            "UTC, for ever"},
           {"R1/2026-01-31T09:00:00/P2W",
            "every 14 days, counted from Saturday 31 January 2026 09:00, 1 time, Europe/Berlin"},
           {"R/2026-01-31T09:00:00/PT90M",
            "every 1 hour 30 minutes of elapsed time, counted from Saturday 31 January 2026 09:00, "
            "for ever, Europe/Berlin"},
           {"R/2026-03-28T12:00:00/2026-03-29T12:00:00",
            "every 23 hours of elapsed time, counted from Saturday 28 March 2026 12:00, for ever, "
            "Europe/Berlin"},
           {"R5/P1M/2026-06-30T09:00:00-05:30",
            "every month up to but not at Tuesday 30 June 2026 09:00 at UTC-05:30, 5 times"},
       }) {
    CAPTURE(text);
    CHECK(words({repeating_interval{text}, "Europe/Berlin"}, at("2030-06-01T00:00:00Z")) == wanted);
  }
}

TEST_CASE("describe: what the clock does to a repeating interval without an offset") {
  CHECK(words({repeating_interval{"R/2026-03-01T02:30:00/P1D"}, "Europe/Berlin"}) ==
        "every day, counted from Sunday 1 March 2026 02:30, for ever, Europe/Berlin; skipped on "
        "Sunday 29 March 2026, when 02:30 does not exist; only the first time on Sunday 25 October "
        "2026, when 02:30 occurs twice");
}

TEST_CASE("describe: kinds are described even where this version refuses to run them") {
  recurrence rule{.start = instant("2026-01-05T09:00:00Z"), .rules = {"FREQ=WEEKLY;BYDAY=MO"}};
  rule.except_dates = {instant("2026-01-12T09:00:00Z")};
  CHECK(describe({rule, "UTC"}, new_year) ==
        "every week on Monday, counted from Monday 5 January 2026 09:00, except Monday 12 January "
        "2026 09:00, UTC");
  CHECK(describe({custom_rule{"moon", 2, "{}"}, "UTC"}, new_year) ==
        "by the program's own rule 'moon', version 2");
}

std::string left_out(const exclusion& out_of) {
  const trigger_spec night{crontab("0 3 * * *"), "UTC", instant("2026-01-01T00:00:00Z")};
  const auto all = words({filtered{{night}, {out_of}, {}}, "UTC"});
  const auto begin = all.find("; except ");
  return begin == std::string::npos ? all : all.substr(begin + 2);
}

TEST_CASE("describe: days and calendars that are left out") {
  CHECK(left_out({"", {{{2026, 12, 24}, {2026, 12, 26}}, {{2027, 1, 1}, {2027, 1, 1}}}, {}}) ==
        "except on Thursday 24 December 2026 to Saturday 26 December 2026 and Friday 1 January "
        "2027");
  CHECK(left_out(
            {"holidays", {{{2026, 12, 24}, {2026, 12, 26}}, {{2026, 1, 1}, {2026, 1, 1}}}, {}}) ==
        "except on the days of calendar 'holidays' (4 days, Thursday 1 January 2026 to Saturday 26 "
        "December 2026)");
  CHECK(left_out({"holidays", {{{2026, 12, 24}, {2026, 12, 24}}}, crontab("* * * * sun")}) ==
        "except on the days of calendar 'holidays' (1 day, Thursday 24 December 2026); except on "
        "Sunday");
}

TEST_CASE("describe: patterns that are left out are stretches of time") {
  for (const auto& [text, wanted] : table{
           {"* * * * sat,sun", "except on Saturday and Sunday"},
           {"* * 24 12 *", "except on the 24th of December"},
           {"* * * 12 *", "except every day of December"},
           {"* 12 * * *", "except from 12:00 to 13:00 every day"},
           {"* 0-5,22-23 * * mon", "except from 00:00 to 06:00 and from 22:00 to 24:00 on Monday"},
           {"0-9 * * * *", "except in minutes 0 to 9 of every hour"},
           {"30 9-17 * * *", "except in minute 30 of the hours 09 to 17 every day"},
           {"* * * * *", "except always"},
       }) {
    CAPTURE(text);
    CHECK(left_out({"", {}, crontab(text)}) == wanted);
    CHECK(left_out({"", {}, crontab(text, cron_dialect::vixie)}) == wanted);
    CHECK(left_out({"", {}, crontab(text, cron_dialect::jenkins)}) == wanted);
  }
  CHECK(left_out({"", {}, *cron_from_quartz("0 0 12 ? * SUN")}) == "except at 12:00 on Sunday");
}

TEST_CASE("describe: windows, and the zone in which they are read") {
  const trigger_spec often{crontab("*/10 * * * *"), "UTC", instant("2026-01-01T00:00:00Z")};
  const std::string inner = "every 10 minutes, UTC; from Thursday 1 January 2026 00:00";
  const auto within = [&](time_window window) {
    return words({filtered{{often}, {}, {window}}, "UTC"});
  };
  CHECK(within({9 * 3600, 17 * 3600, 0x1f}) ==
        inner + "; only from 09:00 to 17:00 on Monday to Friday");
  CHECK(within({22 * 3600, 2 * 3600, 0x20}) ==
        inner + "; only from 22:00 to 02:00 the next day, beginning on Saturday");
  CHECK(within({0, 86'400, 0x60}) == inner + "; only on Saturday and Sunday");
  CHECK(within({}) == inner + "; only at any time");
  CHECK(words({filtered{{often},
                        {{"", {}, crontab("* * * * sun")}},
                        {{9 * 3600, 17 * 3600}, {20 * 3600, 21 * 3600}}},
               "Asia/Tokyo"}) ==
        inner + "; only from 09:00 to 17:00 or from 20:00 to 21:00; except on Sunday; what is left "
                "out is read in Asia/Tokyo");
}

} // namespace
} // namespace carillon::triggers
