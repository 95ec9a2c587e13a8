#include "triggers/recurrence_search.hpp"

#include "triggers/bits.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

namespace carillon::triggers {
namespace {

constexpr int year_last = 9999;
constexpr std::int64_t day_last = 2'932'896; // 9999-12-31
constexpr int days_of_week = 7;
/// Every kind of year comes within so many. A year's days depend on the weekday of its 1 January
/// and on its place among leap years; 28 years without one that is left out of these (as 2100) hold
/// all such pairs, and of 57 years 28 in a row have none. One more, for a search that begins within
/// one.
constexpr int kinds_of_year = 58;

/// Steps that it takes to find a value of BYSETPOS among the days of a period. Those in which there
/// is none are not that many: some 8,000 years.
constexpr int steps_of_position = 3;
constexpr int steps_of_position_in_year = 15;

/// Periods that the interval takes before all of them have come up in every form.
std::int64_t cycle_periods(const recurrence_pattern& p) noexcept {
  if (p.interval == 1 && p.freq >= frequency::weekly)
    return kinds_of_year * (p.freq == frequency::yearly    ? 1
                            : p.freq == frequency::monthly ? 12
                                                           : 53);
  const auto periods = periods_of_cycle(p.freq);
  return periods / std::gcd(periods, p.interval);
}

/// The bits 1 to `length` where the weekday is one of `weekdays`, bit 1 being a `first_weekday`.
std::uint32_t weekday_bits(std::uint8_t weekdays, int first_weekday, int length) noexcept {
  constexpr std::uint64_t repeat = 0x0810'2040'81; // six weeks
  const auto bits = static_cast<std::uint32_t>((weekdays * repeat) >> first_weekday << 1);
  return bits & static_cast<std::uint32_t>((std::uint64_t{2} << length) - 2);
}

/// The begin of the week of `day`.
std::int64_t week_begin(std::int64_t day, int week_start) noexcept {
  return day - (weekday_of(day) - week_start + days_of_week) % days_of_week;
}

/// A month to look at.
struct month_place {
  int year = 0;
  int month = 1;
  std::int64_t begin = 0;      ///< Its first day.
  std::int64_t year_begin = 0; ///< 1 January; this and `year_length` only where days of it count.
  int length = 0;
  int year_length = 0;
};

/// The days that BYDAY's values with an ordinal name.
std::uint32_t ordinal_bits(const recurrence_pattern& p, const month_place& at) noexcept {
  const auto begin = p.is_within_year ? at.year_begin : at.begin;
  const int length = p.is_within_year ? at.year_length : at.length;
  const int moved = static_cast<int>(at.begin - begin);
  std::uint32_t out = 0;
  for (const auto& [ordinal, weekday] : p.ordinals) {
    const int first = 1 + (weekday - weekday_of(begin) + days_of_week) % days_of_week;
    const int last = first + (length - first) / days_of_week * days_of_week;
    const int day =
        ordinal > 0 ? first + days_of_week * (ordinal - 1) : last + days_of_week * (ordinal + 1);
    if (day >= 1 && day <= length && day > moved && day <= moved + at.length)
      out |= 1U << (day - moved);
  }
  return out;
}

std::uint32_t month_day_bits(const recurrence_pattern& p, int length) noexcept {
  auto out = p.month_days;
  for (int n = bit_from(p.month_days_back, 1); n > 0 && n <= length;
       n = bit_from(p.month_days_back, n + 1))
    out |= 1U << (length + 1 - n);
  return out;
}

std::uint32_t year_day_bits(const recurrence_pattern& p, const month_place& at) noexcept {
  const int moved = static_cast<int>(at.begin - at.year_begin);
  std::uint32_t out = 0;
  // A day has two numbers: from the year's begin, and a negative one from its end.
  for (const int zero : {moved, moved - at.year_length - 1})
    for (auto each = std::upper_bound(p.year_days.begin(), p.year_days.end(), zero);
         each != p.year_days.end() && *each <= zero + at.length; ++each)
      out |= 1U << (*each - zero);
  return out;
}

/// The days of a month whose week BYWEEKNO names. Week 1 is the first with four days in the year.
/// Days of December in the next year's week 1 match 1, not the negative number that it has there:
/// as in python-dateutil.
std::uint32_t week_bits(const recurrence_pattern& p, int year, std::int64_t begin,
                        int length) noexcept {
  const auto first_of = [&](int y) { return week_begin(day_number({y, 1, 4}), p.week_start); };
  const auto first = first_of(year);
  const auto next = first_of(year + 1);
  const auto takes = [&](std::int64_t week) {
    if (week >= next)
      return (p.weeks >> 1 & 1) != 0;
    const auto number = (week - (week < first ? first_of(year - 1) : first)) / days_of_week + 1;
    const auto from_end = ((week < first ? first : next) - week) / days_of_week;
    return ((p.weeks >> number | p.weeks_back >> from_end) & 1) != 0;
  };
  std::uint64_t out = 0; // its bit 7 is the first day
  for (auto week = week_begin(begin, p.week_start); week < begin + length; week += days_of_week)
    if (takes(week))
      out |= std::uint64_t{0x7f} << (week - begin + days_of_week);
  return static_cast<std::uint32_t>(out >> (days_of_week - 1));
}

/// Bits 1 to 31: the days of a month that match, whatever the interval.
std::uint32_t days_of_month(const recurrence_pattern& p, int year, int month) noexcept {
  if ((p.months >> month & 1) == 0)
    return 0;
  const int length = days_in_month(year, month);
  const auto begin = day_number({year, static_cast<std::uint8_t>(month), 1});
  auto out = weekday_bits(p.weekdays, weekday_of(begin), length);
  if (!p.ordinals.empty() || !p.year_days.empty()) {
    month_place at{year, month, begin, 0, length, 0};
    if (p.is_within_year || !p.year_days.empty()) {
      at.year_begin = day_number({year, 1, 1});
      at.year_length = 337 + days_in_month(year, 2);
    }
    out |= ordinal_bits(p, at);
    if (!p.year_days.empty())
      out &= year_day_bits(p, at);
  }
  if (p.has_month_days)
    out &= month_day_bits(p, length);
  if (p.has_weeks)
    out &= week_bits(p, year, begin, length);
  return out;
}

/// The first day at or after `day` that matches, whatever the interval.
std::optional<std::int64_t> matching_day(const recurrence_pattern& p, std::int64_t day) noexcept {
  if (day > day_last)
    return std::nullopt;
  const auto date = date_of(day);
  int year = date.year;
  int month = date.month;
  const int last = std::min(year + kinds_of_year, year_last);
  auto bits = days_of_month(p, year, month) >> date.day << date.day;
  while (bits == 0) {
    month = bit_from(p.months, month + 1);
    if (month < 0) {
      if (++year > last)
        return std::nullopt;
      month = bit_from(p.months, 1);
    }
    bits = days_of_month(p, year, month);
  }
  return day_number({year, static_cast<std::uint8_t>(month), 1}) + std::countr_zero(bits) - 1;
}

/// The first day of month number `index` (year x 12 + month - 1); the end of time for late ones.
std::int64_t month_begin(std::int64_t index) noexcept {
  const auto year = std::min<std::int64_t>(index / 12, year_last + 1);
  return day_number({static_cast<std::int32_t>(year),
                     static_cast<std::uint8_t>(year > year_last ? 1 : index % 12 + 1), 1});
}

/// The days of one period of FREQ=DAILY or longer: from `begin` up to `end`, exclusive.
struct period {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// The period of `day` if the interval takes it, else the next one that it does.
period period_from(const recurrence_pattern& p, std::int64_t day) noexcept {
  const auto start = floor_div(p.start, day_seconds);
  // Periods have numbers; those of the interval are `origin` plus its multiples.
  const auto take = [&](std::int64_t number, std::int64_t origin) {
    return origin + ceil_div(number - origin, p.interval) * p.interval;
  };
  const auto month_number = [](civil_date d) { return std::int64_t{d.year} * 12 + d.month - 1; };
  switch (p.freq) {
  case frequency::yearly: {
    const auto year = take(date_of(day).year, date_of(start).year);
    return {month_begin(year * 12), month_begin((year + 1) * 12)};
  }
  case frequency::monthly: {
    const auto month = take(month_number(date_of(day)), month_number(date_of(start)));
    return {month_begin(month), month_begin(month + 1)};
  }
  case frequency::weekly: {
    const auto origin = week_begin(start, p.week_start);
    const auto begin = origin + take(floor_div(day - origin, days_of_week), 0) * days_of_week;
    // As in python-dateutil the first week begins with DTSTART.
    return {std::max(begin, start), begin + days_of_week};
  }
  default: {
    const auto at = take(day, start);
    return {at, at + 1};
  }
  }
}

/// The first day at or after `day` that matches and lies in a period that the interval takes.
std::optional<std::int64_t> day_from(const recurrence_pattern& p, std::int64_t day,
                                     int& steps) noexcept {
  for (auto left = cycle_periods(p) + 2; left > 0 && steps-- > 0; --left) {
    const auto found = matching_day(p, day);
    if (!found || p.interval == 1) // it takes every period
      return found;
    const auto at = period_from(p, *found);
    if (at.begin <= *found)
      return found;
    day = at.begin;
  }
  return std::nullopt;
}

/// The first second at or after `from` within a period of FREQ=DAILY or shorter, or within a day of
/// a longer one; -1 when there is none.
int time_from(const recurrence_pattern& p, second_count from) noexcept {
  if (from >= day_seconds)
    return -1;
  const int at = static_cast<int>(std::max<second_count>(from, 0));
  if (p.offsets.empty())
    return p.times().first_from(at);
  const auto found = std::lower_bound(p.offsets.begin(), p.offsets.end(), at);
  return found == p.offsets.end() ? -1 : *found;
}

/// FREQ=DAILY and longer: each matching day has the same times.
std::optional<second_count> by_days(const recurrence_pattern& p, second_count wall,
                                    int& steps) noexcept {
  auto day = floor_div(wall, day_seconds);
  while (const auto found = day_from(p, day, steps)) {
    const int time = time_from(p, wall - *found * day_seconds);
    if (time >= 0)
      return *found * day_seconds + time;
    day = *found + 1;
  }
  return std::nullopt;
}

/// The matching days of one period, month by month.
class day_set {
public:
  day_set(const recurrence_pattern& p, period of) noexcept {
    for (auto at = of.begin; at < of.end;) {
      const auto date = date_of(at);
      const auto begin = at - date.day + 1;
      auto bits = days_of_month(p, date.year, date.month) >> date.day << date.day;
      if (of.end - begin < 31)
        bits &= (2U << (of.end - begin)) - 2;
      months_[size_++] = {begin, bits};
      count_ += std::popcount(bits);
      at = begin + days_in_month(date.year, date.month);
    }
  }

