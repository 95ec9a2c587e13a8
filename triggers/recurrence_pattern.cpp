#include "triggers/recurrence_search.hpp"

#include "triggers/bits.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace carillon::triggers {
namespace {

constexpr int days_of_week = 7;
constexpr std::uint8_t all_weekdays = 0x7f;

template <class Bits> void put(Bits& out, const std::vector<int>& values) {
  if (values.empty())
    return;
  out = 0;
  for (const int value : values)
    out |= static_cast<Bits>(Bits{1} << value);
}

/// The days: what the rule says, else those of DTSTART.
void put_days(recurrence_pattern& out, const recurrence_text& rule, civil_date start_date,
              int start_weekday) {
  put(out.months, rule.months);
  out.year_days = rule.year_days;
  for (const int week : rule.weeks)
    (week > 0 ? out.weeks : out.weeks_back) |= std::uint64_t{1} << std::abs(week);
  out.has_weeks = !rule.weeks.empty();
  for (const int day : rule.month_days)
    (day > 0 ? out.month_days : out.month_days_back) |= 1U << std::abs(day);
  if (!rule.weekdays.empty()) {
    out.weekdays = 0;
    for (const auto& day : rule.weekdays)
      if (day.ordinal == 0)
        out.weekdays |= static_cast<std::uint8_t>(1U << day.weekday);
      else
        out.ordinals.push_back(day);
  }
  out.is_within_year = rule.freq == frequency::yearly && rule.months.empty();
  const bool is_open = rule.weekdays.empty() && rule.month_days.empty() && rule.year_days.empty() &&
                       rule.weeks.empty();
  if (is_open && rule.freq == frequency::yearly && rule.months.empty())
    out.months = static_cast<std::uint16_t>(1U << start_date.month);
  if (is_open && rule.freq >= frequency::monthly)
    out.month_days = 1U << start_date.day;
  if (is_open && rule.freq == frequency::weekly)
    out.weekdays = static_cast<std::uint8_t>(1U << start_weekday);
  out.has_month_days = (out.month_days | out.month_days_back) != 0;
}

void put_times(recurrence_pattern& out, const recurrence_text& rule, int start_time) {
  if (rule.freq >= frequency::daily)
    out.hours = 1U << (start_time / 3600);
  if (rule.freq >= frequency::hourly)
    out.minutes = std::uint64_t{1} << (start_time / 60 % 60);
  if (rule.freq >= frequency::minutely)
    out.seconds = std::uint64_t{1} << (start_time % 60);
  put(out.hours, rule.hours);
  put(out.minutes, rule.minutes);
  put(out.seconds, rule.seconds);
  constexpr auto leap_second = std::uint64_t{1} << 60;
  if ((out.seconds & leap_second) != 0)
    out.seconds = (out.seconds & ~leap_second) | leap_second >> 1;
}

/// BYSETPOS where all periods look alike.
void put_offsets(recurrence_pattern& out) {
  const auto times = out.times();
  for (const int position : out.positions) {
    const auto index = position > 0 ? position - 1 : times.count() + position;
    if (index >= 0 && index < times.count())
      out.offsets.push_back(times.nth(index));
  }
  std::sort(out.offsets.begin(), out.offsets.end());
  out.offsets.erase(std::unique(out.offsets.begin(), out.offsets.end()), out.offsets.end());
}

std::uint8_t weekdays_of(const recurrence_pattern& p) {
  auto out = p.weekdays;
  for (const auto& day : p.ordinals)
    out |= static_cast<std::uint8_t>(1U << day.weekday);
  return out;
}

/// Whether the interval ever meets a weekday and time of day that match. For days and shorter units
/// it visits the same ones in each week, or in a few weeks in turn.
bool is_reachable(const recurrence_pattern& p) {
  if (!p.positions.empty() && p.freq <= frequency::daily && p.offsets.empty())
    return false;
  if (p.freq > frequency::daily)
    return true;
  const auto unit = unit_of(p.freq);
  const auto week = days_of_week * day_seconds / unit;
  const auto common = std::gcd(p.interval, week);
  if (common == 1)
    return true;
  const auto monday =
      (floor_div(p.start, day_seconds) - weekday_of(floor_div(p.start, day_seconds))) * day_seconds;
  const auto weekdays = weekdays_of(p);
  const auto first = (p.start - monday) / unit % common;
  // Leaps to the first unit at or after a second of the week that the interval visits.
  const auto visit = [&](second_count second) {
    return first + ceil_div(ceil_div(second, unit) - first, common) * common;
  };
  for (auto at = first; at < week;) {
    const auto second = at * unit;
    if ((weekdays >> (second / day_seconds) & 1) == 0)
      at = visit((second / day_seconds + 1) * day_seconds);
    else if (unit <= 3600 && (p.hours >> (second % day_seconds / 3600) & 1) == 0)
      at = visit((second / 3600 + 1) * 3600);
    else if (unit <= 60 && (p.minutes >> (second / 60 % 60) & 1) == 0)
      at = visit((second / 60 + 1) * 60);
    else if (unit == 1 && (p.seconds >> (second % 60) & 1) == 0)
      at += common;
    else
      return true;
  }
  return false;
}

/// Whether nothing but the interval decides: each period has one occurrence, like DTSTART.
bool is_plain(const recurrence_pattern& p) {
  constexpr std::uint16_t all_months = 0x1ffe;
  const auto unit = unit_of(p.freq);
  return p.freq <= frequency::daily && p.positions.empty() && p.months == all_months &&
         !p.has_month_days && p.weekdays == all_weekdays && p.ordinals.empty() &&
         p.year_days.empty() && !p.has_weeks && p.times().count() == 1 &&
         p.times().nth(0) == p.start - floor_div(p.start, unit) * unit &&
         (unit > 3600 || std::popcount(p.hours) == 24) &&
         (unit > 60 || std::popcount(p.minutes) == 60) &&
         (unit > 1 || std::popcount(p.seconds) == 60);
}

/// After how many seconds all occurrences come again. None = they do not, because the first week
/// begins with DTSTART, or not within the years that there are.
std::optional<second_count> cycle_of(const recurrence_pattern& p) {
  const auto rounds = p.interval / std::gcd(p.interval, periods_of_cycle(p.freq));
  if ((p.freq == frequency::weekly && !p.positions.empty()) ||
      rounds > (p.last - p.start) / (cycle_days * day_seconds))
    return std::nullopt;
  return rounds * cycle_days * day_seconds;
}

/// Sets `last` to the occurrence number `count`, or to the last that there is. Errors:
/// limit_exceeded.
expected<void> put_count(recurrence_pattern& out, std::int64_t count, const std::string& field) {
  if (is_plain(out)) {
    const auto step = unit_of(out.freq) * out.interval;
    if (count - 1 <= (out.last - out.start) / step)
      out.last = out.start + (count - 1) * step;
    return {};
  }
  int steps = count_steps_max;
  auto cycle = cycle_of(out);
  auto at = out.start;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto found = next_occurrence(out, at, steps);
    if (!found && steps >= 0)
      break; // there are not that many
    if (!found)
      return refuse(errc::limit_exceeded,
                    "COUNT=" + std::to_string(count) + " takes more than " +
                        std::to_string(count_steps_max) + " steps to count; give an UNTIL",
                    field);
    at = *found + 1;
    // The first of the second cycle is number i: so many are in each.
    if (cycle && i > 0 && *found >= out.start + *cycle) {
      const auto cycles = std::min((count - 1 - i) / i, (out.last - *found) / *cycle);
      i += cycles * i;
      at += cycles * *cycle;
      cycle.reset();
    }
  }
  out.last = at - 1;
  return {};
}

