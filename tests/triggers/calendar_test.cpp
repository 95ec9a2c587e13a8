#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

using test::built;
using test::fires;
using test::texts;

calendar_interval calendar(std::uint32_t years, std::uint32_t months, std::uint32_t days,
                           civil_date start) {
  calendar_interval out;
  out.years = years;
  out.months = months;
  out.days = days;
  out.start_date = start;
  return out;
}

calendar_interval clamped(calendar_interval kind) {
  kind.clamp_day = true;
  return kind;
}

texts days(const calendar_interval& kind, int count) {
  texts out;
  for (const auto& text : fires(built(test::with(kind, "UTC")), count))
    out.push_back(text.substr(0, 10));
  return out;
}

TEST_CASE("calendar: months without the day are left out, never shortened (CAL-04)") {
  REQUIRE(days(calendar(0, 1, 0, {2026, 1, 31}), 4) ==
          texts{"2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"});
}

TEST_CASE("calendar: with clamp a month without the day gives its last, from the start (CAL-04)") {
  REQUIRE(days(clamped(calendar(0, 1, 0, {2026, 1, 31})), 5) ==
          texts{"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"});
  REQUIRE(days(clamped(calendar(1, 0, 0, {2024, 2, 29})), 5) ==
          texts{"2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"});
  REQUIRE(days(clamped(calendar(0, 1, 1, {2026, 1, 31})), 4) ==
          texts{"2026-01-31", "2026-03-01", "2026-04-02", "2026-05-03"});
  REQUIRE(test::refused(test::with(clamped(calendar(0, 0, 1, {2026, 1, 31})), "UTC")).field ==
          "trigger.spec.end_of_month");
}

TEST_CASE("calendar: months are added first, then days, from the last date (CAL-03, CAL-05)") {
  REQUIRE(days(calendar(0, 1, 1, {2026, 1, 31}), 4) ==
          texts{"2026-01-31", "2026-04-01", "2026-05-02", "2026-06-03"});
}

TEST_CASE("calendar: 29 February yearly fires in leap years (CAL-06)") {
  REQUIRE(days(calendar(1, 0, 0, {2024, 2, 29}), 3) ==
          texts{"2024-02-29", "2028-02-29", "2032-02-29"});
  REQUIRE(days(calendar(100, 0, 0, {2000, 2, 29}), 2) == texts{"2000-02-29", "2400-02-29"});
}

TEST_CASE("calendar: the first fire is on start_date, the last on end_date (CAL-02, CAL-09)") {
  auto kind = calendar(0, 0, 1, {2026, 1, 1});
  kind.end_date = civil_date{2026, 1, 2};
  REQUIRE(days(kind, 5) == texts{"2026-01-01", "2026-01-02"});
}

TEST_CASE("calendar: without start_date it starts today in its own zone") {
  calendar_interval kind;
  kind.days = 1;
  const resolve_context context{test::at("2026-01-01T22:00:00Z"), "Asia/Tokyo"};
  REQUIRE(fires(built(test::with(kind, ""), context), 1) == texts{"2026-01-02T00:00:00+09:00"});
}

TEST_CASE("calendar: it ends with the year 9999") {
  REQUIRE(days(calendar(4000, 0, 0, {2026, 1, 1}), 5) == texts{"2026-01-01", "6026-01-01"});
  REQUIRE(days(calendar(0, 1'000'000, 0, {2026, 1, 1}), 5) == texts{"2026-01-01"});
  REQUIRE(days(calendar(0, 0, 1'000'000, {9990, 1, 1}), 5) == texts{"9990-01-01"});
}

TEST_CASE("calendar: a seek finds what stepping finds") {
  const auto kind = GENERATE(calendar(0, 0, 3, {2026, 1, 1}), calendar(0, 1, 0, {2026, 1, 31}),
                             calendar(1, 2, 5, {2024, 2, 29}), calendar(4, 0, 0, {2024, 2, 29}),
                             calendar(0, 7, 0, {2025, 8, 31}), calendar(0, 0, 400, {1969, 1, 1}),
                             clamped(calendar(0, 1, 0, {1890, 1, 31})),
                             clamped(calendar(0, 5, 3, {2024, 8, 31})));
  const auto trigger = built(test::with(kind, "Europe/Berlin"));
  trigger_cursor cursor;
  std::optional<time_point> previous;
  for (int i = 0; i < 200; ++i) {
    const auto fire = next(trigger, cursor);
    REQUIRE(fire);
    REQUIRE(fire->at);
    REQUIRE(seek(trigger, {}, *fire->at)->at == fire->at);
    if (previous)
      REQUIRE(seek(trigger, {}, *previous + duration{1})->at == fire->at);
    previous = fire->at;
    cursor = fire->cursor;
  }
}

TEST_CASE("interval: starts at start_time and ends at end_time, inclusive (INT-02, INT-03)") {
  const auto trigger =
      built(test::with(interval{std::chrono::hours{1}}, "", test::instant("2026-01-01T00:00:00Z"),
                       test::instant("2026-01-01T02:00:00Z")));
  REQUIRE(fires(trigger, 9) ==
          texts{"2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"});
  REQUIRE(seek(trigger, {}, test::at("2026-01-01T00:00:00.000001Z"))->at ==
          test::at("2026-01-01T01:00:00Z"));
  REQUIRE_FALSE(seek(trigger, {}, test::at("2026-01-01T02:00:00.000001Z"))->at);
}

TEST_CASE("interval: a seek over ages is exact, and the longest step ends instead of wrapping") {
  const auto second =
      built(test::with(interval{duration{1}}, "", test::instant("1970-01-01T00:00:00Z")));
  REQUIRE(seek(second, {}, test::at("9999-12-31T23:59:59.999999Z"))->at ==
          test::at("9999-12-31T23:59:59.999999Z"));
  const auto longest =
      built(test::with(interval{duration::max()}, "", test::instant("2026-01-01T00:00:00Z")));
  REQUIRE(fires(longest, 3) == texts{"2026-01-01T00:00:00Z"});
}

TEST_CASE("interval: with a phase it ticks with all others of its length (INT-02, TIM-17)") {
  interval kind{std::chrono::hours{6}, std::chrono::minutes{90}};
  REQUIRE(fires(built(test::with(kind, "", test::instant("2026-01-01T00:00:00Z"))), 3) ==
          texts{"2026-01-01T01:30:00Z", "2026-01-01T07:30:00Z", "2026-01-01T13:30:00Z"});
  REQUIRE(fires(built(test::with(kind, "", test::instant("2026-01-01T01:30:00Z"))), 1) ==
          texts{"2026-01-01T01:30:00Z"});
  REQUIRE(fires(built(test::with(kind, "", test::instant("1969-12-31T20:00:00Z"))), 2) ==
          texts{"1970-01-01T01:30:00Z", "1970-01-01T07:30:00Z"});
  kind.phase = kind.every;
  REQUIRE(test::refused(test::with(kind, "")).field == "trigger.spec.phase");
  kind.phase = duration{-1};
  REQUIRE(test::refused(test::with(kind, "")).field == "trigger.spec.phase");
  const interval endless{duration::max(), duration::max() - duration{1}};
  REQUIRE(test::refused(test::with(endless, "")).field == "trigger.spec");
}

TEST_CASE("date: fires once, even in the past, and then never (DAT-01)") {
  const auto trigger = built(test::with(once{test::instant("1960-05-05T00:00:00Z")}, ""));
  REQUIRE(fires(trigger, 3) == texts{"1960-05-05T00:00:00Z"});
}

} // namespace
} // namespace carillon::triggers
