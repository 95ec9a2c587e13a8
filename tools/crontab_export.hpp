#pragma once

#include "carillon/task.hpp"
#include "carillon/trigger.hpp"
#include "tools/import_plan.hpp"

#include <string>
#include <vector>

namespace carillon::tools {

/// A schedule with its task, as an export sees it.
struct exported_schedule {
  std::string id;
  trigger_spec trigger = {once{}}; ///< Resolved.
  task_settings task;
  metadata meta = {};
  /// Settings that are not what an imported crontab has, such as "paused" or "max_jitter 5s".
  std::vector<std::string> extras = {};
};

/// A schedule that a crontab can not say, or not all of it, and why.
struct export_message {
  std::string id;
  std::string text;
  bool is_error = true; ///< Else only something besides what runs, and when, is lost.
};

struct crontab_text_result {
  std::string text; ///< What could be said.
  std::vector<export_message> messages = {};
};

/// Writes schedules as a crontab, so that importing it gives equal schedules; `has_user` for the
/// form of /etc/crontab. Lines that were imported come out as they were. Pure but for
/// `context.find_account`.
crontab_text_result to_crontab(std::vector<exported_schedule> schedules, bool has_user,
                               const import_context& context);

} // namespace carillon::tools
