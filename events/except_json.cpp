#include "events/except_json.hpp"

#include "events/key_hint.hpp"

#include <array>

namespace carillon::events {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

using std::string_view_literals::operator""sv;

constexpr std::array pattern_kinds{"cron"sv, "vixie"sv, "quartz"sv};

error wrong(std::string message, std::string field) {
  return {errc::invalid_argument, std::move(message), std::move(field)};
}

std::string at_index(const std::string& path, std::size_t i) {
  return path + '[' + std::to_string(i) + ']';
}

/// The list under a key; null when absent. Errors: it is something else.
expected<const json*> list_of(const json& object, std::string_view key, const std::string& path) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null())
    return static_cast<const json*>(nullptr);
  if (!found->is_array())
    return unexpected<error>{
        wrong(std::string{key} + " must be a list", path + '.' + std::string{key})};
  return &*found;
}

/// A list of texts, each read by `parse`.
template <class T>
expected<std::vector<T>> texts(const json& object, std::string_view key, const std::string& path,
                               expected<T> (*parse)(std::string_view)) {
  std::vector<T> out;
  const auto list = list_of(object, key, path);
  if (!list)
    return unexpected<error>{list.error()};
  for (std::size_t i = 0; *list != nullptr && i < (*list)->size(); ++i) {
    const auto field = at_index(path + '.' + std::string{key}, i);
    const auto& item = (**list)[i];
    if (!item.is_string())
      return unexpected<error>{wrong("must be a string", field)};
    const auto parsed = parse(item.get_ref<const std::string&>());
    if (!parsed)
      return unexpected<error>{wrong(parsed.error().message, field)};
    out.push_back(*parsed);
  }
  return out;
}

/// The spec of a cron-like kind, under the kind's name.
expected<cron> pattern_of(std::string_view kind, const json& spec, const std::string& path,
                          const trigger_reading& read) {
  const auto inner = read(json{{"kind", kind}, {"spec", spec}}, path);
  if (inner)
    return std::get<cron>(inner->kind);
  auto failure = inner.error();
  const auto prefix = path + ".spec";
  if (failure.field.starts_with(prefix))
    failure.field = path + '.' + std::string{kind} + failure.field.substr(prefix.size());
  return unexpected<error>{std::move(failure)};
}

expected<exclusion> exclusion_of(const json& in, const std::string& path,
                                 const trigger_reading& read) {
  constexpr std::array keys{"calendar"sv, "days"sv, "cron"sv, "vixie"sv, "quartz"sv};
  if (!in.is_object())
    return unexpected<error>{wrong("an exclusion must be a JSON object", path)};
  if (auto unknown = unknown_key(in, path, keys))
    return unexpected<error>{std::move(*unknown)};
  exclusion out;
  if (const auto name = in.find("calendar"); name != in.end() && !name->is_null()) {
    if (!name->is_string() || name->get_ref<const std::string&>().empty())
      return unexpected<error>{wrong("calendar must be a name", path + ".calendar")};
    out.calendar = name->get<std::string>();
  }
  auto days = texts(in, "days", path, days_from_text);
  if (!days)
    return unexpected<error>{std::move(days).error()};
  out.days = std::move(*days);
  for (const auto kind : pattern_kinds) {
    const auto spec = in.find(kind);
    if (spec == in.end() || spec->is_null())
      continue;
    if (out.pattern)
      return unexpected<error>{wrong("an exclusion has one pattern; cron, vixie and quartz exclude "
                                     "each other",
                                     path + '.' + std::string{kind})};
    auto pattern = pattern_of(kind, *spec, path, read);
    if (!pattern)
      return unexpected<error>{std::move(pattern).error()};
    out.pattern = std::move(*pattern);
  }
  return out;
}

} // namespace

expected<filtered> except_from_json(const json& spec, const std::string& path,
                                    const trigger_reading& read) {
  constexpr std::array keys{"trigger"sv, "exclude"sv, "windows"sv};
  if (auto unknown = unknown_key(spec, path, keys))
    return unexpected<error>{std::move(*unknown)};
  const auto inner = spec.find("trigger");
  if (inner == spec.end() || inner->is_null())
    return unexpected<error>{wrong("trigger is missing", path + ".trigger")};
  auto trigger = read(*inner, path + ".trigger");
  if (!trigger)
    return unexpected<error>{std::move(trigger).error()};
  filtered out;
  out.triggers.push_back(std::move(*trigger));
  const auto list = list_of(spec, "exclude", path);
  if (!list)
    return unexpected<error>{list.error()};
  for (std::size_t i = 0; *list != nullptr && i < (*list)->size(); ++i) {
    auto each = exclusion_of((**list)[i], at_index(path + ".exclude", i), read);
    if (!each)
      return unexpected<error>{std::move(each).error()};
    out.exclude.push_back(std::move(*each));
  }
  auto windows = texts(spec, "windows", path, window_from_text);
  if (!windows)
    return unexpected<error>{std::move(windows).error()};
  out.windows = std::move(*windows);
  return out;
}

ordered_json except_to_json(const filtered& kind,
                            const std::function<ordered_json(const trigger_spec&)>& write) {
  auto spec = ordered_json::object();
  spec["trigger"] = kind.triggers.empty() ? ordered_json{} : write(kind.triggers.front());
  for (const auto& each : kind.exclude) {
    auto item = ordered_json::object();
    if (!each.calendar.empty())
      item["calendar"] = each.calendar;
    for (const auto& days : each.days)
      item["days"].push_back(days_text(days));
    if (each.pattern) {
      auto pattern = write(trigger_spec{*each.pattern});
      item[pattern["kind"].get<std::string>()] = std::move(pattern["spec"]);
    }
    spec["exclude"].push_back(std::move(item));
  }
  for (const auto& window : kind.windows)
    spec["windows"].push_back(window_text(window));
  return spec;
}

} // namespace carillon::events
