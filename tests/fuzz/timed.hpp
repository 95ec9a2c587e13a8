#pragma once

#include "fuzz/targets.hpp"

#include <ctime>

namespace carillon::fuzz {

/// The processor time of this thread that `run(input)` takes, in milliseconds: what other programs
/// do at the time does not count.
inline double milliseconds_of(target run, std::string_view input) {
  const auto now = [] {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
  };
  const auto begin = now();
  run(input);
  return now() - begin;
}

} // namespace carillon::fuzz
