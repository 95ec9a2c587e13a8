#include "triggers/cron_words.hpp"

#include "triggers/words.hpp"

#include <bit>

namespace carillon::triggers {
namespace {

constexpr int times_listed_max = 6;
constexpr std::uint64_t all_sixty = (std::uint64_t{1} << 60) - 1;
constexpr std::uint32_t all_hours = (1U << 24) - 1;
constexpr std::uint32_t all_days = 0xffff'fffe;
constexpr std::uint16_t all_months = 0x1ffe;
constexpr std::uint8_t all_weekdays = 0x7f;

/// The step of values that go on evenly from one round of `size` to the next: 0, 15, 30, 45 of 60.
std::optional<value_steps> even_steps(std::uint64_t bits, int size) {
  const auto found = steps_of(bits);
  const bool is_even = found && size % found->step == 0 && found->first < found->step &&
                       found->last + found->step >= size;
  return is_even ? found : std::nullopt;
}

std::string number(int n) { return std::to_string(n); }

std::string two_digits(int n) { return (n < 10 ? "0" : "") + std::to_string(n); }

/// "minute 5", "minutes 5, 10 and 20 to 30".
std::string named_values(std::string_view name, std::uint64_t bits) {
  return std::string{name} + (std::popcount(bits) == 1 ? " " : "s ") + run_words(bits, number);
}

int lowest(std::uint64_t bits) { return std::countr_zero(bits); }
int highest(std::uint64_t bits) { return 63 - std::countl_zero(bits); }

/// What the seconds, minutes and hours of a table say.
class time_writer {
public:
  explicit time_writer(const cron_table& table) : t_{table} {}

  std::string words() const {
    const auto times =
        std::popcount(t_.seconds) * std::popcount(t_.minutes) * std::popcount(t_.hours);
    if (times <= times_listed_max)
      return "at " + listed();
    if (std::popcount(t_.seconds) == 1 && std::popcount(t_.minutes) == 1)
      return by_hours();
    return seconds() + hours();
  }

  /// Which stretches of a day they cover; empty = all of it.
  std::string stretches() const {
    if (t_.seconds != all_sixty)
      return words();
    if (t_.minutes != all_sixty)
      return "in " + named_values("minute", t_.minutes) + " of " +
             (t_.hours == all_hours ? "every hour"
                                    : "the hours " + run_words(t_.hours, two_digits));
    if (t_.hours == all_hours)
      return {};
    std::vector<std::string> out;
    for (const auto& [first, last] : runs_of(t_.hours))
      out.push_back("from " + two_digits(first) + ":00 to " + two_digits(last + 1) + ":00");
    return joined(out);
  }

  /// Whether it says by itself that every day is meant.
  bool is_all_day() const { return t_.hours == all_hours; }

private:
  bool has_seconds() const { return t_.seconds != 1; }

  std::string at(int hour, int minute, int second) const {
    return time_of_day(hour * 3600 + minute * 60 + second, has_seconds());
  }

  std::string listed() const {
    std::vector<std::string> out;
    for (const int hour : values_of(t_.hours))
      for (const int minute : values_of(t_.minutes))
        for (const int second : values_of(t_.seconds))
          out.push_back(at(hour, minute, second));
    return joined(out);
  }

  /// One minute of many hours.
  std::string by_hours() const {
    const int minute = lowest(t_.minutes);
    const int second = lowest(t_.seconds);
    if (t_.hours == all_hours) {
      std::string out = "every hour";
      if (minute != 0 || second != 0)
        out += " at minute " + number(minute);
      return second == 0 ? out : out + " and second " + number(second);
    }
    if (const auto steps = steps_of(t_.hours))
      return "every " + multiple(static_cast<std::uint64_t>(steps->step), "hour") + " from " +
             at(steps->first, minute, second) + " to " + at(steps->last, minute, second);
    return "at " + listed();
  }

  std::string seconds() const {
    if (t_.seconds == 1)
      return minutes(true);
    const auto of_minutes = t_.minutes == all_sixty ? "" : " of " + minutes(false);
    if (t_.seconds == all_sixty)
      return "every second" + of_minutes;
    if (const auto steps = even_steps(t_.seconds, 60))
      return "every " + number(steps->step) + " seconds" +
             (steps->first == 0 ? "" : " from second " + number(steps->first)) + of_minutes;
    return "at " + named_values("second", t_.seconds) + " of " + minutes(false);
  }

  /// "every minute"; `is_whole`: it stands by itself, not after "of".
  std::string minutes(bool is_whole) const {
    if (t_.minutes == all_sixty)
      return "every minute";
    if (const auto steps = even_steps(t_.minutes, 60))
      return (is_whole ? "every " + number(steps->step) + " minutes"
                       : "every " + ordinal(steps->step) + " minute") +
             (steps->first == 0 ? "" : " from minute " + number(steps->first));
    return (is_whole ? "at " : "") + named_values("minute", t_.minutes) +
           (t_.hours == all_hours ? " of every hour" : "");
  }