  std::int64_t count() const noexcept { return count_; }

  /// The n-th day, from 0.
  std::int64_t nth(std::int64_t n) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      const auto& [begin, bits] = months_[i];
      if (n < std::popcount(bits))
        return begin + nth_bit(bits, n) - 1;
      n -= std::popcount(bits);
    }
    return 0; // only asked for days that there are
  }

private:
  struct month {
    std::int64_t begin = 0;
    std::uint32_t bits = 0;
  };
  std::array<month, 12> months_{};
  std::size_t size_ = 0;
  std::int64_t count_ = 0;
};

/// The first occurrence at or after `wall` among those of a period that BYSETPOS takes.
std::optional<second_count> first_position(const recurrence_pattern& p, const day_set& days,
                                           second_count wall) noexcept {
  const auto times = p.times();
  const auto count = days.count() * times.count();
  const auto index_of = [&](int position) {
    return position > 0 ? position - 1 : count + position; // may lie outside
  };
  const auto at = [&](std::int64_t index) {
    return days.nth(index / times.count()) * day_seconds + times.nth(index % times.count());
  };
  std::optional<second_count> first;
  // The values rise; so do the times of the negative ones, and those of the positive ones.
  const auto look = [&](auto begin, auto end) {
    const auto found = std::partition_point(begin, end, [&](int position) {
      const auto index = index_of(position);
      return index < 0 || (index < count && at(index) < wall);
    });
    if (found == end || index_of(*found) >= count)
      return;
    const auto here = at(index_of(*found));
    first = first ? std::min(*first, here) : here;
  };
  const auto positive = std::upper_bound(p.positions.begin(), p.positions.end(), 0);
  look(p.positions.begin(), positive);
  look(positive, p.positions.end());
  return first;
}

/// FREQ=WEEKLY and longer with BYSETPOS: each period is looked at as a whole.
std::optional<second_count> by_position(const recurrence_pattern& p, second_count wall,
                                        int& steps) noexcept {
  auto day = period_from(p, floor_div(wall, day_seconds)).begin;
  for (auto left = cycle_periods(p) + 2; left > 0; --left) {
    const auto found = day_from(p, day, steps);
    if (!found)
      return std::nullopt;
    const auto here = period_from(p, *found);
    const day_set days{p, here};
    if (const auto first = first_position(p, days, wall)) {
      steps -= p.freq == frequency::yearly ? steps_of_position_in_year : steps_of_position;
      return first;
    }
    day = here.end;
  }
  return std::nullopt;
}

/// FREQ=HOURLY and shorter: from one period that the interval takes to the next, leaping over days,
/// hours and minutes that do not match.
std::optional<second_count> by_units(const recurrence_pattern& p, second_count wall,
                                     int& steps) noexcept {
  const auto unit = unit_of(p.freq);
  const auto step = unit * p.interval;
  const auto origin = floor_div(p.start, unit) * unit;
  const auto align = [&](second_count at) { return origin + ceil_div(at - origin, step) * step; };
  auto at = align(floor_div(wall, unit) * unit);
  auto matched = at - day_seconds; // no day yet
  while (steps-- > 0) {
    const auto day = floor_div(at, day_seconds);
    const auto midnight = day * day_seconds;
    if (matched != midnight) {
      const auto found = matching_day(p, day);
      if (!found)
        return std::nullopt;
      matched = *found * day_seconds;
      if (matched != midnight) {
        at = align(matched);
        continue;
      }
    }
    const int time = static_cast<int>(at - midnight);
    // The first unit of the day whose hour, minute and second match, whatever the interval.
    const time_bits units{p.hours, unit <= 60 ? p.minutes : 1, unit == 1 ? p.seconds : 1};
    const int next = units.first_from(time);
    if (next != time) {
      at = align(next < 0 ? midnight + day_seconds : midnight + next);
      continue;
    }
    if (const int offset = time_from(p, wall - at); offset >= 0)
      return at + offset;
    at += step;
  }
  return std::nullopt;
}

} // namespace

std::optional<second_count> next_occurrence(const recurrence_pattern& pattern, second_count wall,
                                            int& steps) noexcept {
  wall = std::max(wall, pattern.start);
  if (wall > pattern.last)
    return std::nullopt;
  const auto found = pattern.freq < frequency::daily ? by_units(pattern, wall, steps)
                     : pattern.positions.empty() || pattern.freq == frequency::daily
                         ? by_days(pattern, wall, steps)
                         : by_position(pattern, wall, steps);
  return found && *found <= pattern.last ? found : std::nullopt;
}

} // namespace carillon::triggers
