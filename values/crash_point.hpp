#pragma once

#include <string_view>

namespace carillon {

namespace detail {
extern bool crash_point_armed;
void crash_point_hit(const char* name);
} // namespace detail

/// Dies here by SIGKILL when the environment variable CARILLON_CRASH_POINT names this point:
/// "name", or "name:n" for its n-th hit (from 1). Otherwise costs one load and a branch.
/// Thread-safe.
inline void crash_point(const char* name) {
  if (detail::crash_point_armed) [[unlikely]]
    detail::crash_point_hit(name);
}

/// Sets the point as CARILLON_CRASH_POINT would; empty disarms. For tests, before any thread
/// starts.
void arm_crash_point(std::string_view point);

} // namespace carillon
