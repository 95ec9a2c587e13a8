#include "events/cron_ranges.hpp"

#include "events/key_hint.hpp"

#include <array>

namespace carillon::events {
namespace {

using nlohmann::json;
using std::string_view_literals::operator""sv;

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
  constexpr std::array keys{"start"sv, "end"sv, "step"sv};
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

} // namespace

expected<std::string> cron_field_text(const json& value, const std::string& field) {
  if (value.is_string())
    return value.get<std::string>();
  if (value.is_number_integer())
    return value.dump();
  if (value.is_object())
    return range_text(value, field);
  if (!value.is_array() || value.empty())
    return refuse(errc::invalid_argument,
                  "must be a string, a whole number, a range {\"start\", \"end\", \"step\"} or a "
                  "list of these",
                  field);
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto path = field + '[' + std::to_string(i) + ']';
    if (value[i].is_array())
      return refuse(errc::invalid_argument, "a list in a list is none of the values of a field",
                    path);
    const auto item = cron_field_text(value[i], path);
    if (!item)
      return item;
    out += (i == 0 ? "" : ",") + *item;
  }
  return out;
}

} // namespace carillon::events
