#pragma once

#include "carillon/trigger.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// What fire times depend on that is not in the trigger: rules of time zones, days of calendars.
namespace carillon::triggers {

/// Calls `visit` with the zones that the fire times of a resolved trigger depend on, at any level,
/// perhaps more than once. UTC is none of them: its rules never change.
void each_zone(const trigger_spec& spec, const std::function<void(const std::string&)>& visit);

/// The calendars that the trigger names without giving their days, at any level: sorted, each once.
std::vector<std::string> calendars_of(const trigger_spec& spec);

/// The days of a calendar; nullptr when there is no such calendar.
using days_by_name = std::function<const std::vector<date_range>*(std::string_view name)>;

/// `spec` with the days of the calendars that it names without them. What `days_of` does not know
/// stays as it is; `resolve` and `compile` refuse it.
trigger_spec with_days(trigger_spec spec, const days_by_name& days_of);

/// `filled`, made from `with_days(spec)` by `resolve`, without the days that `spec` does not give:
/// what is stored.
trigger_spec without_days(trigger_spec filled, const trigger_spec& spec);

} // namespace carillon::triggers
