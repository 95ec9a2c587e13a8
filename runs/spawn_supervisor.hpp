#pragma once

#include "carillon/expected.hpp"

#include <filesystem>
#include <string>
#include <sys/types.h>

namespace carillon::runs {

/// How to start one supervisor.
struct supervisor_start {
  std::filesystem::path program;
  std::filesystem::path run_directory; ///< Absolute.
  int lock = -1;                       ///< Its locked lock file.
  std::string crash_point = {};        ///< Handed on as CARILLON_CRASH_POINT; for tests.
};

/// Starts it in a session of its own, with all signals blocked, an empty environment, and nothing
/// of this process but the lock. Returns its process id. Errors: internal.
expected<pid_t> spawn_supervisor(const supervisor_start& start);

} // namespace carillon::runs
