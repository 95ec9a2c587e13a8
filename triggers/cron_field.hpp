#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::triggers {

/// The eight fields of a cron expression, in the order that decides their defaults (CRN-02).
enum class cron_field : std::uint8_t { year, month, day, week, day_of_week, hour, minute, second };
inline constexpr std::size_t cron_field_count = 8;

/// Years `first`, `first + step`, ... up to `last`.
struct year_range {
  std::int16_t first = 1970;
  std::int16_t last = 9999;
  std::int16_t step = 1;
};

/// What one field allows.
struct field_set {
  /// Allowed values as bits (day_of_week: bit 0 = Monday). Unused for `year`.
  std::uint64_t values = 0;
  /// `day`, in quartz `day_of_week`: bits 0 to 4 = 1st to 5th, bit 5 = last of that weekday
  /// (index 0 = Monday).
  std::array<std::uint8_t, 7> nth{};
  /// Only `day`: bit n = the n-th day counted from the month's end, 1 (the last day) to 31.
  std::uint32_t days_from_end = 0;
  /// Only `day`, quartz: bits 1 to 31, the weekday nearest to that day of the month.
  std::uint32_t nearest_to = 0;
  /// Only `day`, quartz: as `days_from_end`, the weekday nearest to that day.
  std::uint32_t nearest_to_from_end = 0;
  /// Dialect quartz: the field is `?`.
  bool is_open = false;
  /// Only `year`; empty = all years.
  std::vector<year_range> years;
  /// The text began with `*`: unrestricted in the eyes of dialect vixie.
  bool begins_with_star = false;
  /// Canonical text: lower case, no blanks around commas, weekday numbers as names (CRN-21).
  std::string text;
};

/// What `H` and `a~b` become numbers from. The same seed gives the same numbers, for ever.
struct spread_seed {
  std::uint64_t of_schedule = 0; ///< `H`: from the id of the schedule.
  std::uint64_t of_adding = 0;   ///< `a~b`: drawn anew each time a trigger is set.
};

/// Longest text of one field, in bytes.
inline constexpr std::size_t cron_field_bytes_max = 512;

/// The name of a field: "day_of_week".
std::string_view field_name(cron_field which);

/// Reads one field. `H`, `H/n`, `H(a-b)`, `H(a-b)/n` and `a~b` become numbers by `seed` in the
/// canonical text; without a seed they are errors. Dialect quartz has neither.
/// Errors: invalid_argument; the message names the value, its column (from 1) and what is allowed,
/// `field` is "trigger.spec." and the field's name.
expected<field_set> parse_field(cron_field which, std::string_view text, cron_dialect dialect,
                                const spread_seed* seed = nullptr);

/// `parse_field` for dialect quartz, which see (quartz.cpp). Quartz 2.3.2 ignores some trailing
/// text, such as the step of MON-FRI/2; here it is refused.
expected<field_set> parse_quartz_field(cron_field which, std::string_view text);

/// Last year of a quartz expression.
inline constexpr int quartz_year_max = 2199;

} // namespace carillon::triggers
