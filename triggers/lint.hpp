#pragma once

#include "carillon/fire_times.hpp"

#include <vector>

namespace carillon::triggers {

/// What may be wrong with a resolved trigger, its children included; fields are named from
/// "trigger" on. Looks at the clock changes of the five years after `from`.
std::vector<trigger_warning> lint(const trigger_spec& spec, time_point from);

} // namespace carillon::triggers