/// Whether it is certain, after a few steps, that there is no occurrence at all.
bool never_occurs(const recurrence_pattern& p) {
  constexpr int few = 5'000;
  int steps = few;
  return !next_occurrence(p, p.start, steps) && steps >= 0;
}

} // namespace

second_count unit_of(frequency freq) noexcept {
  return freq == frequency::secondly   ? 1
         : freq == frequency::minutely ? 60
         : freq == frequency::hourly   ? 3600
                                       : day_seconds;
}

std::int64_t periods_of_cycle(frequency freq) noexcept {
  constexpr std::int64_t years = 400;
  return freq == frequency::yearly    ? years
         : freq == frequency::monthly ? 12 * years
         : freq == frequency::weekly  ? cycle_days / days_of_week
                                      : cycle_days * (day_seconds / unit_of(freq));
}

int weekday_of(std::int64_t day) noexcept {
  return static_cast<int>((day + 3) - floor_div(day + 3, days_of_week) * days_of_week);
}

std::int64_t time_bits::count() const noexcept {
  return std::int64_t{std::popcount(hours)} * std::popcount(minutes) * std::popcount(seconds);
}

int time_bits::nth(std::int64_t n) const noexcept {
  const auto per_minute = std::popcount(seconds);
  const auto per_hour = std::popcount(minutes) * per_minute;
  return nth_bit(hours, n / per_hour) * 3600 + nth_bit(minutes, n % per_hour / per_minute) * 60 +
         nth_bit(seconds, n % per_minute);
}

int time_bits::first_from(int from) const noexcept {
  int hour = from / 3600;
  int minute = from / 60 % 60;
  const int second = bit_from(seconds, from % 60);
  if ((hours >> hour & 1) != 0) {
    if (second >= 0 && (minutes >> minute & 1) != 0)
      return hour * 3600 + minute * 60 + second;
    minute = bit_from(minutes, minute + 1);
    if (minute >= 0)
      return hour * 3600 + minute * 60 + std::countr_zero(seconds);
  }
  hour = bit_from(hours, hour + 1);
  return hour < 0 ? -1 : hour * 3600 + std::countr_zero(minutes) * 60 + std::countr_zero(seconds);
}

time_bits recurrence_pattern::times() const noexcept {
  time_bits out;
  if (freq >= frequency::daily)
    out.hours = hours;
  if (freq >= frequency::hourly)
    out.minutes = minutes;
  if (freq >= frequency::minutely)
    out.seconds = seconds;
  return out;
}

expected<recurrence_pattern> make_pattern(const recurrence_text& rule, second_count start,
                                          const std::string& field) {
  const auto day = floor_div(start, day_seconds);
  recurrence_pattern out;
  out.freq = rule.freq;
  out.interval = rule.interval;
  out.start = start;
  out.week_start = rule.week_start;
  put_days(out, rule, date_of(day), weekday_of(day));
  put_times(out, rule, static_cast<int>(start - day * day_seconds));
  out.positions = rule.positions;
  if (out.freq <= frequency::daily)
    put_offsets(out);
  if (rule.until && rule.until->is_local)
    out.last = std::min(out.last, floor_second(rule.until->at));
  if (!is_reachable(out) || never_occurs(out))
    out.last = start - 1; // so that no search looks for one again
  else if (rule.count)
    if (auto ok = put_count(out, *rule.count, field); !ok)
      return unexpected<error>{std::move(ok).error()};
  return out;
}

} // namespace carillon::triggers
