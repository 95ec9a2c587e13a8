#pragma once

// Internal to triggers/: what a compiled trigger is made of.

#include "triggers/civil_time.hpp"
#include "triggers/cron_expression.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"
#include "triggers/clock_change.hpp"

#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace carillon::triggers {

/// Fires once.
struct once_rule {
  time_point at{};
};

/// Fires at `start` and every `step` after it, up to `end` inclusive.
struct interval_rule {
  time_point start{};
  time_point end = instant_max;
  duration step{};
};

/// Fires at a time of day, on `start_day` and then every `months` and `days`.
struct calendar_rule {
  std::int64_t months = 0;
  std::int64_t days = 0;
  second_count time_of_day = 0;
  std::int64_t start_day = 0; ///< Since 1970-01-01.
  std::int64_t end_day = 0;   ///< Inclusive.
  bool clamp_day = false;
  clock_policy policy;
};

/// Fires where the wall clock matches, from `first` to `last`, UTC seconds, both inclusive.
struct cron_rule {
  cron_table table;
  clock_policy policy;
  second_count first = 0;
  second_count last = 0;
};

struct any_rule {
  std::vector<compiled_trigger> children;
};

struct all_rule {
  std::vector<compiled_trigger> children;
  duration threshold{};
  std::uint32_t iterations_max = 0;
};

struct recurrence_table; // triggers/recurrence.cpp
struct repeating_table;  // triggers/repeating.cpp
struct filter_table;     // triggers/filtered.cpp
struct custom_table;     // triggers/custom.cpp

struct recurrence_rule {
  std::shared_ptr<const recurrence_table> table;
};

struct repeating_rule {
  std::shared_ptr<const repeating_table> table;
};

struct filter_rule {
  std::vector<compiled_trigger> children; ///< One.
  std::shared_ptr<const filter_table> table;
};

struct custom_node {
  std::shared_ptr<const custom_table> table;
};

using rule_variant = std::variant<once_rule, interval_rule, calendar_rule, cron_rule, any_rule,
                                  all_rule, recurrence_rule, repeating_rule, filter_rule,
                                  custom_node>;

struct trigger_node {
  rule_variant rule;
  zone_ptr zone;
  std::int64_t nodes = 1; ///< This one and those below it.
};

/// What is left of `steps_max`; shared by all levels of one call.
struct step_budget {
  std::int64_t left = steps_max;
};

/// The first fire time after the cursor and not before `from`.
expected<fire> advance(const compiled_trigger& trigger, const trigger_cursor& cursor,
                       time_point from, step_budget& budget);

/// The first fire time at or after `from`, for kinds without state of their own.
std::optional<time_point> first_from(const interval_rule& rule, time_point from) noexcept;
std::optional<time_point> first_from(const calendar_rule& rule, const time_zone& zone,
                                     time_point from) noexcept;

// Each of the kinds below has a file of its own with its three parts.
// resolve: validates, fills defaults, makes texts canonical; `outer` is the trigger around the
// kind, its bounds already instants. compile: what `next` needs. advance: as `advance` above.

expected<void> resolve_on_calendar(on_calendar& kind, trigger_spec& outer,
                                   const resolve_context& context);
expected<rule_variant> compile_on_calendar(const on_calendar& kind, const trigger_spec& outer);

expected<void> resolve_recurrence(recurrence& kind, trigger_spec& outer, const time_zone& zone,
                                  const resolve_context& context);
expected<rule_variant> compile_recurrence(const recurrence& kind, const trigger_spec& outer,
                                          const time_zone& zone);
expected<std::optional<time_point>> advance_recurrence(const recurrence_rule& rule,
                                                       const time_zone& zone, time_point from,
                                                       step_budget& budget);

expected<void> resolve_repeating(repeating_interval& kind, trigger_spec& outer,
                                 const time_zone& zone, const resolve_context& context);
expected<rule_variant> compile_repeating(const repeating_interval& kind, const trigger_spec& outer,
                                         const time_zone& zone);
expected<std::optional<time_point>> advance_repeating(const repeating_rule& rule,
                                                      const time_zone& zone, time_point from,
                                                      step_budget& budget);

/// `kind.triggers` are resolved already.
expected<void> resolve_filtered(filtered& kind, const resolve_context& context);
/// `children` are those of `kind`, compiled.
expected<rule_variant> compile_filtered(const filtered& kind,
                                        std::vector<compiled_trigger> children);
expected<fire> advance_filtered(const filter_rule& rule, const time_zone& zone,
                                const trigger_cursor& cursor, time_point from,
                                step_budget& budget);

/// The wall-clock seconds that a pattern of an exclusion, a resolved one, leaves out.
expected<cron_table> compile_exclusion(const cron& pattern);

expected<void> resolve_custom(custom_rule& kind);
expected<rule_variant> compile_custom(const custom_rule& kind, const trigger_spec& outer);
expected<std::optional<time_point>> advance_custom(const custom_node& rule, time_point from,
                                                   step_budget& budget);

expected<fire> advance_any(const any_rule& rule, const trigger_cursor& cursor, time_point from,
                           step_budget& budget);
expected<fire> advance_all(const all_rule& rule, const trigger_cursor& cursor, time_point from,
                           step_budget& budget);

} // namespace carillon::triggers
