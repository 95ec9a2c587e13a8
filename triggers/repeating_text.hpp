#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::triggers {

/// A period of ISO 8601: "P1Y2M10DT2H30M".
struct iso_period {
  std::int64_t months = 0; ///< Years are twelve of them.
  std::int64_t days = 0;   ///< Weeks are seven of them.
  duration time{};         ///< Hours, minutes, seconds, and fractions of days.
  bool operator==(const iso_period&) const = default;
};

/// A time of ISO 8601: what the wall clock shows, and where it hangs.
struct iso_time {
  time_point wall{};
  std::optional<std::chrono::seconds> offset; ///< From UTC; none = in the trigger's zone.
  bool operator==(const iso_time&) const = default;
};

/// A repeating interval as written (ISO 8601-1, section 5.6): two of start, end and period.
struct repeating_text {
  std::optional<std::int64_t> count = {}; ///< Occurrences in total; none = no end.
  std::optional<iso_time> start = {};
  std::optional<iso_period> period = {};
  std::optional<iso_time> end = {};
};

/// What a repeating interval hangs on.
const iso_time& anchor_of(const repeating_text& interval);

/// Whether it repeats at wall-clock times, those of its offset or of the trigger's zone: its period
/// has years, months, weeks or days. Else it is elapsed time.
bool is_on_wall_clock(const repeating_text& interval);

/// Highest number after R.
inline constexpr std::int64_t repetitions_max = 1'000'000'000;

/// Reads "Rn/start/period", "Rn/start/end" or "Rn/period/end"; without n the first two have no end.
/// Errors: invalid_argument with field "trigger.spec.interval"; the message names the column.
expected<repeating_text> parse_repeating(std::string_view text);

/// The canonical text, in the extended format: what `parse_repeating` reads.
std::string to_string(const repeating_text& interval);

} // namespace carillon::triggers
