#pragma once

#include "bench/workload.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

/// Clocks, percentiles and what the kernel knows about this process.
namespace carillon::bench {

using steady = std::chrono::steady_clock;

inline double seconds_since(steady::time_point start) {
  return std::chrono::duration<double>(steady::now() - start).count();
}

inline double to_ms(std::chrono::nanoseconds t) {
  return std::chrono::duration<double, std::milli>(t).count();
}

/// Sorted once, asked often. Empty samples answer 0.
class samples {
public:
  explicit samples(std::vector<std::chrono::nanoseconds> all) : sorted_{std::move(all)} {
    std::sort(sorted_.begin(), sorted_.end());
  }
  double ms_at(double quantile) const {
    if (sorted_.empty())
      return 0;
    const auto last = static_cast<double>(sorted_.size() - 1);
    return to_ms(sorted_[static_cast<std::size_t>(last * quantile + 0.5)]);
  }
  figures p50_p99() const { return {{"p50", ms_at(0.5)}, {"p99", ms_at(0.99)}}; }
  figures p50_p99_max() const {
    return {{"p50", ms_at(0.5)}, {"p99", ms_at(0.99)}, {"max", ms_at(1)}};
  }

private:
  std::vector<std::chrono::nanoseconds> sorted_;
};

/// Memory of this process now, after free memory was given back to the kernel.
std::uint64_t trimmed_rss_bytes();
/// Largest memory of this process since the last `reset_peak_rss`.
std::uint64_t peak_rss_bytes();
void reset_peak_rss();
/// CPU time of all threads so far, in seconds.
double cpu_seconds();

/// How late a timerfd set to an instant wakes its reader, `count` times, `period` apart.
std::vector<std::chrono::nanoseconds> timerfd_lateness(std::size_t count,
                                                       std::chrono::milliseconds period);

} // namespace carillon::bench
