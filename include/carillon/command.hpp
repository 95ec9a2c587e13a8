#pragma once

#include "carillon/event.hpp"
#include "carillon/ids.hpp"
#include "carillon/job.hpp"
#include "carillon/schedule.hpp"
#include "carillon/task.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Everything one can ask of a scheduler.
namespace carillon {

/// Adds a task or changes the given settings of an existing one.
struct configure_task {
  task_id id;
  task_options options = {};
};

/// Refused with conflict while schedules or unfinished jobs use the task.
struct remove_task {
  task_id id;
};

/// Adds a schedule, and with `task` its task in the same commit.
struct add_schedule {
  schedule_spec spec;
  /// Settings for the task `spec.task`, made or changed first.
  std::optional<task_options> task = {};
};

struct update_schedule {
  schedule_id id;
  schedule_changes changes = {};
  /// Refused with conflict unless the schedule stands there.
  std::optional<position> if_revision = {};
};

struct pause_schedule {
  schedule_id id;
};

/// Lets a paused schedule fire again.
struct resume_schedule {
  enum class from { next_fire_time, now, instant };
  schedule_id id;
  /// next_fire_time: fire times missed meanwhile are settled by the misfire rules.
  from mode = from::next_fire_time;
  time_point instant{};             ///< Used with from::instant: earlier fire times are skipped.
};

/// Removing a schedule that does not exist is not an error. Its jobs stay.
struct remove_schedule {
  schedule_id id;
};

/// Runs the schedule's task now; its next fire time does not move.
struct trigger_schedule {
  schedule_id id;
};

/// Queues all of `jobs` or none.
struct add_jobs {
  std::vector<job_spec> jobs;
};

/// A queued job ends at once; a running one is told to stop and killed after a grace.
struct cancel_job {
  job_id id;
  std::string reason = {};
};

/// Purges finished schedules without jobs (LSE-05).
struct clean_up {};

/// Makes a calendar, or gives it other days, all of them. Schedules whose triggers name it have
/// their next fire times by the new days when this is answered; what was due before stays due.
struct set_calendar {
  calendar_id id;
  std::vector<date_range> days = {}; ///< 1 to 4,096 days or ranges of days, in any order.
};

/// Refused with conflict while schedules name the calendar.
struct remove_calendar {
  calendar_id id;
};

using command = std::variant<configure_task, remove_task, add_schedule, update_schedule,
                             pause_schedule, resume_schedule, remove_schedule, trigger_schedule,
                             add_jobs, cancel_job, clean_up, set_calendar, remove_calendar>;

/// Who asks, and how to recognise the same request again.
struct request_info {
  commit_id id = {};  ///< Empty = a new one. The same id is answered, not done again.
  commit_meta meta = {};
};

/// What adding or changing did.
enum class change : std::uint8_t { none, created, kept, replaced, updated, removed };

/// Stable texts: "none", "created", "kept", "replaced", "updated", "removed".
std::string_view to_string(change c);

/// The answer to a command that was accepted.
struct answer {
  position at = 0;                     ///< Durable up to here, and visible to reads on this node.
  change what = change::none;
  std::string id = {};                 ///< The task, schedule or calendar.
  std::optional<time_point> next_fire = {};
  std::vector<job_id> jobs = {};       ///< The jobs added, in the order given.
};

} // namespace carillon
