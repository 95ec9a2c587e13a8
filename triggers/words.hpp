#pragma once

// Internal to triggers/: numbers, times and days as English words.

#include "triggers/civil_time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::triggers {

/// "Monday"; 0 = Monday.
std::string_view weekday_name(int weekday);
/// "January"; 1 to 12.
std::string_view month_name(int month);
/// "1st", "22nd", "31st".
std::string ordinal(int n);
/// "a", "a and b", "a, b and c".
std::string joined(const std::vector<std::string>& parts, std::string_view last = "and");
/// "day", "2 days": what stands after "every".
std::string multiple(std::uint64_t n, std::string_view unit);
/// "1 hour 30 minutes"; a week is 7 days.
std::string span_words(duration d);
/// "Sunday 29 March 2026".
std::string date_words(civil_date date);
/// "02:30", "02:30:15": seconds where there are any, or always.
std::string time_of_day(second_count second, bool with_seconds = false);
/// "Sunday 29 March 2026 02:30", of a wall clock.
std::string wall_words(second_count wall);
/// `wall_words` of an instant in a zone, with its microseconds where there are any.
std::string instant_words(time_point t, const time_zone& zone);

/// The set bits in order.
std::vector<int> values_of(std::uint64_t bits);

/// Neighbouring values.
struct value_run {
  int first = 0;
  int last = 0;
};
/// Values as runs, in order: 1, 3, 4, 5 are {1, 1} and {3, 5}.
std::vector<value_run> runs_of(std::uint64_t bits);
/// `runs_of` in words, three and more neighbours as "9 to 17"; `name` is called with each value.
template <class Name> std::string run_words(std::uint64_t bits, Name name) {
  std::vector<std::string> out;
  for (const auto& [first, last] : runs_of(bits)) {
    if (last - first >= 2) {
      out.push_back(std::string{name(first)} + " to " + std::string{name(last)});
      continue;
    }
    for (int value = first; value <= last; ++value)
      out.emplace_back(name(value));
  }
  return joined(out);
}

} // namespace carillon::triggers
