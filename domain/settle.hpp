#pragma once

#include "domain/schedule_aggregate.hpp"

#include <string>
#include <string_view>
#include <vector>

/// How due fire times get their fates. A schedule whose calendars have changed since its last
/// record has its next fire time computed again first. Internal to this folder.
namespace carillon::domain {

/// Most rounds of a bounded catch-up that one command settles before it leaves out the rest.
inline constexpr int settle_rounds_max = 10;

/// Why the fire times that a bounded catch-up did not reach are left out; none = they are kept for
/// the next fire.
using leave_out = std::optional<std::string_view>;

/// What settling led to, and where the trigger stands after it.
struct settlement {
  /// schedule_recomputed, schedule_fired, its job_added, schedule_faulted; or nothing.
  std::vector<event> events = {};
  std::vector<job_id> jobs = {}; ///< The jobs among the events.
  std::optional<time_point> next_fire = {};
  trigger_cursor cursor = {};
  bool faulted = false; ///< The trigger broke, now or earlier.
  bool more = false;    ///< `next_fire` is due too.
  /// Why nothing was settled though something is due: this node does not know the trigger's type.
  std::string left_alone = {};
};

/// One round, for the trigger actor: nothing while paused, faulted, or not due.
settlement settle_round(const schedule_state& state, const decision_context& ctx);

/// Everything due by now, before a command changes the schedule. Of a paused schedule the due
/// fire times are skipped as "paused"; of a faulted one nothing is known.
settlement settle_all(const schedule_state& state, const decision_context& ctx, leave_out rest);

/// Where the schedule stands, whatever is due.
settlement settle_nothing(const schedule_state& state, const decision_context& ctx);

/// Leaves out the fire times before `until`.
settlement skip_paused(const schedule_state& state, const decision_context& ctx, time_point until);

/// The event for a trigger that broke.
schedule_faulted fault_of(const schedule_id& id, const error& why);

} // namespace carillon::domain
