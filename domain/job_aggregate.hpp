#pragma once

#include "domain/aggregate.hpp"

#include <optional>
#include <string>

namespace carillon::domain {

/// An unfinished job, or one that has just finished on its way to the history.
struct job_state {
  job_id id;
  task_id task;
  schedule_id schedule = {};
  std::optional<time_point> fire_time = {};
  duration jitter = {};
  std::optional<time_point> run_at = {};
  std::optional<time_point> deadline = {};
  payload args = {};
  std::string executor = {};
  duration result_expiration = {};
  metadata meta = {};
  time_point created_at{};
  position added_at = 0; ///< Position of its job_added: the order of the queue.
  position revision = 0; ///< Position of its last record.
  job_status status = job_status::queued;
  std::uint32_t attempts = 0; ///< Claims so far.
  std::uint32_t losses = 0;   ///< Lost leases so far.
  position fence = 0;         ///< Position of the current claim; 0 = none.
  node_id node = {};          ///< Holder of the current claim.
  std::uint32_t slot = 0;     ///< Of the current claim; see `job_acquired::slot`.
  time_point acquired_at{};
  bool cancel_requested = false;
  std::string cancel_reason = {};

  bool operator==(const job_state&) const = default;
};

/// What the queue knows of a job that waits: enough to claim it or to give it up.
struct waiting_job {
  job_id id;
  task_id task;
  schedule_id schedule = {};
  std::optional<time_point> deadline = {};
  std::uint32_t slot = 0; ///< The slot that a claim is to take; see `job_acquired::slot`.
};

/// What the queue keeps of `job` while it waits. After a lost lease the deadline no longer counts:
/// the job did start in time. After a release it counts as before.
waiting_job waiting(const job_state& job);

/// How an attempt ended, as its executor reports it.
struct run_report {
  job_id id;
  position fence = 0;
  job_outcome outcome = job_outcome::success;
  std::optional<time_point> started_at = {};
  std::optional<time_point> finished_at = {};
  std::optional<error_info> error = {};
  payload result = {};
  payload output = {};
};

/// Most jobs that one add_jobs may hold.
inline constexpr std::size_t jobs_per_command_max = 10'000;

/// `command.jobs` have ids and known tasks (the shell looked them up).
/// Events: one job_added each; none for no jobs. Errors: invalid_argument; of several jobs the
/// field says which ("jobs[3].task").
expected<decision> decide(const add_jobs& command, const decision_context& ctx);

/// Events: job_acquired, or job_finished(missed) when `ctx.now` is past the deadline.
decision acquire(const waiting_job& job, const decision_context& ctx);

/// Queued: job_finished(cancelled). Running: job_cancel_requested, once. `current` is nullptr when
/// the job is not live. Errors: not_found.
expected<decision> decide(const job_state* current, const cancel_job& command,
                          const decision_context& ctx);

/// Events: job_finished; the result is kept only if the job asked for it, and a run that was asked
/// to stop and failed ends as cancelled. Errors: lease_lost (wrong fence, or not running),
/// not_found.
expected<decision> finish(const job_state* current, const run_report& report);

/// The claim's node is gone. Events: lease_lost, and with it job_finished(abandoned | discarded |
/// cancelled) when the task asks for it, it was lost too often, or it was asked to stop; none when
/// `fence` is not current.
decision lose_lease(const job_state& current, position fence, lease_lost_policy policy);

/// Events: job_released, and job_finished(cancelled) when it was asked to stop; none when `fence`
/// is not the current claim.
decision release(const job_state& current, position fence);

job_state evolve(job_state state, const job_added& e, const record_info& info);
job_state evolve(job_state state, const job_acquired& e, const record_info& info);
job_state evolve(job_state state, const job_released& e, const record_info& info);
job_state evolve(job_state state, const lease_lost& e, const record_info& info);
job_state evolve(job_state state, const job_cancel_requested& e, const record_info& info);
job_state evolve(job_state state, const job_finished& e, const record_info& info);

} // namespace carillon::domain
