#pragma once

#include "triggers/civil_time.hpp"
#include "triggers/cron_field.hpp"
#include "triggers/clock_change.hpp"

#include <optional>

namespace carillon::triggers {

/// A cron expression ready for searching: one bit per allowed value, civil arithmetic for days.
struct cron_table {
  std::uint64_t seconds = 0;
  std::uint64_t minutes = 0;
  std::uint64_t weeks = 0; ///< ISO weeks, bits 1 to 53.
  std::uint32_t hours = 0;
  std::uint32_t days = 0;            ///< Bits 1 to 31.
  std::uint16_t months = 0;          ///< Bits 1 to 12.
  std::uint8_t weekdays = 0;         ///< Bit 0 = Monday.
  std::array<std::uint8_t, 7> nth{}; ///< See `field_set::nth`.
  bool has_nth = false;
  std::uint32_t days_from_end = 0; ///< Bit n: the n-th day from the month's end, 1 = the last.
  std::uint32_t nearest_to = 0;    ///< Bits 1 to 31: the weekday nearest to that day.
  std::uint32_t nearest_to_from_end = 0; ///< The same for days counted as in `days_from_end`.
  bool has_weeks = false;  ///< Some ISO weeks are not allowed.
  bool either_day = false; ///< Day of month OR weekday (dialect vixie, both restricted).
  bool is_fixed_time = false; ///< Neither the minute nor the hour begins with `*` (DST-03).
  std::vector<year_range> years; ///< Empty = 1970 to 9999.
};

/// Years that are searched for a match before an expression counts as finished (CRN-15): within
/// 400 years every combination of date and weekday comes up.
inline constexpr int cron_years_max = 400;

/// Fills the defaults of unset fields (CRN-02) and makes every text canonical (CRN-21).
/// `H` and `a~b` become numbers by `seed`. Fields that the dialect does not have stay unset.
/// Errors: invalid_argument.
expected<cron> canonical_cron(const cron& spec, const spread_seed* seed = nullptr);

/// Compiles an expression; unset fields get their defaults. Errors: invalid_argument.
expected<cron_table> compile_cron(const cron& spec);

/// The first wall-clock second at or after `wall` that matches; none within `cron_years_max`.
std::optional<second_count> next_match(const cron_table& table, second_count wall) noexcept;

/// The first wall-clock second at or after `wall` that does not match: never after the year 9999,
/// where nothing matches any more.
second_count first_unmatched(const cron_table& table, second_count wall) noexcept;

/// The first instant at or after the UTC second `from` whose wall clock in `zone` matches.
/// What the clock skips or repeats is up to `policy`.
std::optional<second_count> next_instant(const cron_table& table, const time_zone& zone,
                                         const clock_policy& policy, second_count from) noexcept;

} // namespace carillon::triggers
