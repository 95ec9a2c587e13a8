#pragma once

#include "support/builders.hpp"

#include <atomic>

namespace carillon::test {

/// A clock that stands still until the test moves it. Thread-safe.
class fake_clock final : public clock {
public:
  explicit fake_clock(time_point start = day_one) : us_{start.time_since_epoch().count()} {}

  time_point now() const override { return time_point{duration{us_.load()}}; }
  void set(time_point t) { us_ = t.time_since_epoch().count(); }
  void advance(duration d) { us_ += d.count(); }

private:
  std::atomic<std::int64_t> us_;
};

} // namespace carillon::test
