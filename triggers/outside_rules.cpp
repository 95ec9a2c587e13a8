#include "triggers/outside_rules.hpp"

#include <algorithm>
#include <type_traits>

namespace carillon::triggers {
namespace {

/// The triggers inside a trigger; nullptr when its kind has none.
template <class Spec> auto* children_of(Spec& spec) {
  return std::visit(
      [](auto& kind) {
        using Children = std::conditional_t<std::is_const_v<Spec>, const std::vector<trigger_spec>,
                                            std::vector<trigger_spec>>;
        if constexpr (requires { kind.triggers; })
          return static_cast<Children*>(&kind.triggers);
        else
          return static_cast<Children*>(nullptr);
      },
      spec.kind);
}

bool is_named(const exclusion& each) { return !each.calendar.empty() && each.days.empty(); }

void add_calendars(const trigger_spec& spec, std::vector<std::string>& out) {
  if (const auto* rest = std::get_if<filtered>(&spec.kind))
    for (const auto& each : rest->exclude)
      if (is_named(each))
        out.push_back(each.calendar);
  if (const auto* children = children_of(spec))
    for (const auto& child : *children)
      add_calendars(child, out);
}

} // namespace

void each_zone(const trigger_spec& spec, const std::function<void(const std::string&)>& visit) {
  const auto* children = children_of(spec);
  // Exclusions and windows are read in the trigger's own zone; combined triggers have none.
  const bool is_walled = children == nullptr ? !std::holds_alternative<once>(spec.kind) &&
                                                   !std::holds_alternative<interval>(spec.kind)
                                             : std::holds_alternative<filtered>(spec.kind);
  if (is_walled && spec.timezone != "UTC")
    visit(spec.timezone);
  if (children != nullptr)
    for (const auto& child : *children)
      each_zone(child, visit);
}

std::vector<std::string> calendars_of(const trigger_spec& spec) {
  std::vector<std::string> out;
  add_calendars(spec, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

trigger_spec with_days(trigger_spec spec, const days_by_name& days_of) {
  if (auto* rest = std::get_if<filtered>(&spec.kind))
    for (auto& each : rest->exclude)
      if (is_named(each))
        if (const auto* days = days_of(each.calendar))
          each.days = *days;
  if (auto* children = children_of(spec))
    for (auto& child : *children)
      child = with_days(std::move(child), days_of);
  return spec;
}

trigger_spec without_days(trigger_spec filled, const trigger_spec& spec) {
  auto* out = std::get_if<filtered>(&filled.kind);
  const auto* given = std::get_if<filtered>(&spec.kind);
  if (out != nullptr && given != nullptr)
    for (std::size_t i = 0; i < out->exclude.size() && i < given->exclude.size(); ++i)
      if (is_named(given->exclude[i]))
        out->exclude[i].days.clear();
  auto* children = children_of(filled);
  const auto* before = children_of(spec);
  if (children != nullptr && before != nullptr)
    for (std::size_t i = 0; i < children->size() && i < before->size(); ++i)
      (*children)[i] = without_days(std::move((*children)[i]), (*before)[i]);
  return filled;
}

} // namespace carillon::triggers
