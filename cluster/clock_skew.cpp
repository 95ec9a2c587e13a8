#include "cluster/clock_skew.hpp"

#include <algorithm>

namespace carillon::cluster {

expected<void> check(const skew_options& options) {
  if (options.warn_beyond <= duration::zero() || options.refuse_beyond < options.warn_beyond)
    return refuse(errc::invalid_argument,
                  "clock skew: the bound for a warning must be more than 0s, and the one for a "
                  "refusal at least as large",
                  "clock_skew");
  if (options.samples_max == 0)
    return refuse(errc::invalid_argument, "clock skew: at least 1 sample is needed", "clock_skew");
  return {};
}

duration skew_estimate::at_least() const {
  const auto size = offset < duration::zero() ? -offset : offset;
  return size > uncertainty ? size - uncertainty : duration::zero();
}

void clock_skew::add(const skew_sample& sample) {
  if (sample.received < sample.sent)
    return;
  // The store looked at its clock somewhere between sending and receiving: the middle is at most
  // half of that wrong.
  const auto half = (sample.received - sample.sent) / 2;
  samples_.push_back({sample.store - (sample.sent + half), half});
  while (samples_.size() > options_.samples_max)
    samples_.pop_front();
}

std::optional<skew_estimate> clock_skew::estimate() const {
  // The newest of the quickest.
  const auto best = std::min_element(
      samples_.rbegin(), samples_.rend(),
      [](const skew_estimate& a, const skew_estimate& b) { return a.uncertainty < b.uncertainty; });
  return best == samples_.rend() ? std::nullopt : std::optional{*best};
}

skew_verdict clock_skew::verdict() const {
  const auto now = estimate();
  if (!now)
    return skew_verdict::fine;
  if (now->at_least() > options_.refuse_beyond)
    return skew_verdict::refuse;
  return now->at_least() > options_.warn_beyond ? skew_verdict::warn : skew_verdict::fine;
}

} // namespace carillon::cluster
