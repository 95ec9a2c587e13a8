// Repeating intervals of ISO 8601 beyond the vectors.

#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

using test::texts;

trigger_spec repeating(const std::string& text, std::string zone = "UTC") {
  return {repeating_interval{text}, std::move(zone)};
}

texts fires(const std::string& text, int count, std::string zone = "UTC") {
  return test::fires(test::built(repeating(text, std::move(zone))), count);
}

void refuses(const std::string& text, const std::string& column, const std::string& why) {
  INFO(text);
  const auto error = test::refused(repeating(text));
  INFO(error.message);
  CHECK(error.field == "trigger.spec.interval");
  CHECK(error.message.find(column) != std::string::npos);
  CHECK(error.message.find(why) != std::string::npos);
}

TEST_CASE("repeating: months count from the start, never from each other") {
  CHECK(fires("R5/2026-01-31T09:00:00Z/P1M", 9) ==
        texts{"2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z", "2026-03-31T09:00:00Z",
              "2026-04-30T09:00:00Z", "2026-05-31T09:00:00Z"});
  CHECK(fires("R3/2024-02-29T00:00:00Z/P1Y", 9) ==
        texts{"2024-02-29T00:00:00Z", "2025-02-28T00:00:00Z", "2026-02-28T00:00:00Z"});
  CHECK(fires("R2/2026-01-31T09:00:00Z/P1M1DT1H", 9) ==
        texts{"2026-01-31T09:00:00Z", "2026-03-01T10:00:00Z"});
}

TEST_CASE("repeating: an offset in the text counts, else the trigger's zone") {
  CHECK(fires("R2/2026-03-28T09:00:00+01:00/P1D", 9, "Europe/Berlin") ==
        texts{"2026-03-28T09:00:00+01:00", "2026-03-29T10:00:00+02:00"});
  CHECK(fires("R2/2026-03-28T09:00:00/P1D", 9, "Europe/Berlin") ==
        texts{"2026-03-28T09:00:00+01:00", "2026-03-29T09:00:00+02:00"});
  // Hours are elapsed time.
  CHECK(fires("R2/2026-03-28T09:00:00/PT24H", 9, "Europe/Berlin") ==
        texts{"2026-03-28T09:00:00+01:00", "2026-03-29T10:00:00+02:00"});
  // A gap is left out, and counts.
  CHECK(fires("R3/2026-03-28T02:30:00/P1D", 9, "Europe/Berlin") ==
        texts{"2026-03-28T02:30:00+01:00", "2026-03-30T02:30:00+02:00"});
}

TEST_CASE("repeating: start and end, period and end") {
  CHECK(fires("R3/2026-01-01T00:00:00Z/2026-01-01T01:30:00Z", 9) ==
        texts{"2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z", "2026-01-01T03:00:00Z"});
  CHECK(fires("R3/P1D/2026-01-04T00:00:00Z", 9) ==
        texts{"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"});
  CHECK(fires("R2/P1M/2026-03-31T00:00:00Z", 9) ==
        texts{"2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"});
  CHECK(fires("R3/PT1H/2026-01-04T00:00:00Z", 9) ==
        texts{"2026-01-03T21:00:00Z", "2026-01-03T22:00:00Z", "2026-01-03T23:00:00Z"});
  CHECK(fires("R0/PT1H/2026-01-04T00:00:00Z", 9).empty());
  CHECK(fires("R0/2026-01-04T00:00:00Z/PT1H", 9).empty());
}

