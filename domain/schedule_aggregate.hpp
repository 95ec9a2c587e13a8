#pragma once

#include "domain/aggregate.hpp"

#include <optional>
#include <string>

namespace carillon::domain {

struct schedule_state {
  schedule_id id;
  schedule_settings settings;
  bool paused = false;
  std::string fault = {};              ///< Why the trigger broke; empty = it works.
  std::optional<time_point> next_fire; ///< Empty: finished (or never fires).
  trigger_cursor cursor = {};
  position incarnation = 0; ///< Position of the record that last set the trigger.
  position revision = 0;    ///< Position of its last record.
  time_point created_at{};
  std::optional<time_point> last_fire_time = {}; ///< Designated time of the last job (SCH-17).
  std::optional<time_point> last_due_time = {};  ///< Newest due time that was settled.
  job_id last_job = {};
  std::optional<time_point> last_started_at = {};
  std::optional<job_outcome> last_outcome = {};
  std::optional<time_point> last_success_at = {};
  std::uint32_t open_jobs = 0; ///< Unfinished jobs of this schedule.

  bool operator==(const schedule_state&) const = default;
};

/// Settles what is due by `ctx.now`: asked by the trigger actor.
struct fire_schedule {
  schedule_id id;
};

/// Looks again at a fire time whose rules outside of the trigger may have changed: asked by the
/// node that saw it.
struct recompute_schedule {
  schedule_id id;
  recompute_cause cause = recompute_cause::calendar;
  std::string zone_table = {}; ///< With zone_rules: its version; empty = unknown.
};

/// `current` is nullptr when there is no such schedule. `task`: settings of the schedule's task as
/// they will be after this command. `command.spec.id` is given (the shell made one up if need be).
/// Events: schedule_added | settled fires + schedule_updated | none (kept). With
/// conflict_policy::update a schedule that is paused stays paused.
/// Errors: invalid_argument (also a calendar that does not exist), conflict
/// (conflict_policy::exception).
expected<decision> decide(const schedule_state* current, const add_schedule& command,
                          const task_settings& task, const decision_context& ctx);

/// `task`: settings of the schedule's task as it will be. What was copied from the old task stays,
/// but new metadata are merged over those of `task`. A trigger equal to the current one keeps the
/// next fire time.
/// Events: settled fires + schedule_updated; none when nothing changes.
/// Errors: not_found, conflict (revision), invalid_argument, limit_exceeded (the trigger).
expected<decision> decide(const schedule_state* current, const update_schedule& command,
                          const task_settings& task, const decision_context& ctx);

/// Settles what is due, then schedule_paused; no events when paused already. More due fire times
/// than `settle_rounds_max` rounds reach are skipped as "paused" (remove: "removed", a new trigger:
/// "replaced"). Errors: not_found.
expected<decision> decide(const schedule_state* current, const pause_schedule& command,
                          const decision_context& ctx);

/// Events: schedule_resumed, with the fire times that it leaves out; none when not paused. With it
/// schedule_faulted when the trigger breaks. Errors: not_found.
expected<decision> decide(const schedule_state* current, const resume_schedule& command,
                          const decision_context& ctx);

/// Settles what is due (while paused: skipped as "paused"), then schedule_removed; no events when
/// there is no such schedule. Never an error.
expected<decision> decide(const schedule_state* current, const remove_schedule& command,
                          const decision_context& ctx);

/// Events: job_added for now; the next fire time does not move. `id` names the job (UUIDv7).
/// Errors: not_found.
expected<decision> decide(const schedule_state* current, const trigger_schedule& command,
                          const job_id& id, const decision_context& ctx);

/// Events: schedule_fired and job_added; schedule_faulted when the trigger breaks (the fire time
/// that it had named is settled first); none when nothing is due, the schedule is paused or
/// faulted, and when this node does not know its type of trigger (`left_alone` says so). A fire
/// time is missed when even its longest jitter plus its grace is over. Never an error.
decision decide(const schedule_state& current, const fire_schedule& command,
                const decision_context& ctx);

/// Events: schedule_recomputed when the rules of now give another next fire time; none when they do
/// not, or no calendar of it was set since its last record. What was due before a calendar
/// was set stays due. schedule_faulted when the trigger breaks. Never an error.
decision decide(const schedule_state& current, const recompute_schedule& command,
                const decision_context& ctx);

/// Events: schedule_removed(finished) when it can never fire again and has no open jobs; else none.
decision decide(const schedule_state& current, const clean_up& command,
                const decision_context& ctx);

/// The last due fire time that `events` settle; none when they settle none. A commit of theirs is
/// not to be in the log before then (`stores::commit::not_before`): the clock that found it due may
/// be ahead of the log's. Fire times that a resume leaves out on purpose do not count.
std::optional<time_point> settled_until(const std::vector<event>& events);

/// The id of the job that `fire_time` leads to: UUIDv5 of (schedule, incarnation, "fire", due), so
/// two nodes that both fire make the same job, and the second one conflicts.
job_id derived_job_id(const schedule_id& id, position incarnation, time_point fire_time);

/// How much later than `fire_time` its run starts: uniform in [0, min(jitter_max, gap - 1 us)],
/// derived from the same as the job's id (PRC-08, DEV-15).
duration derived_jitter(const schedule_id& id, position incarnation, time_point fire_time,
                        duration jitter_max, std::optional<time_point> following);

/// The same for jitter_mode::stable: one place in [0, jitter_max] for all fire times of a schedule,
/// derived from its id alone; where the gap is shorter, its end (TIM-15).
duration stable_jitter(const schedule_id& id, time_point fire_time, duration jitter_max,
                       std::optional<time_point> following);

schedule_state evolve(schedule_state state, const schedule_added& e, const record_info& info);
schedule_state evolve(schedule_state state, const schedule_updated& e, const record_info& info);
schedule_state evolve(schedule_state state, const schedule_paused& e, const record_info& info);
schedule_state evolve(schedule_state state, const schedule_resumed& e, const record_info& info);
schedule_state evolve(schedule_state state, const schedule_fired& e, const record_info& info);
schedule_state evolve(schedule_state state, const schedule_recomputed& e, const record_info& info);
schedule_state evolve(schedule_state state, const schedule_faulted& e, const record_info& info);
/// What its jobs tell about a schedule: the open count and the "last" fields (DEV-12).
schedule_state evolve(schedule_state state, const job_added& e, const record_info& info);
schedule_state evolve(schedule_state state, const job_finished& e, const record_info& info);

} // namespace carillon::domain
