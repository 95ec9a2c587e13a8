#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"
#include "triggers/civil_time.hpp"

#include <optional>
#include <string>
#include <vector>

namespace carillon::triggers {

/// What one change of the clock does to a trigger: the first of its wall-clock times that the
/// change leaves out or repeats, and when it fires instead. Found by asking the trigger itself, so
/// it is true for every kind and policy.
struct clock_effect {
  second_count wall = 0;            ///< The wall-clock time concerned.
  bool is_gap = false;              ///< It does not exist; else it occurs twice.
  std::vector<time_point> fires_at; ///< Where it fires: none, one or two instants.
  bool is_first = false;            ///< Of a time that occurs twice: the first one fires.
};

/// The effects of the clock changes from `from` on, within `years` years. None for kinds that fire
/// by elapsed time, for combinations (ask their children), and for triggers that fire at least once
/// an hour all day long: those lose nothing. Errors: limit_exceeded.
/// `spec` is resolved.
expected<std::vector<clock_effect>> clock_effects(const trigger_spec& spec, time_point from,
                                                  int years);

/// "skipped on Sunday 29 March 2026, when 02:30 does not exist".
std::string to_words(const clock_effect& effect, const time_zone& zone);

} // namespace carillon::triggers
