#include "triggers/words.hpp"

#include <array>
#include <cstdio>

namespace carillon::triggers {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array weekdays{"Monday"sv, "Tuesday"sv,  "Wednesday"sv, "Thursday"sv,
                              "Friday"sv, "Saturday"sv, "Sunday"sv};
constexpr std::array months{"January"sv,   "February"sv, "March"sv,    "April"sv,
                            "May"sv,       "June"sv,     "July"sv,     "August"sv,
                            "September"sv, "October"sv,  "November"sv, "December"sv};

struct unit {
  std::string_view name;
  std::int64_t microseconds;
};
constexpr std::array units{unit{"day", 86'400'000'000}, unit{"hour", 3'600'000'000},
                           unit{"minute", 60'000'000},  unit{"second", 1'000'000},
                           unit{"millisecond", 1'000},  unit{"microsecond", 1}};

std::string counted(std::int64_t n, std::string_view name) {
  return std::to_string(n) + ' ' + std::string{name} + (n == 1 ? "" : "s");
}

} // namespace

std::string_view weekday_name(int weekday) { return weekdays[static_cast<std::size_t>(weekday)]; }

std::string_view month_name(int month) { return months[static_cast<std::size_t>(month - 1)]; }

std::string ordinal(int n) {
  const bool is_teen = n % 100 >= 11 && n % 100 <= 13;
  const int digit = is_teen ? 0 : n % 10;
  return std::to_string(n) + (digit == 1 ? "st" : digit == 2 ? "nd" : digit == 3 ? "rd" : "th");
}

std::string joined(const std::vector<std::string>& parts, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0)
      out += i + 1 < parts.size() ? ", " : ' ' + std::string{last} + ' ';
    out += parts[i];
  }
  return out;
}

std::string multiple(std::uint64_t n, std::string_view unit) {
  return n == 1 ? std::string{unit} : std::to_string(n) + ' ' + std::string{unit} + 's';
}

std::string span_words(duration d) {
  auto rest = d.count();
  std::string out;
  for (const auto& [name, microseconds] : units)
    if (const auto n = rest / microseconds; n != 0) {
      out += (out.empty() ? "" : " ") + counted(n, name);
      rest %= microseconds;
    }
  return out.empty() ? "0 seconds" : out;
}

std::string date_words(civil_date date) {
  const auto weekday = static_cast<int>(((day_number(date) + 3) % 7 + 7) % 7);
  return std::string{weekday_name(weekday)} + ' ' + std::to_string(date.day) + ' ' +
         std::string{month_name(date.month)} + ' ' + std::to_string(date.year);
}

std::string time_of_day(second_count second, bool with_seconds) {
  std::array<char, 16> buffer{};
  const auto part = [](second_count n) { return static_cast<int>(n); };
  const int size =
      with_seconds || second % 60 != 0
          ? std::snprintf(buffer.data(), buffer.size(), "%02d:%02d:%02d", part(second / 3600),
                          part(second / 60 % 60), part(second % 60))
          : std::snprintf(buffer.data(), buffer.size(), "%02d:%02d", part(second / 3600),
                          part(second / 60 % 60));
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::string wall_words(second_count wall) {
  const auto day = floor_div(wall, day_seconds);
  return date_words(date_of(day)) + ' ' + time_of_day(wall - day * day_seconds);
}

std::string instant_words(time_point t, const time_zone& zone) {
  const auto utc = floor_second(t);
  const auto wall = utc + zone.period_at(utc).offset;
  const auto rest = (t - at_second(utc)).count();
  if (rest == 0)
    return wall_words(wall);
  const auto day = floor_div(wall, day_seconds);
  const auto digits = std::to_string(rest);
  return date_words(date_of(day)) + ' ' + time_of_day(wall - day * day_seconds, true) + '.' +
         std::string(6 - digits.size(), '0') + digits;
}

std::vector<int> values_of(std::uint64_t bits) {
  std::vector<int> out;
  for (int value = 0; value < 64; ++value)
    if ((bits >> value & 1) != 0)
      out.push_back(value);
  return out;
}

std::vector<value_run> runs_of(std::uint64_t bits) {
  std::vector<value_run> out;
  for (const int value : values_of(bits)) {
    if (!out.empty() && out.back().last + 1 == value)
      out.back().last = value;
    else
      out.push_back({value, value});
  }
  return out;
}

} // namespace carillon::triggers
