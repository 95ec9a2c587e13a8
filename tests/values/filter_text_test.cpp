#include "carillon/trigger.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

namespace carillon {
namespace {

TEST_CASE("window text: what is read") {
  struct row {
    const char* text;
    time_window window;
    const char* written;
  };
  const row rows[] = {
      {"09:00-17:00 mon-fri", {32'400, 61'200, 0x1f}, "09:00-17:00 mon-fri"},
      {" 22:30-06:00\t", {81'000, 21'600, 0x7f}, "22:30-06:00"},
      {"00:00-24:00 Sat,SUN", {0, 86'400, 0x60}, "00:00-24:00 sat-sun"},
      {"00:00:01-23:59:59 fri-mon", {1, 86'399, 0x71}, "00:00:01-23:59:59 mon,fri-sun"},
      {"08:00-08:00 mon-sun", {28'800, 28'800, 0x7f}, "08:00-08:00"},
      {"08:00-09:00 wed,mon-tue,wed", {28'800, 32'400, 0x07}, "08:00-09:00 mon-wed"},
  };
  for (const auto& [text, window, written] : rows) {
    const auto read = window_from_text(text);
    INFO(text << ": " << (read ? "" : read.error().message));
    REQUIRE(read);
    CHECK(*read == window);
    CHECK(window_text(window) == written);
  }
}

TEST_CASE("window text: mistakes are named with their column") {
  struct row {
    const char* text;
    int column;
    const char* words;
  };
  const row rows[] = {
      {"", 1, "two digits"},
      {"9:00-17:00", 1, "two digits"},
      {"25:00-17:00", 1, "25 is higher than 24"},
      {"09:60-17:00", 4, "60 is higher than 59"},
      {"24:30-17:00", 1, "the day ends at 24:00"},
      {"24:00-17:00", 1, "begins at 23:59:59"},
      {"09:00 17:00", 6, "'-' is expected"},
      {"09:00-00:00", 7, "ends at 24:00"},
      {"09:00-17:00mon", 12, "a blank"},
      {"09:00-17:00 mon,", 17, "a weekday"},
      {"09:00-17:00 mon-", 17, "a weekday"},
      {"09:00-17:00 monday", 16, "',' or the end"},
      {"09:00-17:00 mon tue", 17, "',' or the end"},
  };
  for (const auto& [text, column, words] : rows) {
    const auto read = window_from_text(text);
    INFO(text);
    REQUIRE_FALSE(read);
    INFO(read.error().message);
    CHECK(read.error().message.find("column " + std::to_string(column) + ": ") !=
          std::string::npos);
    CHECK(read.error().message.find(words) != std::string::npos);
  }
}

TEST_CASE("days text: one day or both ends of a range") {
  CHECK(days_from_text("2026-12-24").value() == date_range{{2026, 12, 24}, {2026, 12, 24}});
  CHECK(days_from_text("2026-12-24/2027-01-06").value() ==
        date_range{{2026, 12, 24}, {2027, 1, 6}});
  CHECK(days_text({{2026, 12, 24}, {2026, 12, 24}}) == "2026-12-24");
  CHECK(days_text({{2026, 12, 24}, {2027, 1, 6}}) == "2026-12-24/2027-01-06");
  for (const char* text : {"", "24.12.2026", "2026-02-29", "2026-12-24/", "/2026-12-24",
                           "2026-12-24/2026-12-23", "2026-12-24 ", "2026-12-24/2026-12-25/2026"})
    CHECK_FALSE(days_from_text(text));
}

TEST_CASE("window text: what is written is read back equal") {
  CHECK(rc::check([] {
    const time_window window{*rc::gen::inRange<std::uint32_t>(0, 86'400),
                             *rc::gen::inRange<std::uint32_t>(1, 86'401),
                             static_cast<std::uint8_t>(*rc::gen::inRange(1, 128))};
    RC_ASSERT(window_from_text(window_text(window)).value() == window);
  }));
}

} // namespace
} // namespace carillon
