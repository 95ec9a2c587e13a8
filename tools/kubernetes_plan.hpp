#pragma once

#include "tools/import_plan.hpp"

namespace carillon::tools {

/// What the CronJobs of a manifest ask for: YAML or JSON, several documents, lists. The container's
/// command becomes a command on this machine; the image is not used. What Carillon can not say is
/// an error that names it.
import_plan plan_kubernetes(const import_file& file, const import_context& context);

} // namespace carillon::tools
