#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::triggers {

/// Most days, or ranges of days, of an exclusion or of a calendar: enough for the holidays of a
/// country until the end of the century.
inline constexpr std::size_t day_ranges_max = 4096;

/// A stretch [begin, end), for example of days since 1970.
using stretch = std::pair<std::int64_t, std::int64_t>;

/// Sorted, and those that overlap or touch joined.
std::vector<stretch> joined(std::vector<stretch> all);

/// As ranges of dates.
std::vector<date_range> to_ranges(const std::vector<stretch>& stretches);

/// Errors: limit_exceeded; invalid_argument (no such date, an end before its begin), with the field
/// `field` or "FIELD[3]".
expected<void> check_days(const std::vector<date_range>& days, std::string_view field);

/// Days that `check_days` accepts in their one form: sorted, ranges that touch joined.
std::vector<date_range> canonical_days(const std::vector<date_range>& days);

} // namespace carillon::triggers
