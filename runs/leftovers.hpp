#pragma once

#include "carillon/ids.hpp"

#include <cstddef>
#include <cstdint>

namespace carillon::runs {

/// Kills what a dead supervisor left running, so that the next attempt does not overlap it: every
/// process whose environment names this job and fence, but never this one. Returns how many it
/// killed. A process that has cleared its environment, or changed its user, is not found.
std::size_t kill_leftovers(const job_id& job, std::uint64_t fence);

} // namespace carillon::runs
