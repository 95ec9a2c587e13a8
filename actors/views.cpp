#include "actors/views.hpp"

namespace carillon::actors {
namespace {

constexpr std::size_t page_limit_max = 1000;

schedule_status status_of(const domain::schedule_state& schedule) {
  if (!schedule.fault.empty())
    return schedule_status::error;
  if (schedule.paused)
    return schedule_status::paused;
  return schedule.next_fire ? schedule_status::active : schedule_status::finished;
}

} // namespace

expected<void> check_page(const page_request& request) {
  if (request.limit == 0 || request.limit > page_limit_max)
    return refuse(errc::invalid_argument,
                  "is " + std::to_string(request.limit) + ", must be 1 to " +
                      std::to_string(page_limit_max),
                  "limit");
  return {};
}

task_view view_of(const domain::task_state& task, const projections::job_queue& queue) {
  task_view out;
  out.id = task.id;
  out.settings = task.settings;
  out.revision = task.revision;
  out.created_at = task.created_at;
  out.running_jobs = queue.running(task.id);
  out.waiting_jobs = queue.waiting(task.id);
  out.claimable = queue.is_claimable(task.id);
  return out;
}

schedule_view view_of(const domain::schedule_state& schedule) {
  schedule_view out;
  out.id = schedule.id;
  out.settings = schedule.settings;
  out.status = status_of(schedule);
  out.fault = schedule.fault;
  out.revision = schedule.revision;
  out.incarnation = schedule.incarnation;
  out.created_at = schedule.created_at;
  out.next_fire_time = schedule.next_fire;
  out.last_fire_time = schedule.last_fire_time;
  out.last_due_time = schedule.last_due_time;
  out.last_started_at = schedule.last_started_at;
  out.last_success_at = schedule.last_success_at;
  out.last_outcome = schedule.last_outcome;
  out.last_job = schedule.last_job;
  out.open_jobs = schedule.open_jobs;
  return out;
}

job_view view_of(const domain::job_state& job, bool claimable) {
  job_view out;
  out.id = job.id;
  out.task = job.task;
  out.schedule = job.schedule;
  out.status = job.status;
  out.scheduled_fire_time = job.fire_time;
  out.jitter = job.jitter;
  out.run_at = job.run_at;
  out.start_deadline = job.deadline;
  out.created_at = job.created_at;
  out.attempts = job.attempts;
  out.node = job.node;
  out.fence = job.fence;
  out.revision = job.revision;
  out.executor = job.executor;
  out.args = job.args;
  out.cancel_requested = job.cancel_requested;
  out.unclaimable = job.status != job_status::running && !claimable;
  out.meta = job.meta;
  if (job.status == job_status::running)
    out.started_at = job.acquired_at;
  return out;
}

job_view view_of(const stores::finished_job& job, time_point now) {
  job_view out;
  out.id = job.id;
  out.task = job.task;
  out.schedule = job.schedule;
  out.status = job_status::finished;
  out.outcome = job.outcome;
  out.scheduled_fire_time = job.fire_time;
  out.jitter = job.jitter;
  out.start_deadline = job.deadline;
  out.created_at = job.created_at;
  out.started_at = job.started_at;
  out.finished_at = job.finished_at;
  out.attempts = job.attempts;
  out.node = job.node;
  out.fence = job.fence;
  out.revision = job.finished_at_position;
  out.executor = job.executor;
  out.args = job.args;
  out.result_expires_at = job.result_expires_at;
  if (job.result_expires_at && *job.result_expires_at > now)
    out.result = job.result;
  out.output = job.output;
  out.error = job.error;
  out.meta = job.meta;
  return out;
}

bool matches(const job_filter& filter, const domain::job_state& job) {
  if (filter.outcome || filter.from || filter.to)
    return false;
  return (!filter.task || *filter.task == job.task) &&
         (!filter.schedule || *filter.schedule == job.schedule) &&
         (!filter.status || *filter.status == job.status);
}

std::optional<stores::history_query> history_query_of(const job_filter& filter) {
  if (filter.status && *filter.status != job_status::finished)
    return {};
  stores::history_query out;
  out.schedule = filter.schedule;
  out.task = filter.task;
  out.outcome = filter.outcome;
  out.from = filter.from;
  out.to = filter.to;
  return out;
}

} // namespace carillon::actors
