#include "http/schema.hpp"

#include <algorithm>
#include <cassert>

namespace carillon::http {
namespace {

constexpr bool required = true;
constexpr bool nullable = true;

constexpr field_schema task_settings_fields[] = {
    {"executor", "string", "threads or process; process when argv is given"},
    {"argv", "strings", "absolute program path, then its arguments; no shell"},
    {"env", "text_map", "environment, added to a clean one"},
    {"cwd", "string", "working directory; null = the daemon's", false, nullable},
    {"stdin", "string", "standard input instead of the JSON document", false, nullable},
    {"timeout", "duration", "longest run; null = no limit", false, nullable},
    {"max_running_jobs", "integer", "runs at once, at least 1; null = no limit", false, nullable},
    {"misfire_grace_time", "duration", "how late a fire may start; null = however late", false,
     nullable},
    {"on_lease_lost", "retry|fail", "what becomes of a run whose node died"},
    {"disconnect_grace", "duration", "how long a run may outlive its node's lease", false,
     nullable},
    {"requires", "text_map", "labels that a node must have to run it, with their values"},
    {"metadata", "object", "anything of yours"},
};

constexpr field_schema task_fields[] = {
    {"id", "string", "", required},
    {"executor", "string", "", required},
    {"argv", "strings", "", required},
    {"env", "text_map", "", required},
    {"cwd", "string", "", required, nullable},
    {"stdin", "string", "", required, nullable},
    {"timeout", "duration", "seconds", required, nullable},
    {"max_running_jobs", "integer", "", required, nullable},
    {"misfire_grace_time", "duration", "seconds", required, nullable},
    {"on_lease_lost", "retry|fail", "", required},
    {"disconnect_grace", "duration", "seconds; as it applies", required},
    {"requires", "text_map", "", required},
    {"metadata", "object", "", required},
    {"revision", "integer", "position of its last record", required},
    {"created_at", "instant", "", required},
    {"running_jobs", "integer", "", required},
    {"waiting_jobs", "integer", "", required},
    {"claimable", "boolean", "this node can run it", required},
};

constexpr field_schema new_schedule_fields[] = {
    {"id", "string", "default: a new UUID"},
    {"task", "string", "id of the task; with task_settings default: id"},
    {"task_settings", "#task_settings", "makes or changes the task in the same commit"},
    {"trigger", "#trigger", "", required},
    {"args", "array", "positional arguments of each job"},
    {"kwargs", "object", "named arguments of each job"},
    {"paused", "boolean", "default: false"},
    {"strict", "boolean", "refuse a trigger that never fires; default: false"},
    {"coalesce", "earliest|latest|all", "what becomes of several due fire times; default: latest"},
    {"misfire_grace_time", "duration", "default: the task's; null = none", false, nullable},
    {"max_jitter", "duration", "each run starts up to this much later", false, nullable},
    {"jitter_mode", "random|stable",
     "how much later: another time for each run, or always the same; default: random"},
    {"executor", "string", "default: the task's", false, nullable},
    {"job_result_expiration_time", "duration", "how long results are kept; default: 0"},
    {"metadata", "object", "anything of yours"},
    {"conflict_policy", "do_nothing|replace|exception|update",
     "when the id is taken; default: do_nothing"},
};

constexpr field_schema schedule_changes_fields[] = {
    {"task", "string"},
    {"trigger", "#trigger"},
    {"args", "array"},
    {"kwargs", "object"},
    {"coalesce", "earliest|latest|all"},
    {"misfire_grace_time", "duration", "", false, nullable},
    {"max_jitter", "duration", "", false, nullable},
    {"jitter_mode", "random|stable"},
    {"executor", "string", "", false, nullable},
    {"job_result_expiration_time", "duration"},
    {"metadata", "object"},
};

constexpr field_schema schedule_fields[] = {
    {"id", "string", "", required},
    {"task", "string", "", required},
    {"trigger", "#trigger", "", required},
    {"args", "array", "", required},
    {"kwargs", "object", "", required},
    {"paused", "boolean", "", required},
    {"coalesce", "earliest|latest|all", "", required},
    {"misfire_grace_time", "duration", "seconds", required, nullable},
    {"max_jitter", "duration", "seconds", required, nullable},
    {"jitter_mode", "random|stable", "", required},
    {"executor", "string", "", required, nullable},
    {"job_result_expiration_time", "duration", "seconds", required},
    {"metadata", "object", "", required},
    {"state", "active|paused|finished|error", "", required},
    {"fault", "string", "why the trigger broke", required, nullable},
    {"next_fire_time", "instant", "in the trigger's zone", required, nullable},
    {"last_fire_time", "instant", "in the trigger's zone", required, nullable},
    {"last_due_time", "instant", "in the trigger's zone", required, nullable},
    {"last_started_at", "instant", "", required, nullable},
    {"last_success_at", "instant", "", required, nullable},
    {"last_outcome", "string", "", required, nullable},
    {"last_job", "string", "", required, nullable},
    {"open_jobs", "integer", "", required},
    {"revision", "integer", "position of its last record; If-Match", required},
    {"incarnation", "integer", "position of the record that set its trigger", required},
    {"created_at", "instant", "", required},
};

constexpr field_schema calendar_days_fields[] = {
    {"days", "strings", "2026-12-24, or 2026-12-24/2026-12-26 with both included; at most 4,096"},
    {"ics", "string", "instead of days: an iCalendar file, of which the whole days are taken"},
};

constexpr field_schema calendar_fields[] = {
    {"id", "string", "", required},
    {"day_count", "integer", "", required},
    {"schedule_count", "integer", "schedules that name it", required},
    {"revision", "integer", "position of its last record", required},
    {"created_at", "instant", "", required},
    {"changed_at", "instant", "since when it has these days", required},
    {"days", "strings", "sorted, those that touch are one; only in GET of one calendar"},
    {"schedules", "strings", "the first 100 that name it, by id; only in GET of one calendar"},
};

constexpr field_schema trigger_fields[] = {
    {"kind", "string", "date, interval, calendar, cron, vixie, quartz, systemd, and, or", required},
    {"spec", "object", "", required},
    {"timezone", "string", "IANA name", false, nullable},
    {"start_time", "string", "instant, or wall clock in the zone", false, nullable},
    {"end_time", "string", "instant, or wall clock in the zone", false, nullable},
    {"gap", "skip|next_valid|shift", "a fire time that the clock leaves out; default: by kind",
     false, nullable},
    {"fold", "both|first|second|auto", "one that it shows twice; default: by kind", false,
     nullable},
};

constexpr field_schema preview_fields[] = {
    {"trigger", "#trigger", "", required},
    {"id", "string", "of the schedule: what `H` in a cron is made from", false, nullable},
    {"from", "instant", "default: now; also what an absent start_time means", false, nullable},
    {"count", "integer", "fire times to list, 0 to 1000; default: 10", false, nullable},
};

constexpr field_schema trigger_preview_fields[] = {
    {"description", "string", "in plain English, weekdays by name", required},
    {"canonical", "#trigger", "defaults filled, texts in canonical form", required},
    {"structured", "#trigger", "the same, cron fields as structures instead of text", required},
    {"fires", "strings", "instants at or after `from`, in the trigger's zone", required},
    {"previous", "instant", "the last one before `from`, in the trigger's zone", required,
     nullable},
    {"exhausted", "boolean", "the trigger ends after `fires`", required},
    {"warnings", "[#trigger_warning]", "", required},
};

constexpr field_schema trigger_warning_fields[] = {
    {"code", "string", "stable, such as never_fires or dst_gap", required},
    {"field", "string", "such as trigger.spec.day_of_week", required},
    {"message", "string", "", required},
};

constexpr field_schema resume_fields[] = {
    {"resume_from", "string", "null, \"now\" or an instant: earlier fire times are left out", false,
     nullable},
};

constexpr field_schema new_job_fields[] = {
    {"id", "string", "a UUID; default: a new one"},
    {"task", "string", "", required},
    {"args", "array", "positional arguments"},
    {"kwargs", "object", "named arguments"},
    {"executor", "string", "default: the task's", false, nullable},
    {"run_at", "instant", "not before", false, nullable},
    {"start_deadline", "instant", "must start by then", false, nullable},
    {"result_expiration_time", "duration", "how long the result is kept; default: 0"},
    {"metadata", "object", "anything of yours"},
};

constexpr field_schema new_jobs_fields[] = {
    {"jobs", "[#new_job]", "all are queued, or none", required},
};

constexpr field_schema job_fields[] = {
    {"id", "string", "", required},
    {"task", "string", "", required},
    {"schedule", "string", "", required, nullable},
    {"state", "queued|running|retrying|finished", "", required},
    {"outcome", "success|error|missed|cancelled|abandoned|timed_out|discarded", "", required,
     nullable},
    {"scheduled_fire_time", "instant", "before jitter", required, nullable},
    {"jitter", "duration", "seconds", required},
    {"run_at", "instant", "", required, nullable},
    {"start_deadline", "instant", "", required, nullable},
    {"created_at", "instant", "", required},
    {"started_at", "instant", "", required, nullable},
    {"finished_at", "instant", "", required, nullable},
    {"attempts", "integer", "", required},
    {"node", "string", "", required, nullable},
    {"fence", "integer", "", required, nullable},
    {"revision", "integer", "position of its last record", required},
    {"executor", "string", "", required, nullable},
    {"args", "array", "", required},
    {"kwargs", "object", "", required},
    {"error", "#job_error", "", required, nullable},
    {"output", "string", "the last bytes a process wrote; only in GET of one job", false, nullable},
    {"return_value", "any", "only in GET of one job", false, nullable},
    {"result_expires_at", "instant", "", required, nullable},
    {"cancel_requested", "boolean", "", required},
    {"unclaimable", "boolean", "queued, and no node here can run its task", required},
    {"metadata", "object", "", required},
};

constexpr field_schema job_error_fields[] = {
    {"type", "string", "", required},
    {"message", "string", "", required},
    {"code", "integer", "exit status or signal number", required},
};

constexpr field_schema cancel_fields[] = {{"reason", "string"}};

constexpr field_schema result_fields[] = {
    {"job_id", "string", "", required},
    {"outcome", "string", "null = not finished yet", required, nullable},
    {"return_value", "any", "", required, nullable},
    {"error", "#job_error", "", required, nullable},
    {"started_at", "instant", "", required, nullable},
    {"finished_at", "instant", "", required, nullable},
    {"attempts", "integer", "", required},
};

constexpr field_schema changed_fields[] = {
    {"id", "string", "", required},
    {"result", "none|created|kept|replaced|updated|removed", "", required},
    {"next_fire_time", "instant", "schedules only", false, nullable},
};

constexpr field_schema added_job_fields[] = {
    {"id", "string", "", required},
    {"schedule", "string", "the schedule that was triggered"},
};

constexpr field_schema event_fields[] = {
    {"position", "integer", "", required},
    {"type", "string", "wire name such as job_finished", required},
    {"stream", "string", "such as schedule-nightly", required},
    {"time", "instant", "when its block was made durable", required},
    {"node", "string", "", required},
    {"commit", "object", "who asked, from where, caused by what", required},
    {"data", "object", "", required},
};

constexpr field_schema status_fields[] = {
    {"node", "string", "", required},
    {"state", "starting|started|draining|stopping|stopped", "", required},
    {"position", "integer", "last position applied", required},
    {"time", "instant", "of the last block", required},
    {"chain_hash", "string", "", required},
    {"state_hash", "string", "of the live state at `position`", required},
    {"tasks", "integer", "", required},
    {"schedules", "integer", "", required},
    {"jobs_waiting", "integer", "", required},
    {"jobs_running", "integer", "", required},
    {"waiting_bytes", "integer", "commands that wait for the log", required},
    {"lag", "integer", "records in the log that are not applied here yet", required},
    {"session", "integer", "of this node in a shared log; null = it has one writer", required,
     nullable},
    {"clock_offset", "duration", "seconds: the shared log's clock minus this machine's", required,
     nullable},
    {"broker_connected", "boolean", "null = there is no broker", required, nullable},
    {"level", "integer", "format level of the log", required},
    {"level_known", "integer", "highest that this node understands", required},
    {"version", "string", "", required},
    {"started_at", "instant", "", required},
};

constexpr field_schema node_fields[] = {
    {"node", "string", "", required},
    {"state", "live|lost", "by its session in the log's store", required},
    {"this", "boolean", "the node that was asked", required},
    {"role", "both|scheduler|worker|none", "", required},
    {"session", "integer", "null in a log with one writer", required, nullable},
    {"opened_at", "instant", "when its session was opened", required, nullable},
    {"expires_at", "instant", "when that ends unless it is renewed", required, nullable},
    {"tasks", "strings", "that it has handlers for", required},
    {"executors", "strings", "", required},
    {"labels", "strings", "", required},
    {"level", "integer", "highest format level that it understands", required},
};

constexpr field_schema health_fields[] = {{"status", "string", "", required}};
constexpr field_schema at_fields[] = {{"position", "integer", "", required}};
constexpr field_schema level_fields[] = {
    {"level", "integer", "as in the status of every node: level_known or below", required}};
constexpr field_schema empty_fields[] = {{"", ""}};

constexpr field_schema error_fields[] = {{"field", "string", "", required},
                                         {"message", "string", "", required}};

constexpr field_schema problem_fields[] = {
    {"type", "string", "", required},    {"title", "string", "", required},
    {"status", "integer", "", required}, {"detail", "string", "", required},
    {"errors", "[#field_error]"},
};

constexpr schema all[] = {
    {"task_settings", task_settings_fields},
    {"task", task_fields},
    {"new_schedule", new_schedule_fields},
    {"schedule_changes", schedule_changes_fields},
    {"schedule", schedule_fields},
    {"calendar_days", calendar_days_fields},
    {"calendar", calendar_fields},
    {"trigger", trigger_fields},
    {"preview", preview_fields},
    {"trigger_preview", trigger_preview_fields},
    {"trigger_warning", trigger_warning_fields},
    {"resume", resume_fields},
    {"new_job", new_job_fields},
    {"new_jobs", new_jobs_fields},
    {"job", job_fields},
    {"job_error", job_error_fields},
    {"cancel", cancel_fields},
    {"result", result_fields},
    {"changed", changed_fields},
    {"added_job", added_job_fields},
    {"event", event_fields},
    {"status", status_fields},
    {"node", node_fields},
    {"health", health_fields},
    {"at", at_fields},
    {"level", level_fields},
    {"nothing", std::span<const field_schema>{empty_fields, 0}},
    {"field_error", error_fields},
    {"problem", problem_fields},
};

} // namespace

std::span<const schema> schemas() { return all; }

const schema& schema_of(std::string_view name) {
  const auto found =
      std::find_if(std::begin(all), std::end(all), [&](const schema& s) { return s.name == name; });
  assert(found != std::end(all)); // names stand in the table of routes, never come from outside
  return *found;
}

} // namespace carillon::http
