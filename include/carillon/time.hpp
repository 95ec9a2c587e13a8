#pragma once

#include "carillon/expected.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace carillon {

/// A span of time with microsecond resolution.
using duration = std::chrono::microseconds;

/// An instant in UTC with microsecond resolution (1970-01-01T00:00:00Z = 0).
using time_point = std::chrono::time_point<std::chrono::system_clock, duration>;

/// Where "now" comes from. Rules never read a clock; shells read one and pass the instant down.
class clock {
public:
  virtual ~clock() = default;
  /// The current instant in UTC. May jump when the machine's clock is set.
  virtual time_point now() const = 0;
};

/// The machine's wall clock. Lives as long as the process.
const clock& wall_clock();

/// RFC 3339 in UTC with microseconds only where there are any: "2026-03-29T01:00:00Z".
std::string to_rfc3339(time_point t);

/// The same instant at a fixed offset from UTC: "2026-03-29T03:00:00+02:00".
std::string to_rfc3339(time_point t, std::chrono::seconds offset);

/// Reads RFC 3339 with an offset or `Z`; seconds' fraction optional (digits past the sixth must be
/// 0).
/// Errors: invalid_argument.
expected<time_point> parse_instant(std::string_view text);

/// Reads a number of seconds ("1.5") or units joined without blanks, largest first: w d h m s ms
/// us.
/// Examples: "250ms", "30s", "1h30m", "2d". A leading '-' is refused. Errors: invalid_argument.
expected<duration> parse_duration(std::string_view text);

/// The shortest text that `parse_duration` reads back to the same value: "1h30m", "250ms", "0s".
std::string to_string(duration d);

} // namespace carillon
