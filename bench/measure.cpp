#include "bench/measure.hpp"

#include "bench/bench_engine.hpp"

#include <fstream>
#include <malloc.h>
#include <string>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace carillon::bench {
namespace {

/// A line such as "VmRSS:   1234 kB" of /proc/self/status, in bytes.
std::uint64_t status_bytes(const std::string& name) {
  std::ifstream status{"/proc/self/status"};
  for (std::string word; status >> word;)
    if (word == name) {
      std::uint64_t kib = 0;
      status >> kib;
      return kib * 1024;
    }
  return 0;
}

std::chrono::nanoseconds wall_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

} // namespace

std::uint64_t trimmed_rss_bytes() {
  malloc_trim(0);
  return status_bytes("VmRSS:");
}

std::uint64_t peak_rss_bytes() { return status_bytes("VmHWM:"); }

void reset_peak_rss() {
  malloc_trim(0);
  std::ofstream{"/proc/self/clear_refs"} << "5";
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::vector<std::chrono::nanoseconds> timerfd_lateness(std::size_t count,
                                                       std::chrono::milliseconds period) {
  const int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
  if (timer < 0)
    give_up("timerfd_create failed");
  std::vector<std::chrono::nanoseconds> late;
  for (std::size_t i = 0; i < count; ++i) {
    const auto due = wall_now() + period;
    itimerspec when{};
    when.it_value.tv_sec = due / std::chrono::seconds{1};
    when.it_value.tv_nsec = (due % std::chrono::seconds{1}).count();
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, nullptr);
    std::uint64_t expirations = 0;
    if (read(timer, &expirations, sizeof expirations) == sizeof expirations)
      late.push_back(wall_now() - due);
  }
  close(timer);
  return late;
}

} // namespace carillon::bench
