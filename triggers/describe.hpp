#pragma once

#include "carillon/trigger.hpp"

#include <string>

namespace carillon::triggers {

/// A resolved trigger in plain English, weekdays by name, and what the clock changes in the year
/// after `from` do to it. Total: every trigger that `resolve` accepts has a description.
std::string describe(const trigger_spec& spec, time_point from);

} // namespace carillon::triggers
