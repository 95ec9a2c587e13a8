#pragma once

#include "triggers/civil_time.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace carillon::triggers {

/// What becomes of wall-clock times that a change of the clock skips or shows twice, with nothing
/// left to the kind: `gap` is skip, next_valid or shift; `fold` is both, first or second.
struct clock_policy {
  gap_policy gap = gap_policy::skip;
  fold_policy fold = fold_policy::both;
  /// Changes of that many seconds or more are no daylight saving: what they skip does not fire,
  /// what they repeat fires twice. cron(8) says three hours; else there is no such limit.
  second_count gap_change_max = std::numeric_limits<second_count>::max();
  second_count fold_change_max = std::numeric_limits<second_count>::max();
};

/// What `by_kind` stands for in a kind, and what `automatic` depends on.
struct clock_defaults {
  bool is_gap_automatic = false; ///< Gap: the rule of cron(8) (dialect vixie), else skip.
  fold_policy fold = fold_policy::both;
  bool is_fixed_time = true; ///< Neither the minute nor the hour begins with `*`.
};

/// The policy of a trigger of a kind with these defaults.
clock_policy policy_of(const trigger_spec& spec, const clock_defaults& defaults) noexcept;

/// The first instant at or after the UTC second `from` at which a rule fires in `zone`; none when
/// it has no more. `next_wall(w)` is the rule: the first of its wall-clock times at or after `w`,
/// as std::optional<second_count>, whatever was asked before. It is asked at most twice for each
/// clock change that lies on the way, and what cannot matter is leapt over.
///
/// The instants are those of all its wall-clock times, each mapped by `policy`; equal ones are one.
/// This relies on the changes of a zone lying further apart than `jump_seconds_max` and than their
/// own length twice over; in the zone table they are days apart (tests/triggers check that).
template <class NextWall>
std::optional<second_count> first_instant(const time_zone& zone, const clock_policy& policy,
                                          second_count from, const NextWall& next_wall) {
  while (true) {
    const auto period = zone.period_at(from);
    const second_count forward = period.offset - period.offset_before; // at the period's begin
    std::optional<second_count> shifted;
    auto wall = from + period.offset;
    if (forward > 0 && policy.gap != gap_policy::skip && forward < policy.gap_change_max &&
        from < period.begin + forward) {
      // Of what the gap left out, `from + offset_before` is the first time that counts.
      const auto left_out = next_wall(from + period.offset_before);
      if (left_out && *left_out < period.begin + period.offset) {
        if (policy.gap == gap_policy::shift)
          shifted = *left_out - period.offset_before;
        else if (from == period.begin)
          return from;
      }
    } else if (forward < 0 && policy.fold == fold_policy::first &&
               -forward < policy.fold_change_max) {
      wall = std::max(wall, period.begin + period.offset_before); // the rest was shown before
    }
    const auto match = next_wall(wall);
    if (match && *match - period.offset < period.end) {
      const auto at = *match - period.offset;
      auto end = period.end;
      if (policy.fold == fold_policy::second && end - at <= jump_seconds_max) {
        const second_count back = period.offset - zone.period_at(end).offset;
        if (back > 0 && back < policy.fold_change_max)
          end -= back; // the rest will be shown again
      }
      if (at < end)
        return shifted ? std::min(*shifted, at) : at;
    }
    if (shifted)
      return shifted;
    // Nothing in this period. The rule has no time from `wall` to the match; so when no change back
    // can show earlier ones again, the search goes on shortly before the match.
    const bool is_far = period.end - from > jump_seconds_max;
    if (!match && is_far)
      return std::nullopt;
    from = is_far ? std::max(period.end, *match - jump_seconds_max) : period.end;
  }
}

} // namespace carillon::triggers
