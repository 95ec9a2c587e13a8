#pragma once

#include "carillon/ids.hpp"
#include "carillon/payload.hpp"
#include "carillon/time.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace carillon {

// On disk since 0.1: never renumber.
/// What becomes of a run whose node died.
enum class lease_lost_policy : std::uint8_t {
  retry = 0, ///< Another attempt follows; the job is run at least once.
  fail = 1,  ///< The job ends as `abandoned`; it is run at most once.
};

/// Names of the executors every node has.
inline constexpr const char* executor_threads = "threads"; ///< C++ handlers on a pool of threads.
/// A command in a process group of its own.
inline constexpr const char* executor_process = "process";

/// How a task runs: everything that is kept in the log about it.
struct task_settings {
  std::string executor = executor_threads; ///< Name of the executor.
  /// `process` only: absolute program path, then its arguments.
  std::vector<std::string> argv = {};
  std::map<std::string, std::string> env = {}; ///< `process` only: added to the clean environment.
  /// `process` only: working directory; empty = the daemon's.
  std::string cwd = {};
  /// `process` only: standard input instead of the JSON document.
  std::string stdin_text = {};
  std::optional<duration> timeout = {}; ///< Longest run; none = no limit.
  /// Runs at once in the whole cluster; none = no limit.
  std::optional<std::uint32_t> max_running_jobs = 1;
  /// How late a fire may start; none = however late.
  std::optional<duration> misfire_grace_time = {};
  lease_lost_policy on_lease_lost = lease_lost_policy::retry;
  /// How long a run may outlive its node's lease; none = 60 s for processes, 0 for threads.
  std::optional<duration> disconnect_grace = {};
  metadata meta = {};
  /// Labels that a node must have, with these values, to run it; an empty value stands for a label
  /// that is only a name.
  std::map<std::string, std::string> required_labels = {};

  bool operator==(const task_settings&) const = default;
};

/// How long a run may outlive its node's lease: what the task says, or the executor's default.
inline duration disconnect_grace_of(const task_settings& task) {
  return task.disconnect_grace.value_or(
      task.executor == executor_process ? duration{std::chrono::seconds{60}} : duration{});
}

/// Changes to a task's settings: only what is set is changed (TSK-02).
struct task_options {
  std::optional<std::string> executor = {};
  std::optional<std::vector<std::string>> argv = {};
  std::optional<std::map<std::string, std::string>> env = {};
  std::optional<std::string> cwd = {};
  std::optional<std::string> stdin_text = {};
  std::optional<std::optional<duration>> timeout = {};
  std::optional<std::optional<std::uint32_t>> max_running_jobs = {};
  std::optional<std::optional<duration>> misfire_grace_time = {};
  std::optional<lease_lost_policy> on_lease_lost = {};
  std::optional<std::optional<duration>> disconnect_grace = {};
  std::optional<metadata> meta = {};
  std::optional<std::map<std::string, std::string>> required_labels = {};

  bool operator==(const task_options&) const = default;
};

/// What a handler is told about the run it is.
class job_context {
public:
  virtual ~job_context() = default;
  virtual const job_id& id() const = 0;
  virtual const task_id& task() const = 0;
  /// The schedule that fired, or an empty id for an ad-hoc job.
  virtual const schedule_id& schedule() const = 0;
  /// The fire time before jitter; none for ad-hoc jobs.
  virtual std::optional<time_point> scheduled_fire_time() const = 0;
  /// 1 for the first claim.
  virtual std::uint32_t attempt() const = 0;
  /// Grows with every claim of this job: pass it to outside systems so that they can refuse a late
  /// writer.
  virtual position fencing_token() const = 0;
  /// Set when the job was cancelled, timed out, lost its lease, or the node stops.
  virtual std::stop_token stop() const = 0;
  virtual const arguments& args() const = 0;
};

/// How a handler ended: a return value, or the reason it failed (`errc::failed` for its own
/// errors).
using task_result = expected<value>;

/// Runs one attempt. An exception that escapes ends the attempt as an error.
using task_handler = std::function<task_result(const job_context&)>;

} // namespace carillon
