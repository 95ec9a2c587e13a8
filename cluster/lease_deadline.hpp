#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstdint>

/// How long this node may still believe that its session lives. Pure: times come from outside.
namespace carillon::cluster {

/// Time since this machine was started, counted through suspend (CLOCK_BOOTTIME). Never jumps.
struct boot_clock {
  using duration = carillon::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<boot_clock>;
  static constexpr bool is_steady = true;
};
using boot_time = boot_clock::time_point;

struct lease_options {
  duration ttl = std::chrono::seconds{10};   ///< How long the store keeps a session unrenewed.
  duration margin = std::chrono::seconds{1}; ///< How much sooner the holder stops believing in it.

  /// When to renew, after the last successful renewal.
  duration renew_after() const { return ttl / 3; }
};

/// Errors: invalid_argument with field "ttl" or "margin" (ttl below 1 s or above one day; margin
/// negative or half the ttl or more).
expected<void> check(const lease_options& options);

enum class lease_state : std::uint8_t {
  healthy,
  renew_due, ///< A third of the ttl has gone by: renew now.
  lost,      ///< Stop everything that runs under this session and open a new one. Final.
};

/// The holder's own deadline: the *send* time of the last successful renewal plus ttl minus margin.
/// The store counts from when it got the request, which is later, so the holder is always first.
class lease_deadline {
public:
  /// The session was opened by a request sent at `sent`.
  lease_deadline(lease_options options, boot_time sent) : options_{options}, sent_{sent} {}

  /// Where the lease stands. Once lost it stays lost: what ran under it was told to stop.
  lease_state look(boot_time now);

  /// The renewal sent at `sent` was answered with success at `received`. An answer that comes when
  /// the deadline has passed changes nothing, nor does one to an older request.
  lease_state renewed(boot_time sent, boot_time received);

  /// The store said that the session is no more.
  void refused() { lost_ = true; }

  /// When the next renewal is due.
  boot_time renew_at() const { return sent_ + options_.renew_after(); }
  /// When the lease is lost unless it is renewed.
  boot_time lost_at() const { return sent_ + options_.ttl - options_.margin; }

private:
  lease_options options_;
  boot_time sent_; ///< Of the last successful renewal.
  bool lost_ = false;
};

} // namespace carillon::cluster
