#pragma once

#include "carillon/ids.hpp"
#include "carillon/payload.hpp"
#include "carillon/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace carillon {

// On disk since 0.1: never renumber.
/// Where a job stands.
enum class job_status : std::uint8_t {
  queued = 0,   ///< Waits for its time, a slot or a worker.
  running = 1,  ///< Claimed by a node.
  retrying = 2, ///< Waits for another attempt after a lost lease.
  finished = 3, ///< Has its outcome; never changes again.
};

// On disk since 0.1: never renumber.
/// How a job ended.
enum class job_outcome : std::uint8_t {
  success = 0,
  error = 1,     ///< The handler or command failed.
  missed = 2,    ///< It waited past its start deadline and never ran.
  cancelled = 3,
  abandoned = 4, ///< Its lease was lost and its task asked not to retry.
  timed_out = 5,
  discarded = 6, ///< Its lease was lost too often.
};

/// Stable texts: "queued", "running", "retrying", "finished".
std::string_view to_string(job_status status);
/// Stable texts: "success", "error", "missed", "cancelled", "abandoned", "timed_out", "discarded".
std::string_view to_string(job_outcome outcome);

/// A lost lease ends the job as `discarded` when it was lost this often.
inline constexpr std::uint32_t lost_leases_max = 3;

/// Why an attempt failed.
struct error_info {
  std::string type = {};    ///< Exception type, "exit", "signal", "timeout", "lease_lost" ...
  std::string message = {};
  std::int32_t code = 0;    ///< Exit status or signal number of a process; else 0.

  bool operator==(const error_info&) const = default;
};

/// An ad-hoc job as its user describes it.
struct job_spec {
  job_id id = {};          ///< Empty = a new UUIDv7.
  task_id task = {};
  payload args = {};
  std::string executor = {};          ///< Empty = the task's.
  std::optional<time_point> run_at = {};   ///< Not before; none = at once.
  std::optional<time_point> deadline = {}; ///< Must start by then (inclusive); none = however late.
  duration result_expiration = {};    ///< How long the result is kept; 0 = not at all.
  metadata meta = {};
};

} // namespace carillon
