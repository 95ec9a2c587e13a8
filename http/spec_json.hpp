#pragma once

#include "carillon/command.hpp"
#include "carillon/view.hpp"
#include "http/fields.hpp"

#include <optional>
#include <string>
#include <vector>

/// What users send, as the commands' structs. Wrong input ends up in the reader's list of errors;
/// what is returned then is not to be used.
namespace carillon::http {

/// Reads "task_settings".
task_options read_task_options(const value& object, std::vector<field_error>& errors,
                               const std::string& prefix = {});

/// Reads "new_schedule".
add_schedule read_new_schedule(const value& object, std::vector<field_error>& errors);

/// Reads "schedule_changes". Arguments that are not given are taken from `current`.
schedule_changes read_schedule_changes(const value& object, const arguments& current,
                                       std::vector<field_error>& errors);

/// Reads the field "trigger"; none when it is absent or wrong.
std::optional<trigger_spec> read_trigger(fields& in);

/// Reads "calendar_days": the days as they are given, or those of an iCalendar text; what recurs
/// there is followed from the year before `now` to twenty years after it.
std::vector<date_range> read_calendar_days(const value& object, time_point now,
                                           std::vector<field_error>& errors);

/// Reads "new_job".
job_spec read_new_job(const value& object, std::vector<field_error>& errors,
                      const std::string& prefix = {});

} // namespace carillon::http
