#include "triggers/node.hpp"

namespace carillon::triggers {
namespace {

constexpr int year_last = 9999;
constexpr int months_of_year = 12;

/// A month counted from year 0.
std::int64_t month_index(civil_date date) {
  return std::int64_t{date.year} * months_of_year + date.month - 1;
}

/// The same day `months` later and again until it exists (CAL-03, CAL-04); none after 9999.
std::optional<civil_date> add_months(civil_date date, std::int64_t months) {
  for (auto index = month_index(date) + months; index / months_of_year <= year_last;
       index += months) {
    date.year = static_cast<std::int32_t>(index / months_of_year);
    date.month = static_cast<std::uint8_t>(index % months_of_year + 1);
    if (exists(date))
      return date;
  }
  return std::nullopt;
}

/// The date that follows `day` in the rule's sequence; none after its end.
std::optional<std::int64_t> step(const calendar_rule& rule, std::int64_t day) {
  if (rule.months > 0) {
    const auto date = add_months(date_of(day), rule.months);
    if (!date)
      return std::nullopt;
    day = day_number(*date);
  }
  day += rule.days;
  return day <= rule.end_day ? std::optional{day} : std::nullopt;
}

/// A date of the sequence at or after `day`, with none left out that is at or after `target`.
std::optional<std::int64_t> leap(const calendar_rule& rule, std::int64_t day, std::int64_t target) {
  if (target <= day)
    return day;
  if (rule.months == 0) {
    day += ceil_div(target - day, rule.days) * rule.days;
    return day <= rule.end_day ? std::optional{day} : std::nullopt;
  }
  if (rule.days == 0) { // the day of the month stays the same
    auto date = date_of(day);
    const auto steps = (month_index(date_of(target)) - month_index(date)) / rule.months;
    if (steps < 2)
      return day;
    const auto found = add_months(date, steps * rule.months);
    // The jump itself may meet a month without that day: go on by single steps from there.
    if (found && month_index(*found) == month_index(date) + steps * rule.months)
      return day_number(*found);
    const auto index = month_index(date) + steps * rule.months;
    date.year = static_cast<std::int32_t>(index / months_of_year);
    date.month = static_cast<std::uint8_t>(index % months_of_year + 1);
    const auto later = add_months(date, rule.months);
    return later ? std::optional{day_number(*later)} : std::nullopt;
  }
  for (auto at = std::optional{day}; at; at = step(rule, *at))
    if (*at >= target)
      return at;
  return std::nullopt;
}

} // namespace

std::optional<time_point> first_from(const interval_rule& rule, time_point from) {
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
                                     std::optional<time_point> last, time_point from) {
  std::optional<std::int64_t> day = rule.start_day;
  if (last) {
    const auto utc = floor_second(*last);
    day = step(rule, floor_div(utc + zone.period_at(utc).offset, day_seconds));
  }
  // Two days cover every offset from UTC.
  const auto target = floor_div(floor_second(from), day_seconds) - 2;
  if (day && *day <= rule.end_day)
    day = leap(rule, *day, target);
  for (; day && *day <= rule.end_day; day = step(rule, *day)) {
    const auto utc = zone.first_instant_of(*day * day_seconds + rule.time_of_day);
    if (utc && at_second(*utc) >= from && at_second(*utc) <= instant_max)
      return at_second(*utc);
  }
  return std::nullopt;
}

} // namespace carillon::triggers
