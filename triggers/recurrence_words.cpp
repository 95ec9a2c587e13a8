#include "triggers/recurrence_words.hpp"

#include "triggers/words.hpp"

#include <array>
#include <charconv>
#include <map>
#include <optional>

namespace carillon::triggers {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array weekday_codes{"MO"sv, "TU"sv, "WE"sv, "TH"sv, "FR"sv, "SA"sv, "SU"sv};

struct frequency {
  std::string_view code;
  std::string_view unit;
};
constexpr std::array frequencies{frequency{"SECONDLY", "second"}, frequency{"MINUTELY", "minute"},
                                 frequency{"HOURLY", "hour"},     frequency{"DAILY", "day"},
                                 frequency{"WEEKLY", "week"},     frequency{"MONTHLY", "month"},
                                 frequency{"YEARLY", "year"}};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (true) {
    const auto end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> whole(std::string_view text) {
  if (text.starts_with('+'))
    text.remove_prefix(1);
  int out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return out;
}

std::string upper(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'a' && c <= 'z')
      c = static_cast<char>(c - 32);
  return out;
}

/// "the 2nd", "the last", "the 3rd to last".
std::string position(int n) {
  if (n >= 0)
    return "the " + ordinal(n);
  return n == -1 ? "the last" : "the " + ordinal(-n) + " to last";
}

/// "MO" as "Monday", "-1FR" as "the last Friday"; none when it is neither.
std::optional<std::string> weekday(std::string_view text) {
  if (text.size() < 2)
    return std::nullopt;
  const auto code = text.substr(text.size() - 2);
  for (std::size_t i = 0; i < weekday_codes.size(); ++i) {
    if (weekday_codes[i] != code)
      continue;
    const std::string name{weekday_name(static_cast<int>(i))};
    if (text.size() == 2)
      return name;
    const auto n = whole(text.substr(0, text.size() - 2));
    return n ? std::optional{position(*n) + ' ' + name} : std::nullopt;
  }
  return std::nullopt;
}

/// Each item of a list by `name`; none when one of them has none.
template <class Name> std::optional<std::string> items(std::string_view text, Name name) {
  std::vector<std::string> out;
  for (const auto item : split(text, ',')) {
    auto words = name(item);
    if (!words)
      return std::nullopt;
    out.push_back(std::move(*words));
  }
  return joined(out);
}

std::optional<std::string> number(std::string_view text) {
  const auto n = whole(text);
  return n ? std::optional{std::to_string(*n)} : std::nullopt;
}

std::optional<std::string> month(std::string_view text) {
  const auto n = whole(text);
  if (!n || *n < 1 || *n > 12)
    return std::nullopt;
  return std::string{month_name(*n)};
}

std::optional<std::string> place(std::string_view text) {
  const auto n = whole(text);
  return n ? std::optional{position(*n)} : std::nullopt;
}

std::string until_words(std::string_view text) {
  const auto time = when_from_text(text);
  if (!time)
    return std::string{text};
  return wall_words(floor_second(time->at)) + (time->is_local ? "" : " UTC");
}

/// One part after FREQ and INTERVAL; none when it has no words.
std::optional<std::string> part_words(std::string_view key, std::string_view value) {
  const auto with = [](std::string_view before, std::optional<std::string> words,
                       std::string_view after = "") -> std::optional<std::string> {
    if (!words)
      return std::nullopt;
    return std::string{before} + *words + std::string{after};
  };
  if (key == "BYDAY")
    return with(" on ", items(value, weekday));
  if (key == "BYMONTHDAY")
    return with(" on ", items(value, place), " day of the month");
  if (key == "BYYEARDAY")
    return with(" on ", items(value, place), " day of the year");
  if (key == "BYMONTH")
    return with(" in ", items(value, month));
  if (key == "BYWEEKNO")
    return with(" in week ", items(value, number));
  if (key == "BYHOUR")
    return with(" in hour ", items(value, number));
  if (key == "BYMINUTE")
    return with(" at minute ", items(value, number));
  if (key == "BYSECOND")
    return with(" at second ", items(value, number));
  if (key == "BYSETPOS")
    return with(", of these ", items(value, place));
  if (key == "COUNT")
    return with(", ", number(value), value == "1" ? " time" : " times");
  if (key == "UNTIL")
    return ", until " + until_words(value);
  if (key == "WKST")
    return with(", weeks beginning on ", weekday(value));
  return std::nullopt;
}

} // namespace

std::string rrule_words(std::string_view rule) {
  const auto text = upper(rule);
  std::string unit;
  std::uint64_t step = 1;
  std::string rest;
  for (const auto part : split(text, ';')) {
    const auto equals = std::min(part.find('='), part.size());
    const auto key = part.substr(0, equals);
    const auto value = part.substr(std::min(equals + 1, part.size()));
    if (key == "FREQ") {
      for (const auto& [code, name] : frequencies)
        if (code == value)
          unit = name;
    } else if (key == "INTERVAL" && whole(value).value_or(0) > 0) {
      step = static_cast<std::uint64_t>(*whole(value));
    } else if (!part.empty()) {
      rest += part_words(key, value).value_or(' ' + std::string{part});
    }
  }
  if (unit.empty())
    return "by the rule " + std::string{rule};
  return "every " + multiple(step, unit) + rest;
}

} // namespace carillon::triggers
