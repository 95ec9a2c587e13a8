#pragma once

// What every fuzz target of triggers does with what it has read.

#include "events/trigger_json.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace carillon::fuzz {

inline void require(bool claim) {
  if (!claim)
    std::abort();
}

/// Aborts when the work between its begin and end takes this thread too long. The limit is ten
/// times that of the product (10 ms), because sanitizers and -O1 take their share.
class stopwatch {
public:
  ~stopwatch() {
    if (const auto took = now() - begin_; took > limit_seconds) {
      std::fprintf(stderr, "took %.0f ms\n", took * 1e3);
      std::abort();
    }
  }

private:
  static constexpr double limit_seconds = 0.1;

  static double now() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }

  double begin_ = now();
};

/// Whatever is accepted is stored and read back equal, steps forwards, and a seek agrees with it.
inline void step(const trigger_spec& spec) {
  using namespace std::chrono_literals;
  const time_point now{1'767'225'600s};
  const stopwatch watch;
  const auto resolved = triggers::resolve(
      spec, {.now = now, .default_zone = "Europe/Berlin", .schedule = "fuzz", .draw = 7});
  if (!resolved)
    return;
  const auto text = events::trigger_to_json(*resolved);
  const auto again = events::trigger_from_json(text);
  require(again.has_value());
  require(triggers::resolve(*again, {.now = now + 1h}).value() == *resolved);
  const auto compiled = triggers::compile(*resolved);
  require(compiled.has_value());
  trigger_cursor cursor;
  for (int i = 0; i < 5; ++i) {
    const auto fire = triggers::next(*compiled, cursor);
    if (!fire || !fire->at)
      return;
    require(!cursor.last || *fire->at > *cursor.last);
    if (i == 2) {
      const auto sought = triggers::seek(*compiled, {}, *fire->at);
      require(sought && sought->at == fire->at);
    }
    cursor = fire->cursor;
  }
}

} // namespace carillon::fuzz
