#pragma once

// Internal to triggers/: what a compiled trigger is made of.

#include "triggers/civil_time.hpp"
#include "triggers/cron_expression.hpp"
#include "triggers/next.hpp"

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
};

/// Fires where the wall clock matches, from `first` to `last`, UTC seconds, both inclusive.
struct cron_rule {
  cron_table table;
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

struct trigger_node {
  std::variant<once_rule, interval_rule, calendar_rule, cron_rule, any_rule, all_rule> rule;
  zone_ptr zone;
};

/// What is left of `steps_max`; shared by all levels of one call.
struct step_budget {
  std::int64_t left = steps_max;
};

/// The first fire time after the cursor and not before `from`.
expected<fire> advance(const compiled_trigger& trigger, const trigger_cursor& cursor,
                       time_point from, step_budget& budget);

/// The first fire time at or after `from`, for kinds without state of their own.
std::optional<time_point> first_from(const interval_rule& rule, time_point from);
std::optional<time_point> first_from(const calendar_rule& rule, const time_zone& zone,
                                     std::optional<time_point> last, time_point from);

expected<fire> advance_any(const any_rule& rule, const trigger_cursor& cursor, time_point from,
                           step_budget& budget);
expected<fire> advance_all(const all_rule& rule, const trigger_cursor& cursor, time_point from,
                           step_budget& budget);

} // namespace carillon::triggers
