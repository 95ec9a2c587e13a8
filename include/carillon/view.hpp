#pragma once

#include "carillon/ids.hpp"
#include "carillon/job.hpp"
#include "carillon/schedule.hpp"
#include "carillon/task.hpp"
#include "carillon/time.hpp"
#include "carillon/trigger.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Everything one can see of a scheduler.
namespace carillon {

/// One page of a list. Pass `next` as the cursor of the following request; empty = the last page.
template <class T> struct page {
  std::vector<T> items;
  std::string next;
};

/// Which part of a list to give. `limit`: 1 to 1000.
struct page_request {
  std::size_t limit = 100;
  std::string cursor = {};
};

struct task_view {
  task_id id;
  task_settings settings;
  position revision = 0;
  time_point created_at{};
  std::uint32_t running_jobs = 0;
  std::uint64_t waiting_jobs = 0;
  bool claimable = true; ///< This node has the executor, and for `threads` the handler.
};

/// Where a schedule stands.
enum class schedule_status : std::uint8_t { active, paused, finished, error };
/// Stable texts: "active", "paused", "finished", "error".
std::string_view to_string(schedule_status status);

struct schedule_view {
  schedule_id id;
  schedule_settings settings;
  schedule_status status = schedule_status::active;
  std::string fault = {}; ///< Why the trigger broke; only with status error.
  position revision = 0;
  position incarnation = 0;
  time_point created_at{};
  std::optional<time_point> next_fire_time = {};
  std::optional<time_point> last_fire_time = {}; ///< Designated time of the last job.
  std::optional<time_point> last_due_time = {};  ///< Newest that was settled.
  std::optional<time_point> last_started_at = {};
  std::optional<time_point> last_success_at = {};
  std::optional<job_outcome> last_outcome = {};
  job_id last_job = {};
  std::uint32_t open_jobs = 0;
};

/// Days that the triggers of schedules leave out by name.
struct calendar_view {
  calendar_id id;
  std::vector<date_range> days; ///< Sorted; those that touch are joined.
  position revision = 0;
  time_point created_at{};
  time_point changed_at{};          ///< Since when it has these days.
  std::size_t schedule_count = 0;   ///< Schedules that name it.
  std::vector<schedule_id> schedules = {}; ///< The first 100 of them, by id.
};

struct job_view {
  job_id id;
  task_id task;
  schedule_id schedule = {};
  job_status status = job_status::queued;
  std::optional<job_outcome> outcome = {};
  std::optional<time_point> scheduled_fire_time = {}; ///< Before jitter.
  duration jitter = {};
  std::optional<time_point> run_at = {};
  std::optional<time_point> start_deadline = {};
  time_point created_at{};
  std::optional<time_point> started_at = {};
  std::optional<time_point> finished_at = {};
  std::uint32_t attempts = 0;
  node_id node = {};
  position fence = 0;
  position revision = 0; ///< Position of its last record.
  std::string executor = {};
  payload args = {};
  payload result = {}; ///< Empty once it has expired.
  payload output = {};
  std::optional<error_info> error = {};
  std::optional<time_point> result_expires_at = {};
  bool cancel_requested = false;
  bool unclaimable = false; ///< Queued, and no node here can run its task.
  metadata meta = {};
};

struct job_filter {
  std::optional<task_id> task = {};
  std::optional<schedule_id> schedule = {};
  std::optional<job_status> status = {};
  std::optional<job_outcome> outcome = {}; ///< Implies finished.
  std::optional<time_point> from = {};     ///< Finished at or after (finished jobs only).
  std::optional<time_point> to = {};       ///< Finished before (finished jobs only).
};

/// How a finished job ended, with its value if it was kept.
struct job_result {
  job_id id;
  job_outcome outcome = job_outcome::success;
  std::optional<value> return_value = {}; ///< None when it was not kept or has expired.
  std::optional<error_info> error = {};
  std::optional<time_point> started_at = {};
  time_point finished_at{};
  std::uint32_t attempts = 0;
};

/// ENG-03: what the scheduler is doing.
enum class scheduler_state : std::uint8_t { starting, started, draining, stopping, stopped };
/// Stable texts: "starting", "started", "draining", "stopping", "stopped".
std::string_view to_string(scheduler_state state);

struct status_view {
  node_id node;
  scheduler_state state = scheduler_state::stopped;
  position at = 0;             ///< Last position applied.
  time_point time{};           ///< Time of the last block.
  std::string chain_hash = {}; ///< Hex SHA-256 of the last block.
  std::string state_hash = {}; ///< Hex 128-bit additive hash of the live state at `at`.
  std::uint64_t tasks = 0;
  std::uint64_t schedules = 0;
  std::uint64_t jobs_waiting = 0;
  std::uint64_t jobs_running = 0;
  std::uint64_t waiting_bytes = 0; ///< Commands that wait for the log.
  std::uint64_t lag = 0;           ///< Records in the log that are not applied here yet.
  std::uint64_t session = 0;       ///< Shared logs: the token of this node's session.
  /// Shared logs: the store's clock minus this machine's; none = not measured yet.
  std::optional<duration> clock_offset = {};
  std::optional<bool> broker_connected = {}; ///< None = there is no broker.
  std::uint32_t level = 0;       ///< The log's format level: nothing above it is written.
  std::uint32_t level_known = 0; ///< The newest one that this build reads and may write.
  std::string version = {};
  time_point started_at{};
};

/// A node that shares the log, by its session in the log's store.
struct node_view {
  node_id node;
  bool is_live = false;  ///< False: its session is over; what it held is the others' after a grace.
  bool is_this = false;  ///< The node that was asked.
  std::string role = {}; ///< "both", "scheduler", "worker", "none" (not started, or draining).
  std::uint64_t session = 0; ///< Its session's token; 0 = a log with one writer has none.
  std::optional<time_point> opened_at = {};  ///< By the store's clock.
  std::optional<time_point> expires_at = {}; ///< Unless it is renewed.
  std::vector<std::string> tasks = {};       ///< That it has handlers for.
  std::vector<std::string> executors = {};
  std::vector<std::string> labels = {};
  std::uint32_t level = 0; ///< Highest format level that it understands.
};

/// Metrics since the start of the process.
struct stats_view {
  std::uint64_t commits = 0;
  std::uint64_t records = 0;
  std::uint64_t blocks = 0;
  std::uint64_t conflicts = 0;
  std::array<std::uint64_t, 7> jobs_by_outcome{}; ///< Indexed by job_outcome.
  std::uint64_t fires = 0;                        ///< schedule_fired records.
};

} // namespace carillon
