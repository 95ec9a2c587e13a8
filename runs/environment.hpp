#pragma once

#include "runs/run_spec.hpp"

#include <string>
#include <vector>

namespace carillon::runs {

/// The complete environment of a command, as "NAME=value" in order of names: PATH (a fixed
/// default), HOME, USER, LANG and TZ as this process has them, then the task's own, then
/// CARILLON_*, which win. Nothing else of this process is handed on.
std::vector<std::string> clean_environment(const run_spec& spec);

} // namespace carillon::runs
