#pragma once

#include "triggers/civil_time.hpp"
#include "triggers/recurrence_rule.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace carillon::triggers {

/// Times of day, one bit for each hour, minute and second that they may have.
struct time_bits {
  std::uint32_t hours = 1;
  std::uint64_t minutes = 1;
  std::uint64_t seconds = 1;

  std::int64_t count() const noexcept;
  /// The n-th time, from 0, in seconds; only for n below `count()`.
  int nth(std::int64_t n) const noexcept;
  /// The first time at or after `from` (0 to 86,399); -1 when there is none.
  int first_from(int from) const noexcept;
};

/// A recurrence rule ready for searching. Everything is wall-clock time; days count from
/// 1970-01-01.
struct recurrence_pattern {
  frequency freq = frequency::daily;
  std::int64_t interval = 1;
  second_count start = 0;              ///< DTSTART.
  second_count last = 253'402'300'799; ///< From COUNT and a local UNTIL; at most the year 9999.
  int week_start = 0;

  // Days, as bits; what is not restricted allows all.
  std::uint16_t months = 0x1ffe;     ///< Bits 1 to 12.
  std::uint32_t month_days = 0;      ///< Bits 1 to 31.
  std::uint32_t month_days_back = 0; ///< Bit n: the n-th day before the month's end, 1 = the last.
  bool has_month_days = false;       ///< One of the two is set.
  std::uint8_t weekdays = 0x7f;      ///< Bit 0 = Monday. Any of these or of `ordinals`.
  std::vector<ordinal_weekday> ordinals;
  bool is_within_year = false; ///< The ordinals count in the year, else in the month.
  std::vector<int> year_days;  ///< Rising. Empty = all.
  std::uint64_t weeks = 0;      ///< Bits 1 to 53.
  std::uint64_t weeks_back = 0; ///< Bit n: the n-th week before the year's end, 1 = the last.
  bool has_weeks = false;       ///< One of the two is set.

  // Times of day, as bits.
  std::uint32_t hours = 0xff'ffff;
  std::uint64_t minutes = (std::uint64_t{1} << 60) - 1;
  std::uint64_t seconds = (std::uint64_t{1} << 60) - 1;

  /// BYSETPOS. Empty = all.
  std::vector<int> positions;
  /// The same for FREQ=DAILY and shorter, where all periods look alike: rising seconds within them.
  std::vector<int> offsets;

  /// The times that a period of `freq`, or a day of it, has of the hours, minutes and seconds.
  time_bits times() const noexcept;
};

/// Steps of one search. A step looks at one day, period or occurrence.
inline constexpr int recurrence_steps_max = 100'000;
/// Steps of counting the occurrences of a rule with COUNT, which is done each time a trigger is
/// made ready: enough for the 20,871 weeks after which dates and weekdays come again, and to see
/// that a rule of every tenth week has nothing up to the year 9999.
inline constexpr int count_steps_max = 50'000;

/// 0 = Monday.
int weekday_of(std::int64_t day) noexcept;

/// The seconds of one unit of `freq`, up to a day.
second_count unit_of(frequency freq) noexcept;

/// After so many days, 400 years, dates and weekdays come again in the same order.
inline constexpr std::int64_t cycle_days = 146'097;
/// The periods of `freq` in them.
std::int64_t periods_of_cycle(frequency freq) noexcept;

/// Makes a rule ready; what it leaves open comes from `start`, wall-clock time in whole seconds.
/// Errors: limit_exceeded with `field` (COUNT is so high that finding its last occurrence takes
/// more than `count_steps_max`).
expected<recurrence_pattern> make_pattern(const recurrence_text& rule, second_count start,
                                          const std::string& field);

/// The first occurrence at or after `wall`; none when there is no more of them up to the year 9999.
/// Takes what it needs from `steps`; none, and `steps` below 0, when that is used up.
std::optional<second_count> next_occurrence(const recurrence_pattern& pattern, second_count wall,
                                            int& steps) noexcept;

} // namespace carillon::triggers
