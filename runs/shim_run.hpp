#pragma once

#include "runs/run_files.hpp"

namespace carillon::runs {

/// Runs the command to its end, within its deadline, and says how it went. SIGTERM to this process
/// asks to cancel it (see `cancel_file` in `directory`). To be called once, in a process of its own
/// that has SIGTERM and SIGCHLD blocked and is a child subreaper.
run_report supervise(const launch_order& order, int directory);

} // namespace carillon::runs