  std::string hours() const {
    if (t_.hours == all_hours)
      return {};
    const auto runs = runs_of(t_.hours);
    if (runs.size() > 1)
      return " in the hours " + run_words(t_.hours, two_digits);
    return " from " + at(runs[0].first, lowest(t_.minutes), lowest(t_.seconds)) + " to " +
           at(runs[0].last, highest(t_.minutes), highest(t_.seconds));
  }

  const cron_table& t_;
};

std::string weekday_words(std::uint8_t weekdays) {
  return run_words(weekdays, [](int day) { return weekday_name(day); });
}

std::string month_words(std::uint16_t months) {
  return run_words(months, [](int month) { return month_name(month); });
}

std::string nth_from_end(int n) { return n == 1 ? "last" : ordinal(n) + " to last"; }

/// "the 1st", "the 2nd Monday", "the last day", "the weekday nearest to the 15th".
std::vector<std::string> day_names(const cron_table& t) {
  std::vector<std::string> out;
  for (const auto& [first, last] : runs_of(t.days)) {
    if (last - first >= 2) {
      out.push_back("the " + ordinal(first) + " to " + ordinal(last));
      continue;
    }
    for (int day = first; day <= last; ++day)
      out.push_back("the " + ordinal(day));
  }
  for (int weekday = 0; weekday < 7; ++weekday)
    for (const int n : values_of(t.nth[static_cast<std::size_t>(weekday)]))
      out.push_back("the " + (n == 5 ? "last" : ordinal(n + 1)) + ' ' +
                    std::string{weekday_name(weekday)});
  for (const int n : values_of(t.days_from_end))
    out.push_back("the " + nth_from_end(n) + " day");
  for (const int day : values_of(t.nearest_to))
    out.push_back("the weekday (Monday to Friday) nearest to the " + ordinal(day));
  for (const int n : values_of(t.nearest_to_from_end))
    out.push_back("the weekday (Monday to Friday) nearest to the " + nth_from_end(n) + " day");
  return out;
}

/// Months after days: "of each month", "of January and July".
std::string of_months(const cron_table& t) {
  return t.months == all_months ? " of each month" : " of " + month_words(t.months);
}

std::string day_words(const cron_table& t, bool is_all_day) {
  const bool any_day = t.days == all_days;
  const bool any_weekday = t.weekdays == all_weekdays;
  if ((any_day && any_weekday) || (t.either_day && (any_day || any_weekday))) {
    if (t.months != all_months)
      return " every day of " + month_words(t.months);
    return is_all_day ? "" : " every day";
  }
  if (any_day)
    return " on " + weekday_words(t.weekdays) +
           (t.months == all_months ? "" : " in " + month_words(t.months));
  const auto days = " on " + joined(day_names(t)) + of_months(t);
  if (any_weekday)
    return days;
  if (t.either_day)
    return days + ", or on " + weekday_words(t.weekdays) +
           (t.months == all_months ? "" : " in " + month_words(t.months));
  std::vector<std::string> allowed;
  for (const int weekday : values_of(t.weekdays))
    allowed.emplace_back(weekday_name(weekday));
  return days + ", if that is a " + joined(allowed, "or");
}

std::string year_words(const std::vector<year_range>& years) {
  std::vector<std::string> out;
  for (const auto& [first, last, step] : years) {
    auto text = number(first);
    if (last > first)
      text += " to " + number(last);
    if (step > 1 && last > first)
      text = "every " + ordinal(step) + " year from " + text;
    out.push_back(std::move(text));
  }
  return joined(out);
}

std::string week_and_year_words(const cron_table& t) {
  std::string out;
  if (t.has_weeks)
    out += ", in ISO " + named_values("week", t.weeks);
  const bool is_any_year =
      t.years.empty() || (t.years.size() == 1 && t.years[0].first == 1970 &&
                          t.years[0].last >= quartz_year_max && t.years[0].step == 1);
  return is_any_year ? out : out + ", in " + year_words(t.years);
}

} // namespace

std::optional<value_steps> steps_of(std::uint64_t bits) {
  const auto values = values_of(bits);
  if (values.size() < 3)
    return std::nullopt;
  const int step = values[1] - values[0];
  for (std::size_t i = 2; i < values.size(); ++i)
    if (values[i] - values[i - 1] != step)
      return std::nullopt;
  return value_steps{values.front(), values.back(), step};
}

std::string cron_words(const cron_table& table) {
  const time_writer time{table};
  return time.words() + day_words(table, time.is_all_day()) + week_and_year_words(table);
}

std::string stretch_words(const cron_table& table) {
  const time_writer time{table};
  const auto times = time.stretches();
  const auto days = day_words(table, time.is_all_day()) + week_and_year_words(table);
  if (!times.empty())
    return times + days;
  // Whole days: " on Saturday and Sunday", " every day of December", ", in ISO week 1".
  const auto begin = days.find_first_not_of(", ");
  return begin == std::string::npos ? "always" : days.substr(begin);
}

} // namespace carillon::triggers
