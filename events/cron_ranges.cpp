#include "events/cron_ranges.hpp"

#include "events/key_hint.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace carillon::events {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using std::string_view_literals::operator""sv;

constexpr std::array ordinals{"1st"sv, "2nd"sv, "3rd"sv, "4th"sv, "5th"sv};

/// A number or a word such as "mon"; nothing that would read as several values.
expected<std::string> bound_text(const json& value, const std::string& field) {
  if (value.is_number_integer())
    return value.dump();
  if (value.is_string()) {
    auto text = value.get<std::string>();
    if (!text.empty() && text.find_first_of(",-/* \t") == std::string::npos)
      return text;
  }
  return refuse(errc::invalid_argument, "must be a whole number or a name such as \"mon\"", field);
}

expected<std::string> range_text(const json& range, const std::string& field) {
  constexpr std::array keys{"start"sv, "end"sv, "step"sv, "weekday"sv, "day"sv};
  if (auto wrong = unknown_key(range, field, keys))
    return unexpected<error>{std::move(*wrong)};
  std::string out = "*";
  if (range.contains("start")) {
    auto start = bound_text(range["start"], field + ".start");
    if (!start)
      return start;
    out = std::move(*start);
  }
  if (range.contains("end")) {
    if (!range.contains("start"))
      return refuse(errc::invalid_argument, "end needs a start", field + ".end");
    const auto end = bound_text(range["end"], field + ".end");
    if (!end)
      return end;
    out += '-' + *end;
  }
  if (range.contains("step")) {
    if (!range["step"].is_number_integer())
      return refuse(errc::invalid_argument, "step must be a whole number", field + ".step");
    out += '/' + range["step"].dump();
  }
  return out;
}

/// `{"weekday", "nth"}`.
expected<std::string> weekday_text(const json& in, cron_dialect dialect, const std::string& field) {
  constexpr std::array keys{"weekday"sv, "nth"sv};
  if (auto wrong = unknown_key(in, field, keys))
    return unexpected<error>{std::move(*wrong)};
  const auto weekday = bound_text(in["weekday"], field + ".weekday");
  if (!weekday)
    return weekday;
  const auto nth = in.find("nth");
  const bool is_quartz = dialect == cron_dialect::quartz;
  if (nth != in.end() && *nth == "last")
    return is_quartz ? *weekday + 'L' : "last " + *weekday;
  if (nth == in.end() || !nth->is_number_integer() || *nth < 1 || *nth > ordinals.size())
    return refuse(errc::invalid_argument, "must be a number from 1 to 5 or \"last\"",
                  field + ".nth");
  const auto n = nth->get<std::size_t>();
  return is_quartz ? *weekday + '#' + std::to_string(n)
                   : std::string{ordinals[n - 1]} + ' ' + *weekday;
}

/// `{"day", "before", "nearest_weekday"}`.
expected<std::string> day_text(const json& in, cron_dialect dialect, const std::string& field) {
  constexpr std::array keys{"day"sv, "before"sv, "nearest_weekday"sv};
  if (auto wrong = unknown_key(in, field, keys))
    return unexpected<error>{std::move(*wrong)};
  const bool is_quartz = dialect == cron_dialect::quartz;
  for (const auto key : {"before", "nearest_weekday"})
    if (!is_quartz && in.contains(key))
      return refuse(errc::invalid_argument, "is understood in dialect quartz only",
                    field + '.' + key);
  const auto nearest = in.find("nearest_weekday");
  if (nearest != in.end() && !nearest->is_boolean())
    return refuse(errc::invalid_argument, "must be true or false", field + ".nearest_weekday");
  const bool is_nearest = nearest != in.end() && nearest->get<bool>();
  const auto& day = in["day"];
  if (day.is_number_integer() && is_nearest && !in.contains("before"))
    return day.dump() + 'W';
  if (day != "last")
    return refuse(errc::invalid_argument,
                  "must be \"last\", or a number where nearest_weekday is true", field + ".day");
  if (!is_quartz)
    return std::string{"last"};
  std::string out = "L";
  if (const auto before = in.find("before"); before != in.end()) {
    if (!before->is_number_unsigned())
      return refuse(errc::invalid_argument, "must be a whole number of days", field + ".before");
    out += '-' + before->dump();
  }
  return is_nearest ? out + 'W' : out;
}

/// A whole number, or none.
std::optional<int> number_of(std::string_view text) {
  int out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool is_read = failure == std::errc{} && end == text.data() + text.size();
  // 007 and -1 would come back as other texts.
  return is_read && std::to_string(out) == text ? std::optional{out} : std::nullopt;
}

/// A number as such, a name as text; none of what `bound_text` does not read.
std::optional<ordered_json> bound_of(std::string_view text) {
  if (const auto number = number_of(text))
    return ordered_json(*number);
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_letter))
    return std::nullopt;
  return ordered_json(text);
}

