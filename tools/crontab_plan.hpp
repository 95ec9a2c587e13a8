#pragma once

#include "tools/import_plan.hpp"

namespace carillon::tools {

/// What a crontab asks for; `has_user` for /etc/crontab and /etc/cron.d. Entries of users that the
/// daemon can not run for are left out with a note.
import_plan plan_crontab(const import_file& file, bool has_user, const import_context& context);

/// What cron itself gives to the commands of a user, before the lines of the crontab.
std::map<std::string, std::string> cron_environment(const account& user, const std::string& shell);

} // namespace carillon::tools
