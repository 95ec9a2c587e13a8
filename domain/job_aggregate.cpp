#include "domain/job_aggregate.hpp"

#include "domain/checks.hpp"

#include <algorithm>
#include <utility>

namespace carillon::domain {
namespace {

unexpected<error> no_such_job(const job_id& id) {
  return refuse(errc::not_found, "job " + to_string(id) + " is not queued or running", "id");
}

bool is_live(const job_state* job) { return job && job->status != job_status::finished; }

/// True for the claim that may still report: the job runs, and under this fence.
bool is_current(const job_state& job, position fence) {
  return job.status == job_status::running && job.fence == fence;
}

expected<void> check_job(const job_spec& job) {
  if (job.id.empty())
    return refuse(errc::invalid_argument, "id is empty", "id");
  if (auto ok = check_name(job.task.value, "task"); !ok)
    return ok;
  if (!job.executor.empty()) {
    if (auto ok = check_name(job.executor, "executor"); !ok)
      return ok;
  }
  if (job.run_at && job.deadline && *job.deadline < *job.run_at)
    return refuse(errc::invalid_argument,
                  "deadline " + to_rfc3339(*job.deadline) + " is before run_at " +
                      to_rfc3339(*job.run_at),
                  "deadline");
  if (auto ok = check_span(job.result_expiration, span_floor::zero, "result_expiration_time"); !ok)
    return ok;
  return check_metadata(job.meta, "metadata");
}

/// Errors of one job among many say which one: "jobs[3].task".
unexpected<error> at_index(error e, std::size_t index, std::size_t count) {
  if (count > 1)
    e.field = "jobs[" + std::to_string(index) + "]" + (e.field.empty() ? "" : "." + e.field);
  return unexpected{std::move(e)};
}

/// The first id that occurs twice. New ids rise with time, so mostly one pass is enough.
std::optional<job_id> repeated_id(const std::vector<job_spec>& jobs) {
  const auto rises = [](const job_spec& a, const job_spec& b) { return a.id >= b.id; };
  if (std::adjacent_find(jobs.begin(), jobs.end(), rises) == jobs.end())
    return std::nullopt;
  std::vector<job_id> ids;
  ids.reserve(jobs.size());
  for (const auto& job : jobs)
    ids.push_back(job.id);
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  return twice == ids.end() ? std::nullopt : std::optional{*twice};
}

/// The end of a job without a claim.
job_finished ended(const job_id& id, const task_id& task, const schedule_id& schedule,
                   job_outcome outcome) {
  return {.id = id, .task = task, .schedule = schedule, .fence = 0, .outcome = outcome};
}

job_finished ended_cancelled(const job_state& job, const std::string& reason) {
  auto end = ended(job.id, job.task, job.schedule, job_outcome::cancelled);
  if (!reason.empty())
    end.error = error_info{.type = "cancelled", .message = reason};
  return end;
}

/// Where a job waits after a claim ended without a result.
job_status waiting_status(const job_state& job) {
  return job.losses > 0 ? job_status::retrying : job_status::queued;
}

} // namespace

waiting_job waiting(const job_state& job) {
  // Once an attempt was lost it had started in time: "missed" means that it never ran.
  const auto deadline = job.losses > 0 ? std::nullopt : job.deadline;
  return {.id = job.id,
          .task = job.task,
          .schedule = job.schedule,
          .deadline = deadline,
          .slot = job.slot};
}

expected<decision> decide(const add_jobs& command, const decision_context&) {
  const auto count = command.jobs.size();
  if (count > jobs_per_command_max)
    return refuse(errc::invalid_argument,
                  "jobs has " + std::to_string(count) + " entries, allowed are " +
                      std::to_string(jobs_per_command_max),
                  "jobs");
  for (std::size_t i = 0; i < count; ++i) {
    if (auto ok = check_job(command.jobs[i]); !ok)
      return at_index(std::move(ok).error(), i, count);
  }
  if (const auto twice = repeated_id(command.jobs))
    return refuse(errc::invalid_argument, "jobs has id " + to_string(*twice) + " twice", "jobs");

  decision result;
  result.reply.what = count > 0 ? change::created : change::none;
  result.events.reserve(count);
  result.reply.jobs.reserve(count);
  for (const auto& job : command.jobs) {
    result.reply.jobs.push_back(job.id);
    result.events.push_back(job_added{.id = job.id,
                                      .task = job.task,
                                      .run_at = job.run_at,
                                      .deadline = job.deadline,
                                      .args = job.args,
                                      .executor = job.executor,
                                      .result_expiration = job.result_expiration,
                                      .meta = job.meta});
  }
  return result;
}

decision acquire(const waiting_job& job, const decision_context& ctx) {
  decision result; // by push_back: a braced list would copy its events
  // The deadline itself is still in time (PRC-11).
  if (job.deadline && ctx.now > *job.deadline)
    result.events.push_back(ended(job.id, job.task, job.schedule, job_outcome::missed));
  else
    result.events.push_back(job_acquired{.id = job.id, .node = ctx.node, .slot = job.slot});
  return result;
}

expected<decision> decide(const job_state* current, const cancel_job& command,
                          const decision_context&) {
  if (!is_live(current))
    return no_such_job(command.id);
  decision result;
  result.reply.id = to_string(command.id);
  if (current->status != job_status::running) {
    result.reply.what = change::removed;
    result.events = {ended_cancelled(*current, command.reason)};
  } else if (!current->cancel_requested) {
    result.reply.what = change::updated;
    result.events = {job_cancel_requested{.id = command.id, .reason = command.reason}};
  }
  return result;
}

expected<decision> finish(const job_state* current, const run_report& report) {
  if (!is_live(current))
    return no_such_job(report.id);
  if (!is_current(*current, report.fence))
    return refuse(errc::lease_lost,
                  "job " + to_string(report.id) + " is " + std::string{to_string(current->status)} +
                      " under fence " + std::to_string(current->fence) +
                      ", the result is of fence " + std::to_string(report.fence),
                  "fence");
  const auto& job = *current;
  const bool stopped = job.cancel_requested && report.outcome != job_outcome::success;
  auto end =
      ended(job.id, job.task, job.schedule, stopped ? job_outcome::cancelled : report.outcome);
  end.fence = report.fence;
  end.started_at = report.started_at;
  end.finished_at = report.finished_at;
  end.error = report.error;
  if (stopped && !end.error && !job.cancel_reason.empty())
    end.error = error_info{.type = "cancelled", .message = job.cancel_reason};
  if (job.result_expiration > duration::zero())
    end.result = report.result;
  end.output = report.output;

  decision result;
  result.events.push_back(std::move(end));
  return result;
}

decision lose_lease(const job_state& current, position fence, lease_lost_policy policy) {
  decision result;
  result.reply.id = to_string(current.id);
  if (!is_current(current, fence))
    return result;
  result.events = {lease_lost{.id = current.id, .fence = fence}};
  if (current.cancel_requested) {
    result.events.push_back(ended_cancelled(current, current.cancel_reason));
    return result;
  }
  const auto losses = current.losses + 1;
  if (policy != lease_lost_policy::fail && losses < lost_leases_max)
    return result;

  const bool gives_up = policy == lease_lost_policy::fail;
  auto end = ended(current.id, current.task, current.schedule,
                   gives_up ? job_outcome::abandoned : job_outcome::discarded);
  // `abandoned` is the end of this very claim; any other end comes after the claim was closed.
  end.fence = gives_up ? fence : 0;
  end.error = error_info{.type = "lease_lost",
                         .message = "node '" + current.node.value + "' was lost, loss " +
                                    std::to_string(losses) + " of this job"};
  result.events.push_back(std::move(end));
  return result;
}

decision release(const job_state& current, position fence) {
  decision result;
  result.reply.id = to_string(current.id);
  if (!is_current(current, fence))
    return result;
  result.events = {job_released{.id = current.id, .fence = fence}};
  // It would run again, although someone asked it to stop.
  if (current.cancel_requested)
    result.events.push_back(ended_cancelled(current, current.cancel_reason));
  return result;
}

job_state evolve(job_state state, const job_added& e, const record_info& info) {
  state = {.id = e.id,
           .task = e.task,
           .schedule = e.schedule,
           .fire_time = e.fire_time,
           .jitter = e.jitter,
           .run_at = e.run_at,
           .deadline = e.deadline,
           .args = e.args,
           .executor = e.executor,
           .result_expiration = e.result_expiration,
           .meta = e.meta,
           .created_at = info.time,
           .added_at = info.at,
           .revision = info.at};
  return state;
}

job_state evolve(job_state state, const job_acquired& e, const record_info& info) {
  state.status = job_status::running;
  state.attempts += 1;
  state.fence = info.at;
  state.node = e.node;
  state.slot = e.slot;
  state.acquired_at = info.time;
  state.revision = info.at;
  return state;
}

job_state evolve(job_state state, const job_released&, const record_info& info) {
  state.status = waiting_status(state);
  state.fence = 0;
  state.node = {};
  state.slot = 0;
  state.acquired_at = {};
  state.revision = info.at;
  return state;
}

job_state evolve(job_state state, const lease_lost&, const record_info& info) {
  state.losses += 1;
  state.status = waiting_status(state);
  state.fence = 0;
  state.node = {};
  state.slot = 0;
  state.acquired_at = {};
  state.revision = info.at;
  return state;
}

job_state evolve(job_state state, const job_cancel_requested& e, const record_info& info) {
  state.cancel_requested = true;
  state.cancel_reason = e.reason;
  state.revision = info.at;
  return state;
}

job_state evolve(job_state state, const job_finished&, const record_info& info) {
  state.status = job_status::finished;
  state.revision = info.at;
  return state;
}

} // namespace carillon::domain
