#pragma once

#include "carillon/ids.hpp"

#include <cstddef>
#include <cstdint>

namespace carillon::runs {

/// Kills what a dead supervisor left running, so that the next attempt does not overlap it: processes
/// of its session whose environment names this job and fence. Returns how many it killed.
/// A process that has left the session, or has cleared its environment, is not found.
std::size_t kill_leftovers(int supervisor_pid, const job_id& job, std::uint64_t fence);

} // namespace carillon::runs