TEST_CASE("repeating: fractions, basic format, canonical text") {
  CHECK(fires("R2/20260101T0000Z/PT0.5S", 9) ==
        texts{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.500000Z"});
  CHECK(fires("R2/20260101T000000+0100/P0.5D", 9) ==
        texts{"2025-12-31T23:00:00Z", "2026-01-01T11:00:00Z"});
  const auto canonical = [](const std::string& text) {
    const auto out = resolve(repeating(text), test::utc_context);
    REQUIRE(out);
    REQUIRE(resolve(*out, test::utc_context).value() == *out);
    return std::get<repeating_interval>(out->kind).text;
  };
  CHECK(canonical("R/20260101T0900+0545/P1Y2M3W4DT5H6M7S") ==
        "R/2026-01-01T09:00:00+05:45/P1Y2M25DT5H6M7S");
  CHECK(canonical("R2/2026-01-01/PT90M7,25S") == "R2/2026-01-01T00:00:00/PT1H30M7.25S");
  CHECK(canonical("R1/P1W/20260101") == "R1/P7D/2026-01-01T00:00:00");
  CHECK(canonical("R1/2026-01-01/PT87000000H") == "R1/2026-01-01T00:00:00/PT87000000H");
}

TEST_CASE("repeating: a seek finds the occurrence by halving") {
  const auto trigger = test::built(repeating("R/2000-01-31T00:00:00Z/P1M"));
  const auto found = seek(trigger, {}, test::at("9000-02-01T00:00:00Z"));
  REQUIRE(found);
  CHECK(to_rfc3339(*found->at) == "9000-02-28T00:00:00Z");
  CHECK_FALSE(seek(trigger, {}, test::at("9999-12-31T23:59:59Z"))->at);
}

TEST_CASE("repeating: mistakes are refused with their column") {
  refuses("", "column 1", "not an R");
  refuses("3/2026-01-01T00:00:00Z/P1D", "column 1", "not an R");
  refuses("R3", "column 3", "expected is /");
  refuses("R-1/2026-01-01T00:00:00Z/P1D", "column 2", "expected is /");
  refuses("R9999999999/2026-01-01T00:00:00Z/P1D", "column 2", "0 to 1000000000");
  refuses("R3/2026-01-01T00:00:00Z", "column 24", "missing");
  refuses("R3/2026-13-01T00:00:00Z/P1D", "column 4", "not a time");
  refuses("R3/2026-01-01T00:00:00Z/P", "column 25", "empty period");
  refuses("R3/2026-01-01T00:00:00Z/P0D", "column 25", "empty period");
  refuses("R3/2026-01-01T00:00:00Z/P1H", "column 27", "Y, M, W, D");
  refuses("R3/2026-01-01T00:00:00Z/PT1D", "column 28", "H, M, S");
  refuses("R3/2026-01-01T00:00:00Z/P1D1M", "column 29", "in this order");
  refuses("R3/2026-01-01T00:00:00Z/P1DT", "column 29", "missing");
  refuses("R3/2026-01-01T00:00:00Z/P0.5M", "column 26", "fraction of a year or month");
  refuses("R3/2026-01-01T00:00:00Z/PT0.5H3M", "column 27", "only the last");
  refuses("R3/2026-01-01T00:00:00Z/P20000Y", "column 25", "10,000 years");
  refuses("R3/2026-01-01T00:00:00Z/PT999999999999999H", "column 25", "10,000 years");
  refuses("R0/4552-01-30/P0MT477M6301558303308,5S", "column 15", "10,000 years");
  refuses("R/P1D/2026-01-01T00:00:00Z", "column 1", "no first time");
  refuses("R3/P1D/P1D", "column 8", "second period");
  refuses("R3/2026-01-01T00:00:00Z/2026-01-02T00:00:00", "column 25", "offset");
  refuses("R3/2026-01-01T00:00:00Z/2025-01-02T00:00:00Z", "", "not after its start");
  refuses("R4/2010-12-16T14:30+00:00:45/P1D", "column 20", "offset with seconds");
  refuses("R3/2026-01-01T00:00:00.5Z/P1D", "", "fractions of a second");
  refuses("R999999999/P1Y/2026-01-01T00:00:00Z", "", "year 0000");
}

} // namespace
} // namespace carillon::triggers
