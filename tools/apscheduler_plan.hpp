#pragma once

#include "tools/import_plan.hpp"

namespace carillon::tools {

/// What schedules of APScheduler 4 ask for, as its JSONSerializer writes them: a schedule's fields,
/// its trigger `{"_apscheduler_json": ["apscheduler.triggers.cron:CronTrigger", {state}]}`, also as
/// text; one of them, a list, or one a line. The tasks must exist: Python callables are not
/// imported. A trigger goes on with the fire time that it was waiting for.
import_plan plan_apscheduler(const import_file& file, const import_context& context);

} // namespace carillon::tools
