#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"
#include "carillon/trigger.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::triggers {

/// Whole seconds since 1970-01-01T00:00:00, of UTC or of a wall clock; the name says which.
using second_count = std::int64_t;

/// Seconds of a day.
inline constexpr second_count day_seconds = 86'400;
/// Larger than every offset from UTC and every jump of a wall clock in the zone table.
inline constexpr second_count jump_seconds_max = 26 * 3600;
/// First and last instant that a trigger can name: the years 0000 to 9999 of UTC.
inline constexpr time_point instant_min{duration{-62'167'219'200'000'000}};
inline constexpr time_point instant_max{duration{253'402'300'799'999'999}};

/// A stretch of time during which a zone's offset from UTC stays the same.
struct zone_period {
  second_count begin = 0;         ///< UTC, inclusive.
  second_count end = 0;           ///< UTC, exclusive.
  std::int32_t offset = 0;        ///< Wall clock minus UTC, in seconds.
  std::int32_t offset_before = 0; ///< The same just before `begin`.
};

/// The offsets of one IANA zone: before 1970, and after the last explicit change by the zone's rule
/// (the POSIX footer of its file), repeated every 400 years. Immutable.
class time_zone {
public:
  /// `changes` holds {UTC second, offset from then on}, strictly rising.
  struct change {
    second_count at = 0;
    std::int32_t offset = 0;
  };
  time_zone(std::string name, std::int32_t first_offset, std::vector<change> changes);

  const std::string& name() const noexcept { return name_; }
  /// A number that stands for all offsets of the zone, whatever its name: another zone table that
  /// changes any of them changes the number.
  std::uint64_t digest() const noexcept { return digest_; }
  /// The period that holds the UTC second `utc`.
  zone_period period_at(second_count utc) const noexcept;
  /// The instants at which the wall clock shows `wall`, earliest first: none inside a gap,
  /// two inside a repeated hour.
  std::vector<second_count> instants_of(second_count wall) const;
  /// The earliest of `instants_of(wall)`; none inside a gap. Allocates nothing.
  std::optional<second_count> first_instant_of(second_count wall) const noexcept;

private:
  zone_period period_in_table(second_count utc) const noexcept;

  std::string name_;
  std::int32_t first_offset_;
  std::vector<change> changes_;
  std::vector<std::uint16_t> buckets_; // index of the first change at or after the bucket's begin
  second_count table_end_;             // from here on, 400 years earlier answers
  std::uint64_t digest_;
};

using zone_ptr = std::shared_ptr<const time_zone>;

/// Finds an IANA zone in the system's table; each is read once per process. Thread-safe.
/// Errors: invalid_argument with field "trigger.timezone" (no such zone).
expected<zone_ptr> find_zone(std::string_view name);

/// Days since 1970-01-01 of a date that exists.
std::int64_t day_number(civil_date date) noexcept;
/// The date that is `days` after 1970-01-01.
inline civil_date date_of(std::int64_t days) noexcept {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return {static_cast<int>(date.year()), static_cast<std::uint8_t>(unsigned{date.month()}),
          static_cast<std::uint8_t>(unsigned{date.day()})};
}
/// Whether the calendar has that day; years 1 to 9999.
bool exists(civil_date date) noexcept;
/// Days of a month, 28 to 31.
constexpr int days_in_month(int year, int month) noexcept {
  constexpr std::array<std::uint8_t, 13> days{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && is_leap ? 29 : days[static_cast<std::size_t>(month)];
}
/// "2026-03-29".
std::string to_string(civil_date date);
/// "2026-03-29 02:30:00", for messages about wall clocks.
std::string wall_text(second_count wall);

/// Rounds towards the past, so that instants before 1970 work.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) noexcept {
  return -floor_div(-a, b);
}

/// The whole second at or before `t`, and at or after it.
constexpr second_count floor_second(time_point t) noexcept {
  return floor_div(t.time_since_epoch().count(), 1'000'000);
}
constexpr second_count ceil_second(time_point t) noexcept {
  return ceil_div(t.time_since_epoch().count(), 1'000'000);
}
constexpr time_point at_second(second_count utc) noexcept {
  return time_point{duration{utc * 1'000'000}};
}

} // namespace carillon::triggers
