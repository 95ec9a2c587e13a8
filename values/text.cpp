#include "carillon/command.hpp"
#include "carillon/job.hpp"
#include "carillon/view.hpp"

namespace carillon {

std::string_view to_string(job_status status) {
  switch (status) {
  case job_status::queued: return "queued";
  case job_status::running: return "running";
  case job_status::retrying: return "retrying";
  case job_status::finished: return "finished";
  }
  return "finished";
}

std::string_view to_string(job_outcome outcome) {
  switch (outcome) {
  case job_outcome::success: return "success";
  case job_outcome::error: return "error";
  case job_outcome::missed: return "missed";
  case job_outcome::cancelled: return "cancelled";
  case job_outcome::abandoned: return "abandoned";
  case job_outcome::timed_out: return "timed_out";
  case job_outcome::discarded: return "discarded";
  }
  return "error";
}

std::string_view to_string(change c) {
  switch (c) {
  case change::none: return "none";
  case change::created: return "created";
  case change::kept: return "kept";
  case change::replaced: return "replaced";
  case change::updated: return "updated";
  case change::removed: return "removed";
  }
  return "none";
}

std::string_view to_string(schedule_status status) {
  switch (status) {
  case schedule_status::active: return "active";
  case schedule_status::paused: return "paused";
  case schedule_status::finished: return "finished";
  case schedule_status::error: return "error";
  }
  return "error";
}

std::string_view to_string(scheduler_state state) {
  switch (state) {
  case scheduler_state::starting: return "starting";
  case scheduler_state::started: return "started";
  case scheduler_state::draining: return "draining";
  case scheduler_state::stopping: return "stopping";
  case scheduler_state::stopped: return "stopped";
  }
  return "stopped";
}

} // namespace carillon
