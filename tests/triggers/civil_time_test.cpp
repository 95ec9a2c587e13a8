#include "triggers/civil_time.hpp"

#include "triggers/trigger_support.hpp"

#include <date/tz.h>

namespace carillon::triggers {
namespace {

second_count utc(std::string_view text) { return floor_second(test::at(text)); }

TEST_CASE("civil_time: offsets before 2037 are those of date-tz, in every sixth hour of a sample") {
  const auto* name =
      GENERATE("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
               "Africa/Monrovia", "Asia/Kathmandu", "Asia/Gaza", "Africa/Casablanca",
               "America/Caracas", "Europe/London", "UTC", "Asia/Tehran", "Antarctica/Troll");
  const auto zone = find_zone(name);
  REQUIRE(zone);
  const auto* other = date::locate_zone(name);
  for (auto t = utc("1920-01-01T00:30:00Z"); t < utc("2036-12-31T00:00:00Z"); t += 6 * 3600) {
    const auto info = other->get_info(date::sys_seconds{std::chrono::seconds{t}});
    const auto period = (*zone)->period_at(t);
    if (period.offset != info.offset.count()) {
      INFO(name << ' ' << to_rfc3339(at_second(t)));
      REQUIRE(period.offset == info.offset.count());
    }
    if (t < period.begin || t >= period.end)
      REQUIRE(period.begin <= t);
  }
}

TEST_CASE("civil_time: the yearly rule goes on after 2037, to 2100 and far beyond") {
  const auto berlin = find_zone("Europe/Berlin").value();
  REQUIRE(berlin->period_at(utc("2038-01-15T12:00:00Z")).offset == 3600);
  REQUIRE(berlin->period_at(utc("2038-07-15T12:00:00Z")).offset == 7200);
  REQUIRE(berlin->period_at(utc("2100-07-15T12:00:00Z")).offset == 7200);
  // The last Sunday of March 2100 is the 28th.
  REQUIRE(berlin->period_at(utc("2100-03-28T00:59:59Z")).offset == 3600);
  REQUIRE(berlin->period_at(utc("2100-03-28T01:00:00Z")).offset == 7200);
  REQUIRE(berlin->period_at(utc("2900-07-15T12:00:00Z")).offset == 7200);
  REQUIRE(berlin->period_at(utc("9999-12-31T23:59:59Z")).offset == 3600);
  const auto sydney = find_zone("Australia/Sydney").value();
  REQUIRE(sydney->period_at(utc("2099-01-15T00:00:00Z")).offset == 11 * 3600);
  REQUIRE(sydney->period_at(utc("2099-07-15T00:00:00Z")).offset == 10 * 3600);
  const auto new_york = find_zone("America/New_York").value();
  for (int year = 2038; year <= 2600; ++year) {
    const auto text = std::to_string(year);
    REQUIRE(new_york->period_at(utc(text + "-07-01T12:00:00Z")).offset == -4 * 3600);
    REQUIRE(new_york->period_at(utc(text + "-12-31T12:00:00Z")).offset == -5 * 3600);
  }
}

TEST_CASE("civil_time: a wall clock time has no instant in a gap and two in a repeated hour") {
  const auto zone = find_zone("Europe/Berlin").value();
  REQUIRE(zone->instants_of(utc("2026-03-29T02:30:00Z")).empty());
  REQUIRE_FALSE(zone->first_instant_of(utc("2026-03-29T02:30:00Z")));
  REQUIRE(zone->instants_of(utc("2026-10-25T02:30:00Z")) ==
          std::vector{utc("2026-10-25T00:30:00Z"), utc("2026-10-25T01:30:00Z")});
  REQUIRE(zone->first_instant_of(utc("2026-10-25T02:30:00Z")) == utc("2026-10-25T00:30:00Z"));
  REQUIRE(zone->instants_of(utc("2026-07-01T12:00:00Z")) ==
          std::vector{utc("2026-07-01T10:00:00Z")});
  // Samoa left out a whole day.
  REQUIRE(find_zone("Pacific/Apia").value()->instants_of(utc("2011-12-30T12:00:00Z")).empty());
}

TEST_CASE("civil_time: the digest tells zones apart by what they do, not by their name (DST-10)") {
  const auto digest = [](const char* name) { return find_zone(name).value()->digest(); };
  CHECK(digest("Europe/Berlin") != digest("Europe/Paris"));
  CHECK(digest("Europe/London") == digest("GB"));
  CHECK(digest("UTC") == digest("Etc/UTC"));
  const std::vector<time_zone::change> changes{{0, 3600}, {1'000, 7200}};
  const time_zone one{"Test/One", 0, changes};
  auto moved = changes;
  moved.back().at += 1;
  CHECK(one.digest() == time_zone{"Test/Two", 0, changes}.digest());
  CHECK(one.digest() != time_zone{"Test/One", 0, moved}.digest());
  CHECK(one.digest() != time_zone{"Test/One", 1, changes}.digest());
}

TEST_CASE("next: a trigger's digest is that of the zones its fire times depend on (TIM-22)") {
  const auto digest = [](const trigger_spec& spec) { return zone_digest(test::built(spec)); };
  const auto daily = test::with(test::crontab("0 3 * * *"), "Europe/Berlin");
  const auto every = test::with(interval{std::chrono::hours{1}}, "Europe/Berlin");
  CHECK(digest(every) == 0);
  CHECK(digest(daily) == find_zone("Europe/Berlin").value()->digest());
  CHECK(digest(test::with(test::crontab("0 3 * * *"), "Asia/Tokyo")) != digest(daily));
  CHECK(digest(test::with(any_of{{daily, every}}, "Asia/Tokyo")) !=
        digest(test::with(any_of{{every, daily}}, "Asia/Tokyo")));
  CHECK(digest(test::with(any_of{{every}}, "Asia/Tokyo")) == 0);
}

TEST_CASE("next: recomputed, a schedule goes on after what was settled (TIM-22)") {
  auto spec = test::with(test::crontab("0 3 * * *"), "Europe/Berlin");
  spec.start_time = test::instant("2026-03-27T00:00:00Z");
  const auto trigger = test::built(spec);
  CHECK(recompute(trigger, {})->at == test::at("2026-03-27T02:00:00Z"));
  // Settled under the old rules at 03:00+01:00; the next was expected at +01:00, too.
  const auto again = recompute(trigger, test::at("2026-03-28T02:00:00Z"));
  CHECK(again->at == test::at("2026-03-29T01:00:00Z"));
  CHECK(again->cursor.last == again->at);
}

TEST_CASE("civil_time: names that are no zones are refused, whatever files they would reach") {
  for (const auto* name :
       {"", "europe", "Europe", "Europe/Berlim", "/etc/passwd", "../zoneinfo/UTC",
        "Europe/../Europe/Berlin", "file:/etc/passwd", ":UTC", "right/UTC", "localtime",
        "Fixed/UTC+01:00:00", "Europe/Berlin ", "zone.tab"}) {
    INFO(name);
    const auto zone = find_zone(name);
    REQUIRE_FALSE(zone);
    REQUIRE(zone.error().code == errc::invalid_argument);
    REQUIRE(zone.error().field == "trigger.timezone");
  }
}

TEST_CASE("civil_time: dates count from 1970 in both directions") {
  REQUIRE(day_number({1970, 1, 1}) == 0);
  REQUIRE(day_number({1969, 12, 31}) == -1);
  REQUIRE(date_of(day_number({2000, 2, 29})) == civil_date{2000, 2, 29});
  REQUIRE(exists({2024, 2, 29}));
  REQUIRE_FALSE(exists({2023, 2, 29}));
  REQUIRE_FALSE(exists({1900, 2, 29}));
  REQUIRE(floor_second(time_point{duration{-1}}) == -1);
  REQUIRE(ceil_second(time_point{duration{-1}}) == 0);
  REQUIRE(ceil_second(time_point{duration{1}}) == 1);
}

} // namespace
} // namespace carillon::triggers
