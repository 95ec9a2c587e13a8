#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <string>
#include <vector>

namespace carillon::tools {

/// The whole days of an iCalendar file, "-" = standard input; what recurs is followed from the year
/// before `now` to twenty years after it. Says on standard error what was left out.
/// Errors: those of reading; invalid_argument (no days).
expected<std::vector<date_range>> days_of_file(const std::string& path, time_point now);

/// Gives the named calendars of a trigger's exclusions, at any level, their days. Each of `files`
/// is an iCalendar file, `NAME=FILE` or `FILE`, whose name without `.ics` is then the calendar's.
/// What recurs is followed from the year before `now` to twenty years after it. Says on standard
/// error what was left out. Errors: invalid_argument (a calendar that the trigger does not name),
/// not_found, those of reading.
expected<void> put_calendars(trigger_spec& trigger, const std::vector<std::string>& files,
                             time_point now);

} // namespace carillon::tools
