#include "events/recurrence_json.hpp"

#include "events/key_hint.hpp"

#include <algorithm>
#include <array>

namespace carillon::events {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using std::string_view_literals::operator""sv;

using texts = std::vector<std::string>;

/// The strings under `key`: one or a list; none when it is absent or null.
expected<texts> texts_of(const json& spec, std::string_view key, const std::string& path) {
  texts out;
  const auto found = spec.find(key);
  if (found == spec.end() || found->is_null())
    return out;
  const auto field = path + '.' + std::string{key};
  for (const auto& each : found->is_array() ? *found : json::array({*found})) {
    if (!each.is_string())
      return refuse(errc::invalid_argument,
                    std::string{key} + " must be a string or a list of strings", field);
    out.push_back(each.get<std::string>());
  }
  return out;
}

expected<std::vector<when>> times_of(const json& spec, std::string_view key,
                                     const std::string& path) {
  const auto lists = texts_of(spec, key, path);
  if (!lists)
    return unexpected<error>{lists.error()};
  std::vector<when> out;
  for (std::string_view list : *lists)
    while (true) {
      const auto size = std::min(list.find(','), list.size());
      auto time = when_from_text(list.substr(0, size));
      if (!time)
        return refuse(errc::invalid_argument, time.error().message, path + '.' + std::string{key});
      out.push_back(*time);
      if (size == list.size())
        break;
      list.remove_prefix(size + 1);
    }
  return out;
}

ordered_json one_or_list(texts values) {
  if (values.size() == 1)
    return ordered_json(std::move(values.front()));
  return ordered_json(std::move(values));
}

texts ical_texts(const std::vector<when>& times) {
  texts out;
  for (const auto& time : times)
    out.push_back(ical_text(time));
  return out;
}

} // namespace

expected<recurrence> recurrence_from_json(const json& spec, const std::string& path,
                                          std::optional<when>& start_time) {
  constexpr std::array keys{"rrule"sv, "exrule"sv, "rdate"sv, "exdate"sv, "dtstart_local"sv};
  if (auto wrong = unknown_key(spec, path, keys))
    return unexpected<error>{std::move(*wrong)};
  auto rules = texts_of(spec, "rrule", path);
  if (!rules)
    return unexpected<error>{rules.error()};
  auto except_rules = texts_of(spec, "exrule", path);
  if (!except_rules)
    return unexpected<error>{except_rules.error()};
  auto dates = times_of(spec, "rdate", path);
  if (!dates)
    return unexpected<error>{dates.error()};
  auto except_dates = times_of(spec, "exdate", path);
  if (!except_dates)
    return unexpected<error>{except_dates.error()};
  const auto start = times_of(spec, "dtstart_local", path);
  if (!start)
    return unexpected<error>{start.error()};
  if (start->size() > 1)
    return refuse(errc::invalid_argument, "dtstart_local must be one time",
                  path + ".dtstart_local");
  if (start->empty() && !start_time)
    return refuse(errc::invalid_argument,
                  "dtstart_local is missing; a rule begins at a time such as 20260101T090000",
                  path + ".dtstart_local");
  recurrence out;
  out.start = start->empty() ? *start_time : start->front();
  if (start->empty())
    start_time.reset();
  out.rules = std::move(*rules);
  out.except_rules = std::move(*except_rules);
  out.dates = std::move(*dates);
  out.except_dates = std::move(*except_dates);
  return out;
}

ordered_json recurrence_to_json(const recurrence& kind) {
  ordered_json out;
  const auto put = [&](const char* key, texts values) {
    if (!values.empty())
      out[key] = one_or_list(std::move(values));
  };
  put("rrule", kind.rules);
  out["dtstart_local"] = ical_text(kind.start);
  put("exrule", kind.except_rules);
  put("rdate", ical_texts(kind.dates));
  put("exdate", ical_texts(kind.except_dates));
  return out;
}

} // namespace carillon::events
