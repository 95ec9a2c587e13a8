#pragma once

#include "tools/import_plan.hpp"

namespace carillon::tools {

/// What timer units ask for: `OnCalendar=` becomes a trigger of that kind, `OnUnitActiveSec=` an
/// interval. Each timer's service is looked for among `files`, then beside the timer. What Carillon
/// can not say is an error that names it.
import_plan plan_systemd(const std::vector<import_file>& files, const import_context& context);

} // namespace carillon::tools
