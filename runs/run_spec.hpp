#pragma once

#include "carillon/ids.hpp"
#include "carillon/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace carillon::runs {

/// Output kept with an outcome unless the task says otherwise, in bytes.
inline constexpr std::size_t output_bytes_default = 64 * 1024;
/// Longest standard output, and longest compact text of it, that is taken as a return value.
inline constexpr std::size_t return_value_bytes_max = 256 * 1024;

/// One attempt of a job as a process: what to run, and under which claim.
struct run_spec {
  job_id job;                              ///< With `fence`, names the run.
  std::uint64_t fence = 0;                 ///< The claim's fencing token.
  std::uint32_t attempt = 1;               ///< From 1; handed to the command as CARILLON_ATTEMPT.
  std::string task;                        ///< CARILLON_TASK_ID.
  std::string schedule = {};               ///< CARILLON_SCHEDULE_ID; empty for an ad-hoc job.
  std::string node;                        ///< CARILLON_NODE.
  std::optional<std::int64_t> due_ms = {}; ///< CARILLON_DUE_MS: Unix milliseconds; none for ad-hoc.
  std::vector<std::string> argv; ///< Given to execve as it is; the first is an absolute path.
  std::map<std::string, std::string> env = {}; ///< Added to the clean environment.
  std::string cwd = {};                        ///< Working directory; empty = the daemon's.
  std::string stdin_json = {};                 ///< The whole of standard input.
  std::optional<duration> timeout = {}; ///< From the start, suspend included; none = no limit.
  duration kill_grace = std::chrono::seconds{5};       ///< From SIGTERM to SIGKILL.
  std::size_t output_bytes_max = output_bytes_default; ///< Output kept; the rest is counted.
  /// Absolute path of the node's `lease_file`; empty = the run needs no lease (one node).
  std::string lease = {};
  /// How long the run may go on past the lease's deadline.
  duration disconnect_grace = std::chrono::seconds{60};
};

// On disk by name (see to_string): never rename.
/// How a run ended.
enum class run_ending : std::uint8_t {
  exited,      ///< By itself; `exit_code` is its exit status.
  signalled,   ///< By a signal that is not ours; `exit_code` is its number.
  timed_out,   ///< Killed at its deadline.
  cancelled,   ///< Killed because someone asked.
  not_started, ///< The command could not be executed; nothing of it ran.
  lost,        ///< The supervisor died without a word: whether the command did its work is unknown.
  lease_lost,  ///< Killed because the node's lease and the grace after it had passed.
};

/// "exited", "signalled", ...
const char* to_string(run_ending ending);

/// How one attempt ended, and what it said.
struct run_outcome {
  job_id job;              ///< As in the spec.
  std::uint64_t fence = 0; ///< As in the spec.
  run_ending ending = run_ending::lost;
  int exit_code = 0;        ///< Exit status, or the signal's number if a signal ended the command.
  time_point started_at{};  ///< Wall clock; for `lost`, when the run was handed to its supervisor.
  time_point finished_at{}; ///< Wall clock; for `lost`, when that was noticed.
  std::string output = {};  ///< The end of stdout and stderr as they came; may not be UTF-8.
  std::uint64_t output_bytes_total = 0; ///< All that was written to both.
  /// Compact JSON text of stdout, if the command exited and wrote there exactly one JSON value.
  std::optional<std::string> return_value = {};
  std::string error = {}; ///< Empty for exit status 0, else one sentence for people.
};

} // namespace carillon::runs
