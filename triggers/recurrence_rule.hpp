#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::triggers {

/// FREQ, from the shortest period to the longest.
enum class frequency : std::uint8_t { secondly, minutely, hourly, daily, weekly, monthly, yearly };

/// One value of BYDAY.
struct ordinal_weekday {
  int ordinal = 0; ///< From the begin (1, 2 ...) or the end (-1 ...) of month or year; 0 = every.
  int weekday = 0; ///< 0 = Monday.
  auto operator<=>(const ordinal_weekday&) const = default;
};

/// A recurrence rule as written (RFC 5545, section 3.3.10). Lists are sorted and without repeats;
/// an empty one is a part that was not given.
struct recurrence_text {
  frequency freq = frequency::daily;
  std::int64_t interval = 1;
  std::optional<std::int64_t> count = {};
  std::optional<when> until = {}; ///< Inclusive.
  int week_start = 0;             ///< 0 = Monday.
  std::vector<int> months = {};
  std::vector<int> weeks = {}; ///< Negative ones count from the year's end, as the next two.
  std::vector<int> year_days = {};
  std::vector<int> month_days = {};
  std::vector<ordinal_weekday> weekdays = {};
  std::vector<int> hours = {};
  std::vector<int> minutes = {};
  std::vector<int> seconds = {};
  std::vector<int> positions = {};
};

/// Longest text of one rule, in bytes.
inline constexpr std::size_t recurrence_bytes_max = 8192;
/// Highest INTERVAL and COUNT.
inline constexpr std::int64_t recurrence_number_max = 1'000'000'000;

/// Reads a rule, with or without "RRULE:" before it. Beyond the RFC, BYWEEKNO, BYYEARDAY and
/// BYMONTHDAY are read with every FREQ and leave out the days that do not match, as python-dateutil
/// and rrule.js do. Errors: invalid_argument; the message names the part, its column (from 1) and
/// what is allowed, the field is `field`.
expected<recurrence_text> parse_recurrence(std::string_view text, const std::string& field);

/// The canonical text: FREQ first, parts in the order of the RFC, values sorted, defaults left out.
std::string to_string(const recurrence_text& rule);

} // namespace carillon::triggers
