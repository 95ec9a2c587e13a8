#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

/// How far this machine's clock is from the store's, measured with every renewal. Pure.
namespace carillon::cluster {

struct skew_options {
  duration warn_beyond = std::chrono::seconds{1};    ///< Say so.
  duration refuse_beyond = std::chrono::seconds{30}; ///< Fire no schedules.
  std::size_t samples_max = 8; ///< Newest samples that are looked at; the quickest answer counts.
};

/// Errors: invalid_argument with field "clock_skew": bounds that are not 0 < warn <= refuse, or no
/// samples.
expected<void> check(const skew_options& options);

/// One renewal, by this node's wall clock and the store's.
struct skew_sample {
  time_point sent{};
  time_point received{};
  time_point store{}; ///< The store's clock while it answered.
};

/// What the samples say.
struct skew_estimate {
  duration offset{};      ///< The store's clock minus ours; positive = ours is behind.
  duration uncertainty{}; ///< The true offset is at most this far from `offset`.

  /// The least that the clocks surely differ by; never negative.
  duration at_least() const;
};

enum class skew_verdict : std::uint8_t {
  fine,
  warn,
  refuse, ///< This node must not take the scheduler role.
};

class clock_skew {
public:
  explicit clock_skew(skew_options options = {}) : options_{options} {}

  /// Takes in one sample. One whose clock went back meanwhile is left out.
  void add(const skew_sample& sample);
  /// This machine's clock was set: what was measured before means nothing now.
  void reset() { samples_.clear(); }

  /// None before the first sample.
  std::optional<skew_estimate> estimate() const;
  /// `fine` before the first sample. Only what is certain counts: a slow answer proves nothing.
  skew_verdict verdict() const;

private:
  skew_options options_;
  std::deque<skew_estimate> samples_;
};

} // namespace carillon::cluster
