#pragma once

#include "runs/run_files.hpp"

#include <string>
#include <sys/types.h>

namespace carillon::runs {

/// The command, started, and the supervisor's ends of its pipes. All descriptors close on exec.
struct shim_child {
  pid_t pid = -1;  ///< Also the id of its process group.
  int out = -1;    ///< Standard output, non-blocking.
  int err = -1;    ///< Standard error, non-blocking.
  int status = -1; ///< For `exec_failure_of`.
};

/// Starts the command: own process group, dies with the supervisor, no new privileges, default
/// signals, no descriptor above 2, no core files. It cannot regain what a set-user-id program would
/// give it. Errors: invalid_argument (no absolute program path, a NUL byte), internal (no pipe, no
/// process).
expected<shim_child> start_child(const launch_order& order);

/// Why the command was not executed, read from `child.status` once the child has ended; empty if it
/// was.
std::string exec_failure_of(const shim_child& child, const launch_order& order);

} // namespace carillon::runs
