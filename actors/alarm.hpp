#pragma once

#include "carillon/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace carillon::actors {

/// One timer on the machine's wall clock (timerfd), on a thread of its own.
///
/// A timerfd wakes within tens of microseconds where actor timers take milliseconds, and the kernel
/// cancels it when the clock is set: a jump is noticed at once, not after the wait.
class alarm {
public:
  /// `ring` is called on the alarm's thread when the set time has come (step 0), and when the wall
  /// clock was set: by how many microseconds, positive = forward. Errors: unavailable.
  static expected<std::unique_ptr<alarm>> make(std::function<void(std::int64_t step_us)> ring);
  virtual ~alarm() = default;

  /// Rings once at `when`, at once if that is past; none = not at all. Replaces what was set
  /// before.
  virtual void set(std::optional<time_point> when) = 0;
};

} // namespace carillon::actors
