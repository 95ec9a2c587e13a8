#pragma once

#include "domain/schedule_aggregate.hpp"
#include "support/given_when_then.hpp"
#include "triggers/resolve.hpp"

/// The schedule that the tests of schedule rules talk about: task "beat" each minute from day_one.
namespace carillon::test {

inline const schedule_id tick{"tick"};
inline const task_id beat{"beat"};

inline scenario<domain::schedule_state> given(const std::vector<event>& history) {
  return scenario<domain::schedule_state>{history};
}

inline schedule_spec minutely() { return {.id = tick, .task = beat, .trigger = every(1min)}; }

inline trigger_spec resolved(const trigger_spec& spec) {
  return triggers::resolve(spec, {.now = day_one}).value();
}

inline schedule_settings settings_with(trigger_spec trigger) {
  return {.task = beat, .trigger = std::move(trigger)};
}

/// `minutely` as it is recorded.
inline schedule_added added() {
  return {.id = tick,
          .settings = settings_with(resolved(every(1min))),
          .next_fire = day_one,
          .cursor = {.last = day_one}};
}

inline schedule_fired fired(std::vector<fate> fates, time_point next_fire) {
  return {
      .id = tick, .fates = std::move(fates), .next_fire = next_fire, .cursor = {.last = next_fire}};
}

/// Fire times from `first` to `last` that became jobs.
inline fate made(time_point first, time_point last, std::uint64_t count) {
  return {.first = first, .last = last, .count = count};
}
inline fate made(time_point at) { return made(at, at, 1); }

inline fate coalesced(time_point first, time_point last, std::uint64_t count, time_point into) {
  return {.first = first, .last = last, .count = count, .what = fate_kind::coalesced, .into = into};
}

inline fate missed(time_point first, time_point last, std::uint64_t count) {
  return {.first = first, .last = last, .count = count, .what = fate_kind::missed};
}

inline fate skipped(time_point first, time_point last, std::uint64_t count, std::string reason) {
  return {.first = first,
          .last = last,
          .count = count,
          .what = fate_kind::skipped,
          .reason = std::move(reason)};
}

/// The job of `added`'s fire at `t`.
inline job_added fire_job(time_point t) {
  return {.id = domain::derived_job_id(tick, 1, t), .task = beat, .schedule = tick, .fire_time = t};
}

} // namespace carillon::test
