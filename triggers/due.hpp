#pragma once

#include "triggers/next.hpp"

#include "carillon/event.hpp"
#include "carillon/schedule.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carillon::triggers {

/// How due fire times are settled.
struct due_policy {
  coalesce_policy coalesce = coalesce_policy::latest;
  /// A fire time is missed when it lies more than this before now; none = never.
  std::optional<duration> misfire_grace = {};
  /// Most jobs of one call; the rest follows at the next (DEV-13).
  std::size_t fires_max = 1000;
};

/// A job that must be made.
struct due_job {
  time_point fire_time{};
  /// The fire time of the schedule's next job, as far as it is known: caps the jitter (PRC-08).
  std::optional<time_point> following = {};
};

/// What became of the due fire times, and where the trigger stands now.
struct due_result {
  /// In time order. Every fire time that was settled is in exactly one range; `first` and `last`
  /// are fire times of the trigger, equal when there is one. `count` is 0 where counting would
  /// take more than `counted_max` steps.
  std::vector<fate> fates;
  std::vector<due_job> jobs;           ///< In time order, at most `fires_max`.
  std::optional<time_point> next_fire; ///< Empty: the trigger is finished.
  trigger_cursor cursor;               ///< `cursor.last == next_fire`, unless finished.
  bool more = false;                   ///< `next_fire` is due too: call again.
};

/// Fire times of a range that are counted one by one.
inline constexpr std::uint64_t counted_max = 1000;

/// Settles the fire times from `next_fire` (already produced: `cursor.last == next_fire`) up to
/// `now`, inclusive. First those with fire time + grace < now are missed; the others are coalesced.
/// Time is bounded however many there are; `all` goes on in chunks of `fires_max`.
/// Errors: limit_exceeded (as `next`).
expected<due_result> take_due(const compiled_trigger& trigger, time_point next_fire,
                              const trigger_cursor& cursor, time_point now,
                              const due_policy& policy);

/// Drops the fire times from `next_fire` up to `until`, exclusive, as one range `skipped(reason)`.
/// Without `next_fire` the trigger is finished and nothing happens. Errors: limit_exceeded.
expected<due_result> skip_until(const compiled_trigger& trigger,
                                std::optional<time_point> next_fire, const trigger_cursor& cursor,
                                time_point until, std::string reason);

} // namespace carillon::triggers
