#include "carillon/time.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using carillon::duration;
using carillon::errc;
using carillon::parse_duration;
using carillon::parse_instant;
using carillon::to_rfc3339;

TEST_CASE("time_text: an instant survives text and back") {
  for (const auto* text : {"1970-01-01T00:00:00Z", "2026-03-29T01:00:00Z", "1969-12-31T23:59:59.5Z",
                           "2100-02-28T23:59:59.999999Z", "0001-01-01T00:00:00Z"}) {
    const auto parsed = parse_instant(text);
    REQUIRE(parsed);
    CHECK(*parse_instant(to_rfc3339(*parsed)) == *parsed);
  }
  CHECK(to_rfc3339(*parse_instant("2026-03-29T03:00:00.250+02:00")) ==
        "2026-03-29T01:00:00.250000Z");
  CHECK(to_rfc3339(*parse_instant("2026-03-29T01:00:00Z"), -5h) == "2026-03-28T20:00:00-05:00");
}

TEST_CASE("time_text: what is not an instant is refused") {
  for (const auto* text :
       {"", "2026-03-29", "2026-03-29T03:00:00", "2026-02-30T00:00:00Z", "2026-03-29T24:00:00Z",
        "2026-03-29T03:00:00+2:00", "2026-03-29T03:00:00Zx", "2026-03-29T03:00:00.Z",
        "2026-03-29T03:00:00.1234567Z", "2026-13-01T00:00:00Z", "2026-03-29T03:00:00+25:00"}) {
    INFO(text);
    REQUIRE_FALSE(parse_instant(text));
    CHECK(parse_instant(text).error().code == errc::invalid_argument);
  }
}

TEST_CASE("time_text: durations are numbers of seconds or units, largest first") {
  CHECK(*parse_duration("0") == 0s);
  CHECK(*parse_duration("1.5") == 1500ms);
  CHECK(*parse_duration("250ms") == 250ms);
  CHECK(*parse_duration("1h30m") == 90min);
  CHECK(*parse_duration("2d") == 48h);
  CHECK(*parse_duration("1w") == 168h);
  CHECK(*parse_duration("5us") == 5us);
  for (const auto* text : {"", "m", "30m1h", "1h1h", "-5s", "5 s", "1x", "1.5h", "1.2.3",
                           "99999999999999999999s", "9999999999w", "1e3"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("time_text: a duration survives text and back") {
  for (const std::int64_t micros : {0LL, 1LL, 999LL, 1'000'000LL, 5'400'000'000LL,
                                    788'645'000'123LL, 9'000'000'000'000'000LL}) {
    const duration d{micros};
    CHECK(*parse_duration(carillon::to_string(d)) == d);
  }
}
