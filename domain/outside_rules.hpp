#pragma once

#include "domain/schedule_aggregate.hpp"
#include "triggers/next.hpp"

#include <optional>
#include <string>

/// Rules that lie outside of a schedule's trigger: the days of the calendars that it names, and
/// what zones do.
namespace carillon::domain {

/// Errors: invalid_argument with the names that there are, when the trigger names another calendar.
expected<void> check_calendars(const trigger_spec& spec, const decision_context& ctx);

/// `spec` with the days of the calendars that it names.
trigger_spec with_calendars(const trigger_spec& spec, const decision_context& ctx);

/// As `triggers::compile`, of a stored trigger, with the days of the calendars that it names.
expected<triggers::compiled_trigger> compile_stored(const trigger_spec& spec,
                                                    const decision_context& ctx);

/// Whether a calendar that the trigger names was set since the schedule's last record.
bool is_outdated(const schedule_state& state, const decision_context& ctx);

/// Why a schedule is looked at again.
struct outside_change {
  recompute_cause cause = recompute_cause::calendar;
  std::string zone_table = {}; ///< Its version; for zone_rules.
};

/// The schedule's next fire time by the rules of now, if that is another one. What was due before
/// the newest days of its calendars came stays due: only what follows is theirs.
/// Errors: those of `compile_stored` and `triggers::recompute`.
expected<std::optional<schedule_recomputed>>
recompute(const schedule_state& state, const outside_change& why, const decision_context& ctx);

} // namespace carillon::domain
