#pragma once

#include "carillon/ids.hpp"
#include "carillon/payload.hpp"
#include "carillon/task.hpp"
#include "carillon/time.hpp"
#include "carillon/trigger.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace carillon {

// On disk since 0.1: never renumber.
/// What becomes of several due fire times of one schedule.
enum class coalesce_policy : std::uint8_t {
  earliest = 0, ///< One job, for the first.
  latest = 1,   ///< One job, for the last.
  all = 2,      ///< One job each.
};

// On disk since 0.1: never renumber.
/// Where in 0 to `max_jitter` a run starts (TIM-15).
enum class jitter_mode : std::uint8_t {
  random = 0, ///< Elsewhere for each fire time.
  stable = 1, ///< Always at the same place, made from the schedule's id.
};

/// What adding a schedule does when its id is taken.
enum class conflict_policy : std::uint8_t {
  do_nothing, ///< Keeps the old one.
  replace,    ///< Puts the new one in its place; its trigger starts over.
  exception,  ///< Refuses with errc::conflict.
  update,     ///< As replace, but the next fire time is kept when the trigger is equal.
};

/// Everything that is kept in the log about a schedule, apart from where it stands.
struct schedule_settings {
  task_id task;
  trigger_spec trigger = {once{}};    ///< Resolved: no defaults, no wall-clock literals.
  payload args = {};
  coalesce_policy coalesce = coalesce_policy::latest;
  /// Copied from the task when added, unless given.
  std::optional<duration> misfire_grace_time = {};
  std::optional<duration> max_jitter = {};         ///< Each run starts up to this much later.
  std::string executor = {};                       ///< Empty = the task's.
  duration result_expiration = {};                 ///< How long results are kept; 0 = not at all.
  metadata meta = {};
  jitter_mode jitter = jitter_mode::random; ///< Of `max_jitter`.

  bool operator==(const schedule_settings&) const = default;
};

/// A schedule as its user describes it.
struct schedule_spec {
  schedule_id id = {};                ///< Empty = a new UUID.
  task_id task = {};
  trigger_spec trigger = {once{}};    ///< May have defaults and wall-clock literals.
  payload args = {};
  bool paused = false;
  coalesce_policy coalesce = coalesce_policy::latest;
  std::optional<std::optional<duration>> misfire_grace_time = {}; ///< Not given = the task's.
  std::optional<duration> max_jitter = {};
  std::string executor = {};
  duration result_expiration = {};
  metadata meta = {};
  conflict_policy on_conflict = conflict_policy::do_nothing;
  /// A trigger that has no fire time is refused; else such a schedule is finished at once (SCH-06).
  bool strict = false;
  jitter_mode jitter = jitter_mode::random;
};

/// Changes to a schedule: only what is set is changed.
struct schedule_changes {
  std::optional<task_id> task = {};
  std::optional<trigger_spec> trigger = {};
  std::optional<payload> args = {};
  std::optional<coalesce_policy> coalesce = {};
  std::optional<std::optional<duration>> misfire_grace_time = {};
  std::optional<std::optional<duration>> max_jitter = {};
  std::optional<std::string> executor = {};
  std::optional<duration> result_expiration = {};
  std::optional<metadata> meta = {};
  std::optional<jitter_mode> jitter = {};
};

} // namespace carillon
