// The DST matrix of the specification (Europe/Berlin 2026), row by row.

#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

using test::built;
using test::fires;
using test::texts;

cron at_time(std::optional<std::string> hour, std::string minute) {
  cron out;
  out.hour = std::move(hour);
  out.minute = std::move(minute);
  return out;
}

texts berlin(const decltype(trigger_spec::kind)& kind, const std::string& start, int count) {
  return fires(built(test::with(kind, "Europe/Berlin", test::wall(start))), count);
}

texts vixie(std::string_view text, const std::string& start, int count) {
  return berlin(test::crontab(text, cron_dialect::vixie), start, count);
}

TEST_CASE("dst: a daily time inside the gap is skipped (DST-01)") {
  REQUIRE(berlin(at_time("2", "30"), "2026-03-28T00:00:00", 2) ==
          texts{"2026-03-28T02:30:00+01:00", "2026-03-30T02:30:00+02:00"});
}

TEST_CASE("dst: a calendar interval goes on from the date it had to leave out (DST-02, CAL-07)") {
  calendar_interval every_two_days;
  every_two_days.days = 2;
  every_two_days.hour = 2;
  every_two_days.minute = 30;
  every_two_days.start_date = civil_date{2026, 3, 27};
  REQUIRE(fires(built(test::with(every_two_days, "Europe/Berlin")), 2) ==
          texts{"2026-03-27T02:30:00+01:00", "2026-03-31T02:30:00+02:00"});
}

TEST_CASE("dst: a daily time in the repeated hour fires twice, a calendar interval once (DST-03)") {
  REQUIRE(
      berlin(at_time("2", "30"), "2026-10-25T00:00:00", 3) ==
      texts{"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"});
  calendar_interval daily;
  daily.days = 1;
  daily.hour = 2;
  daily.minute = 30;
  daily.start_date = civil_date{2026, 10, 25};
  REQUIRE(fires(built(test::with(daily, "Europe/Berlin")), 2) ==
          texts{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"});
}

TEST_CASE("dst: hourly times are an hour apart through both changes (DST-04, DST-05)") {
  REQUIRE(berlin(at_time("*", "0"), "2026-03-29T00:00:00", 4) ==
          texts{"2026-03-29T00:00:00+01:00", "2026-03-29T01:00:00+01:00",
                "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"});
  REQUIRE(berlin(at_time("*", "0"), "2026-10-25T01:00:00", 4) ==
          texts{"2026-10-25T01:00:00+02:00", "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"});
}

TEST_CASE("dst: even hours and ranges repeat with the clock (DST-06, DST-07)") {
  REQUIRE(berlin(at_time("*/2", "0"), "2026-10-25T00:00:00", 4) ==
          texts{"2026-10-25T00:00:00+02:00", "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:00:00+01:00", "2026-10-25T04:00:00+01:00"});
  REQUIRE(berlin(at_time("1-3", "30"), "2026-10-25T00:00:00", 4) ==
          texts{"2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00",
                "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"});
}

TEST_CASE("dst: the end of the gap fires (DST-08)") {
  REQUIRE(berlin(at_time("3", "0"), "2026-03-29T00:00:00", 1) ==
          texts{"2026-03-29T03:00:00+02:00"});
}

TEST_CASE("dst: half hours, lost days and double summer time follow the wall clock (DST-09)") {
  const auto daily = [](const char* zone, const char* hour, const char* minute, const char* start) {
    return fires(built(test::with(at_time(hour, minute), zone, test::instant(start))), 2);
  };
  REQUIRE(daily("Australia/Lord_Howe", "1", "45", "2024-04-06T12:00:00Z") ==
          texts{"2024-04-07T01:45:00+11:00", "2024-04-07T01:45:00+10:30"});
  REQUIRE(daily("Australia/Lord_Howe", "2", "15", "2024-10-05T12:00:00Z") ==
          texts{"2024-10-07T02:15:00+11:00", "2024-10-08T02:15:00+11:00"});
  REQUIRE(daily("Pacific/Apia", "12", "0", "2011-12-29T12:00:00Z") ==
          texts{"2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00"});
}

TEST_CASE("dst: rules of 2038 to 2100 are kept") {
  REQUIRE(berlin(at_time("2", "30"), "2038-03-27T00:00:00", 2) ==
          texts{"2038-03-27T02:30:00+01:00", "2038-03-29T02:30:00+02:00"});
  REQUIRE(berlin(at_time("2", "30"), "2100-10-31T00:00:00", 2) ==
          texts{"2100-10-31T02:30:00+02:00", "2100-10-31T02:30:00+01:00"});
  REQUIRE(fires(built(test::with(at_time("9", "0"), "America/New_York",
                                 test::instant("2087-07-01T00:00:00Z"))),
                1) == texts{"2087-07-01T09:00:00-04:00"});
}

TEST_CASE("vixie: a fixed time in the gap runs right after it, in the repeated hour once") {
  REQUIRE(vixie("30 2 * * *", "2026-03-28T12:00:00", 2) ==
          texts{"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"});
  REQUIRE(vixie("0,30 2,3 * * *", "2026-03-28T12:00:00", 2) ==
          texts{"2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"});
  REQUIRE(vixie("30 2 * * *", "2026-10-25T00:00:00", 2) ==
          texts{"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"});
}

TEST_CASE("vixie: a time with a star follows the wall clock through both changes") {
  REQUIRE(vixie("30 * * * *", "2026-03-29T00:45:00", 2) ==
          texts{"2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"});
  REQUIRE(vixie("*/30 2 * * *", "2026-10-25T01:00:00", 5) ==
          texts{"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00",
                "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00",
                "2026-10-26T02:00:00+01:00"});
  REQUIRE(vixie("*/30 2 * * *", "2026-03-28T12:00:00", 1) == texts{"2026-03-30T02:00:00+02:00"});
}

TEST_CASE("vixie: a change of three hours or more is no daylight saving: what it skips is lost") {
  const auto trigger = built(test::with(test::crontab("0 12 30 12 *", cron_dialect::vixie),
                                        "Pacific/Apia", test::instant("2011-12-01T00:00:00Z")));
  REQUIRE(fires(trigger, 1) == texts{"2012-12-30T12:00:00+14:00"});
}

TEST_CASE("interval: elapsed time in every zone (DEV-7)") {
  const auto trigger = built(test::with(interval{std::chrono::hours{24}}, "Europe/Berlin",
                                        test::wall("2026-03-28T09:00:00")));
  REQUIRE(fires(trigger, 2) == texts{"2026-03-28T09:00:00+01:00", "2026-03-29T10:00:00+02:00"});
}

} // namespace
} // namespace carillon::triggers
