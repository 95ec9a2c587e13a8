#pragma once

#include "carillon/event.hpp"
#include "carillon/scheduler.hpp"
#include "carillon/view.hpp"

#include <string>

/// Everything that can be seen, as the API's JSON objects. Fire times stand in their trigger's
/// zone, all other instants in UTC.
namespace carillon::http {

/// `t` with the offset that `zone` has then; in UTC when the zone is empty or unknown.
std::string zoned_text(time_point t, const std::string& zone);

/// The zone in which a schedule's fire times are shown; empty = UTC.
std::string zone_of(const trigger_spec& trigger);

/// "task"
std::string to_json(const task_view& view);
/// "schedule"; `engine` gives the arguments when they are kept as a blob.
std::string to_json(const scheduler& engine, const schedule_view& view);
/// "job"; with `whole` its return value and output, too.
std::string to_json(const scheduler& engine, const job_view& view, bool whole);
/// "result"
/// `whole`: with its days, and with the schedules that name it.
std::string to_json(const calendar_view& view, bool whole);
std::string to_json(const job_result& result);
/// "event"
std::string to_json(const recorded_event& recorded);
/// "status"
std::string to_json(const status_view& view);
std::string to_json(const node_view& view);

/// The arguments in `p`; none when they can not be read.
arguments arguments_of(const scheduler& engine, const payload& p);

} // namespace carillon::http
