#pragma once

#include "runs/fields.hpp"
#include "runs/run_spec.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::runs {

// What daemon and supervisor tell each other, both ways by files in the run directory:
//
//   daemon                                  supervisor (survives the daemon)
//   mkdir, spec, lock held  -- spawn -->    inherits the lock, writes pid, runs the command
//   cancel, SIGTERM         ----------->    TERM to the group, KILL after the grace
//   reads outcome           <-- exit ---    outcome, synced; the lock goes with the process

inline constexpr const char* spec_file = "spec"; ///< A `launch_order`.
inline constexpr const char* lock_file = "lock"; ///< Locked by flock while the supervisor lives.
inline constexpr const char* pid_file = "pid";   ///< "pid start_ticks\n" of the supervisor.
inline constexpr const char* cancel_file = "cancel";   ///< The grace of a cancel request, µs.
inline constexpr const char* outcome_file = "outcome"; ///< A `run_report`.
/// The descriptor on which the supervisor inherits the lock.
inline constexpr int lock_descriptor = 3;

/// What the supervisor is to do.
struct launch_order {
  std::vector<std::string> argv;
  std::vector<std::string> env; ///< "NAME=value", complete.
  std::string cwd = {};         ///< Empty = stay.
  std::string stdin_text = {};
  std::optional<duration> timeout = {};
  duration kill_grace = std::chrono::seconds{5};
  std::size_t output_bytes_max = output_bytes_default;
  std::string lease = {}; ///< Path of the node's `lease_file`; empty = none.
  duration disconnect_grace = std::chrono::seconds{60};
};

/// What the supervisor has seen.
struct run_report {
  run_ending ending = run_ending::not_started;
  int exit_code = 0;
  time_point started_at{};
  time_point finished_at{};
  std::string output = {};
  std::uint64_t output_bytes_total = 0;
  std::optional<std::string> stdout_text = {}; ///< All of stdout; none when it was too long.
  std::string error = {};
};

/// Errors of the decoders: corrupt, unsupported.
std::string encode(const launch_order& order);
std::string encode(const run_report& report);
expected<launch_order> decode_order(std::string_view text);
expected<run_report> decode_report(std::string_view text);

/// When a process started, in clock ticks since boot; with its id this names it for ever (until the
/// next boot). Nothing if there is no such process.
std::optional<std::int64_t> start_ticks_of(int pid);

/// A supervisor as its pid file names it.
struct supervisor_id {
  int pid = 0;
  std::int64_t start_ticks = 0;
};

std::string encode(const supervisor_id& id);
/// Errors: corrupt (also when it is not completely written yet).
expected<supervisor_id> decode_supervisor(std::string_view text);

} // namespace carillon::runs
