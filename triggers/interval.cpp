#include "triggers/node.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

constexpr int year_last = 9999;
constexpr int months_of_year = 12;

/// A month counted from year 0.
std::int64_t month_index(civil_date date) {
  return std::int64_t{date.year} * months_of_year + date.month - 1;
}

/// The month of that index, with the day given; it may not exist.
civil_date date_in(std::int64_t index, std::uint8_t day) {
  return {static_cast<std::int32_t>(index / months_of_year),
          static_cast<std::uint8_t>(index % months_of_year + 1), day};
}

/// Every so many months from the start, in months that have its day (CAL-04).
std::optional<std::int64_t> monthly_from(const calendar_rule& rule, std::int64_t day) {
  const auto start = date_of(rule.start_day);
  const auto first = month_index(start);
  const auto steps = std::max<std::int64_t>(month_index(date_of(day)) - first, 0) / rule.months;
  for (auto index = first + steps * rule.months; index / months_of_year <= year_last;
       index += rule.months)
    if (const auto date = date_in(index, start.day); exists(date) && day_number(date) >= day)
      return day_number(date);
  return std::nullopt;
}

/// Every so many months and days counted from the start; a month without its day gives its last.
std::optional<std::int64_t> clamped_from(const calendar_rule& rule, std::int64_t day) {
  const auto start = date_of(rule.start_day);
  const auto nth = [&](std::int64_t n) {
    auto date = date_in(month_index(start) + n * rule.months, start.day);
    date.day = std::min(date.day, static_cast<std::uint8_t>(days_in_month(date.year, date.month)));
    return day_number(date) + n * rule.days;
  };
  // The dates rise: halve the stretch that holds the first one at or after `day`.
  std::int64_t low = 0;
  std::int64_t high =
      (month_index({year_last, months_of_year, 1}) - month_index(start)) / rule.months + 1;
  const auto beyond = high;
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (nth(middle) < day)
      low = middle + 1;
    else
      high = middle;
  }
  return low < beyond ? std::optional{nth(low)} : std::nullopt;
}

/// Months are added first, and again until the day exists, then days; each from the date before
/// (CAL-03, CAL-05). The one sequence without a shortcut: a step for each of its dates, which lie a
/// month apart at least.
std::optional<std::int64_t> mixed_from(const calendar_rule& rule, std::int64_t day) {
  for (auto at = rule.start_day; at <= rule.end_day;) {
    if (at >= day)
      return at;
    const auto date = date_of(at);
    auto index = month_index(date) + rule.months;
    while (index / months_of_year <= year_last && !exists(date_in(index, date.day)))
      index += rule.months;
    if (index / months_of_year > year_last)
      return std::nullopt;
    at = day_number(date_in(index, date.day)) + rule.days;
  }
  return std::nullopt;
}

/// The first date of the sequence at or after `day`; it may lie after the rule's end.
std::optional<std::int64_t> date_from(const calendar_rule& rule, std::int64_t day) {
  if (day <= rule.start_day)
    return rule.start_day;
  if (rule.months == 0)
    return rule.start_day + ceil_div(day - rule.start_day, rule.days) * rule.days;
  if (rule.clamp_day)
    return clamped_from(rule, day);
  return rule.days == 0 ? monthly_from(rule, day) : mixed_from(rule, day);
}

} // namespace

std::optional<time_point> first_from(const interval_rule& rule, time_point from) noexcept {
  auto at = rule.start;
  if (from > at) {
    const auto steps = ceil_div((from - at).count(), rule.step.count());
    std::int64_t distance = 0;
    if (__builtin_mul_overflow(steps, rule.step.count(), &distance) ||
        distance > (instant_max - at).count())
      return std::nullopt;
    at += duration{distance};
  }
  return at <= rule.end ? std::optional{at} : std::nullopt;
}

std::optional<time_point> first_from(const calendar_rule& rule, const time_zone& zone,
                                     time_point from) noexcept {
  const auto next_wall = [&](second_count wall) -> std::optional<second_count> {
    const auto day = date_from(rule, ceil_div(wall - rule.time_of_day, day_seconds));
    if (!day || *day > rule.end_day)
      return std::nullopt;
    return *day * day_seconds + rule.time_of_day;
  };
  const auto found = first_instant(zone, rule.policy, ceil_second(from), next_wall);
  return found && at_second(*found) <= instant_max ? std::optional{at_second(*found)}
                                                   : std::nullopt;
}

} // namespace carillon::triggers
