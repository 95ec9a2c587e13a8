#pragma once

#include "tools/client.hpp"
#include "tools/import_plan.hpp"

#include <string>

namespace carillon::tools {

struct apply_options {
  std::string source; ///< Where the plan's schedules come from.
  bool is_dry = false;
  bool has_prune = false; ///< Remove what has this source and is not in the plan.
  bool as_json = false;
};

/// Says the plan's messages on standard error, makes the daemon have its schedules, and prints what
/// became of each. Nothing is written when the plan has errors. Returns the exit code.
int apply_plan(const session& s, const import_plan& plan, const apply_options& options);

} // namespace carillon::tools
