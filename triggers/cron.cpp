#include "triggers/cron_expression.hpp"

#include "triggers/bits.hpp"

#include <algorithm>
#include <bit>

namespace carillon::triggers {
namespace {

constexpr int year_min = 1970;
constexpr int year_max = 9999;

/// The first allowed year at or after `from`; -1 when there is none.
int year_from(const cron_table& table, int from) noexcept {
  from = std::max(from, year_min);
  if (table.years.empty())
    return from <= year_max ? from : -1;
  int best = -1;
  for (const auto& range : table.years) {
    const int first = range.first;
    const int year =
        from <= first ? first : first + (from - first + range.step - 1) / range.step * range.step;
    if (year <= range.last && (best < 0 || year < best))
      best = year;
  }
  return best;
}

/// Days since 1970-01-01 of the first of a month (Hinnant's algorithm, years from 1970 on).
std::int64_t month_begin(int year, int month) noexcept {
  const auto y = static_cast<unsigned>(year - (month <= 2 ? 1 : 0));
  const auto m = static_cast<unsigned>(month);
  const auto day_of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5;
  return static_cast<std::int64_t>(y * 365 + y / 4 - y / 100 + y / 400 + day_of_year) - 719'468;
}

/// 0 = Monday; for days since 1970-01-01, a Thursday, and not before it.
int weekday_of(std::int64_t day) noexcept { return static_cast<int>((day + 3) % 7); }

/// The ISO week (1 to 53) of a day: the week of its Thursday, in that Thursday's year.
int iso_week(std::int64_t day) noexcept {
  const auto thursday = day - weekday_of(day) + 3;
  return static_cast<int>((thursday - month_begin(date_of(thursday).year, 1)) / 7) + 1;
}

/// Days of a month that are named by position, such as the 2nd Monday.
std::uint32_t nth_days(const cron_table& table, int first_weekday, int length) noexcept {
  std::uint32_t out = 0;
  for (int weekday = 0; weekday < 7; ++weekday) {
    const auto which = table.nth[static_cast<std::size_t>(weekday)];
    const int first = 1 + (weekday - first_weekday + 7) % 7;
    for (int n = 0; n < 5; ++n)
      if ((which >> n & 1) != 0 && first + 7 * n <= length)
        out |= 1U << (first + 7 * n);
    if ((which >> 5 & 1) != 0)
      out |= 1U << (first + (length - first) / 7 * 7);
  }
  return out;
}

/// The weekday of the month that is nearest to `day`: Saturday moves back, Sunday forward, both
/// within the month.
int nearest_weekday(int day, int first_weekday, int length) noexcept {
  constexpr int saturday = 5;
  constexpr int sunday = 6;
  const int weekday = (first_weekday + day - 1) % 7;
  if (weekday == saturday)
    return day == 1 ? 3 : day - 1;
  if (weekday == sunday)
    return day == length ? day - 2 : day + 1;
  return day;
}

/// Days of a month that are counted from its end or moved to the nearest weekday.
std::uint32_t moved_days(const cron_table& table, int first_weekday, int length) noexcept {
  std::uint32_t out = 0;
  for (int n = bit_from(table.days_from_end, 1); n > 0 && n <= length;
       n = bit_from(table.days_from_end, n + 1))
    out |= 1U << (length + 1 - n);
  auto nearest = table.nearest_to;
  for (int n = bit_from(table.nearest_to_from_end, 1); n > 0 && n <= length;
       n = bit_from(table.nearest_to_from_end, n + 1))
    nearest |= 1U << (length + 1 - n);
  for (int day = bit_from(nearest, 1); day > 0 && day <= length; day = bit_from(nearest, day + 1))
    out |= 1U << nearest_weekday(day, first_weekday, length);
  return out;
}

/// Bits 1 to 31: the days of a month that match. `begin` is its first day, since 1970-01-01.
std::uint32_t days_of_month(const cron_table& table, int year, int month,
                            std::int64_t begin) noexcept {
  constexpr std::uint8_t every_weekday = 0x7f;
  const int length = days_in_month(year, month);
  const int first_weekday = weekday_of(begin);
  auto out = table.days;
  if ((table.days_from_end | table.nearest_to | table.nearest_to_from_end) != 0)
    out |= moved_days(table, first_weekday, length);
  if (table.has_nth)
    out |= nth_days(table, first_weekday, length);
  if (table.weekdays != every_weekday || table.either_day) {
    // The weekday pattern six times over, moved so that bit 1 is the weekday of the first.
    constexpr std::uint64_t repeat = 0x0810'2040'81;
    const auto by_weekday =
        static_cast<std::uint32_t>((table.weekdays * repeat) >> first_weekday << 1);
    out = table.either_day ? out | by_weekday : out & by_weekday;
  }
  out &= static_cast<std::uint32_t>((std::uint64_t{2} << length) - 2);
  if (table.has_weeks)
    for (int day = bit_from(out, 1); day >= 0; day = bit_from(out, day + 1))
      if ((table.weeks >> iso_week(begin + day - 1) & 1) == 0)
        out &= ~(1U << day);
  return out;
}

/// The first matching second of a day at or after `from`; -1 when there is none.
int second_of_day(const cron_table& table, int from) noexcept {
  int hour = from / 3600;
  int minute = from / 60 % 60;
  int second = bit_from(table.seconds, from % 60);
  if ((table.hours >> hour & 1) != 0) {
    if (second >= 0 && (table.minutes >> minute & 1) != 0)
      return hour * 3600 + minute * 60 + second;
    minute = bit_from(table.minutes, minute + 1);
    if (minute >= 0)
      return hour * 3600 + minute * 60 + std::countr_zero(table.seconds);
  }
  hour = bit_from(table.hours, hour + 1);
  if (hour < 0)
    return -1;
  return hour * 3600 + std::countr_zero(table.minutes) * 60 + std::countr_zero(table.seconds);
}

/// The first second of a day at or after `from` that does not match; -1 when there is none.
int unmatched_second(const cron_table& table, int from) noexcept {
  constexpr std::uint64_t sixty = (std::uint64_t{1} << 60) - 1;
  while (from < day_seconds) {
    const int hour = from / 3600;
    const int minute = from / 60 % 60;
    if ((table.hours >> hour & 1) == 0 || (table.minutes >> minute & 1) == 0)
      return from;
    if (const int second = bit_from(~table.seconds & sixty, from % 60); second >= 0)
      return from - from % 60 + second;
    // The rest of this minute matches; whole ones do only when all of their seconds do.
    const auto free = table.seconds == sixty ? ~table.minutes & sixty : sixty;
    if (const int next = bit_from(free, minute + 1); next >= 0)
      from = hour * 3600 + next * 60;
    else
      from = (hour + 1) * 3600;
  }
  return -1;
}

} // namespace

std::optional<second_count> next_match(const cron_table& table, second_count wall) noexcept {
  wall = std::max<second_count>(wall, 0);
  const auto today = wall / day_seconds;
  const auto date = date_of(today);
  int year = year_from(table, date.year);
  int month = 1;
  if (year == date.year) {
    month = date.month;
    if ((table.months >> month & 1) != 0) {
      const auto begin = today - (date.day - 1);
      const auto days = days_of_month(table, year, month, begin);
      if ((days >> date.day & 1) != 0)
        if (const int second = second_of_day(table, static_cast<int>(wall - today * day_seconds));
            second >= 0)
          return today * day_seconds + second;
      if (const int day = bit_from(days, date.day + 1); day > 0)
        return (begin + day - 1) * day_seconds + second_of_day(table, 0);
    }
    ++month;
  }
  // From here on the match is the first second of the first day of a month.
  for (int years = 0; years <= cron_years_max && year >= 0; ++years) {
    for (month = bit_from(table.months, month); month > 0;
         month = bit_from(table.months, month + 1)) {
      const auto begin = month_begin(year, month);
      if (const int day = bit_from(days_of_month(table, year, month, begin), 1); day > 0)
        return (begin + day - 1) * day_seconds + second_of_day(table, 0);
    }
    year = year_from(table, year + 1);
    month = 1;
  }
  return std::nullopt;
}

second_count first_unmatched(const cron_table& table, second_count wall) noexcept {
  if (wall < 0)
    return wall; // before 1970 nothing matches
  const auto today = wall / day_seconds;
  auto [year, month, first] = date_of(today);
  int time = static_cast<int>(wall - today * day_seconds);
  const bool is_whole = unmatched_second(table, 0) < 0;
  for (int day = first; year <= year_max; day = 1) {
    const bool has_month = year_from(table, year) == year && (table.months >> month & 1) != 0;
    const auto begin = month_begin(year, month);
    const auto days = has_month ? days_of_month(table, year, month, begin) : 0U;
    const int length = days_in_month(year, month);
    const auto all = static_cast<std::uint32_t>((std::uint64_t{2} << length) - 2);
    if (is_whole && (days & all) == all)
      day = length + 1; // nothing of this month
    for (; day <= length; ++day, time = 0) {
      const bool is_excluded = (days >> day & 1) != 0;
      const int free = !is_excluded ? time : is_whole ? -1 : unmatched_second(table, time);
      if (free >= 0)
        return (begin + day - 1) * day_seconds + free;
    }
    year += month == 12 ? 1 : 0;
    month = static_cast<std::uint8_t>(month % 12 + 1);
  }
  return std::max(wall, month_begin(year_max + 1, 1) * day_seconds);
}

std::optional<second_count> next_instant(const cron_table& table, const time_zone& zone,
                                         const clock_policy& policy, second_count from) noexcept {
  return first_instant(zone, policy, from,
                       [&](second_count wall) { return next_match(table, wall); });
}

} // namespace carillon::triggers
