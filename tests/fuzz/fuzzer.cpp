// The entry that libFuzzer calls; CARILLON_FUZZ_TARGET, a definition of the build, says which of
// the targets this program is.

#include "fuzz/steps.hpp"
#include "fuzz/timed.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace carillon::fuzz;

// The product may take 10 ms. Sanitizers, coverage counters and -O1 make it some twenty times as
// slow; `fuzz_replay --limit-ms 10` measures in an ordinary build.
constexpr double limit_milliseconds = 200;

target chosen() {
  for (const auto& each : targets())
    if (each.name == CARILLON_FUZZ_TARGET)
      return each.run;
  std::abort(); // the build names a target that is not in the table
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto run = chosen();
  static const bool is_warm = [] { return run({}), true; }(); // zone tables are read once
  if (!is_warm || size > input_size_max)
    return -1;
  const auto took = milliseconds_of(run, {reinterpret_cast<const char*>(data), size});
  if (took > limit_milliseconds) {
    std::fprintf(stderr, "took %.0f ms, allowed are %.0f\n", took, limit_milliseconds);
    std::abort();
  }
  return 0;
}