/// `*`, `*/n`, `a`, `a-b`, `a/n`, `a-b/n`.
std::optional<ordered_json> range_of(std::string_view item) {
  auto out = ordered_json::object();
  const auto slash = item.find('/');
  const auto bounds = item.substr(0, slash);
  if (bounds != "*") {
    const auto dash = bounds.find('-');
    const auto start = bound_of(bounds.substr(0, dash));
    if (!start)
      return std::nullopt;
    if (dash == std::string_view::npos && slash == std::string_view::npos)
      return start;
    out["start"] = *start;
    if (dash != std::string_view::npos) {
      const auto end = bound_of(bounds.substr(dash + 1));
      if (!end)
        return std::nullopt;
      out["end"] = *end;
    }
  }
  if (slash != std::string_view::npos) {
    const auto step = number_of(item.substr(slash + 1));
    if (!step)
      return std::nullopt;
    out["step"] = *step;
  }
  return out;
}

/// `last`, `last fri`, `2nd mon`.
std::optional<ordered_json> position_of(std::string_view item) {
  if (item == "last")
    return ordered_json{{"day", "last"}};
  const auto blank = item.find(' ');
  if (blank == std::string_view::npos)
    return std::nullopt;
  const auto weekday = bound_of(item.substr(blank + 1));
  const auto which = item.substr(0, blank);
  if (!weekday)
    return std::nullopt;
  if (which == "last")
    return ordered_json{{"weekday", *weekday}, {"nth", "last"}};
  for (std::size_t i = 0; i < ordinals.size(); ++i)
    if (which == ordinals[i])
      return ordered_json{{"weekday", *weekday}, {"nth", i + 1}};
  return std::nullopt;
}

/// `L`, `L-3`, `LW`, `L-3W`, `15W`, `6L`, `MON#2`.
std::optional<ordered_json> quartz_position_of(std::string_view item) {
  const bool is_nearest = item.size() > 1 && item.back() == 'W';
  const auto day = item.substr(0, item.size() - (is_nearest ? 1 : 0));
  if (day.starts_with('L')) {
    ordered_json out{{"day", "last"}};
    if (day.size() > 1) {
      const auto before = day[1] == '-' ? number_of(day.substr(2)) : std::nullopt;
      if (!before)
        return std::nullopt;
      out["before"] = *before;
    }
    if (is_nearest)
      out["nearest_weekday"] = true;
    return out;
  }
  if (const auto number = number_of(day); is_nearest && number)
    return ordered_json{{"day", *number}, {"nearest_weekday", true}};
  if (item.ends_with('L'))
    if (const auto weekday = bound_of(item.substr(0, item.size() - 1)))
      return ordered_json{{"weekday", *weekday}, {"nth", "last"}};
  const auto hash = item.find('#');
  if (hash == std::string_view::npos)
    return std::nullopt;
  const auto weekday = bound_of(item.substr(0, hash));
  const auto nth = number_of(item.substr(hash + 1));
  if (!weekday || !nth || *nth < 1 || *nth > 5)
    return std::nullopt;
  return ordered_json{{"weekday", *weekday}, {"nth", *nth}};
}

ordered_json item_of(std::string_view item, cron_dialect dialect) {
  const bool is_quartz = dialect == cron_dialect::quartz;
  // In quartz JUL is a month and 6L a position.
  const bool is_name = item.size() == 3 && bound_of(item);
  if (!is_name || !is_quartz)
    if (auto position = is_quartz ? quartz_position_of(item) : position_of(item))
      return std::move(*position);
  if (auto range = range_of(item))
    return std::move(*range);
  return ordered_json(item);
}

} // namespace

expected<std::string> cron_field_text(const json& value, cron_dialect dialect,
                                      const std::string& field) {
  if (value.is_string())
    return value.get<std::string>();
  if (value.is_number_integer())
    return value.dump();
  if (value.is_object()) {
    if (value.contains("weekday"))
      return weekday_text(value, dialect, field);
    if (value.contains("day"))
      return day_text(value, dialect, field);
    return range_text(value, field);
  }
  if (!value.is_array() || value.empty())
    return refuse(errc::invalid_argument,
                  "must be a string, a whole number, a range {\"start\", \"end\", \"step\"}, a "
                  "position such as {\"weekday\": \"fri\", \"nth\": \"last\"}, or a list of these",
                  field);
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto path = field + '[' + std::to_string(i) + ']';
    if (value[i].is_array())
      return refuse(errc::invalid_argument, "a list in a list is none of the values of a field",
                    path);
    const auto item = cron_field_text(value[i], dialect, path);
    if (!item)
      return item;
    out += (i == 0 ? "" : ",") + *item;
  }
  return out;
}

std::optional<ordered_json> cron_field_structure(std::string_view text, cron_dialect dialect) {
  if (dialect == cron_dialect::quartz && text == "?")
    return std::nullopt;
  auto items = ordered_json::array();
  while (true) {
    const auto size = std::min(text.find(','), text.size());
    items.push_back(item_of(text.substr(0, size), dialect));
    if (size == text.size())
      break;
    text.remove_prefix(size + 1);
  }
  return items.size() == 1 ? items.front() : std::move(items);
}

} // namespace carillon::events
