#include "domain/schedule_aggregate.hpp"

#include <algorithm>

namespace carillon::domain {
namespace {

void note_fates(schedule_state& state, const std::vector<fate>& fates) {
  for (const auto& f : fates) {
    state.last_due_time = state.last_due_time ? std::max(*state.last_due_time, f.last) : f.last;
    if (f.what == fate_kind::job)
      state.last_fire_time = f.last;
  }
}

} // namespace

schedule_state evolve(schedule_state state, const schedule_added& e, const record_info& info) {
  state = {.id = e.id,
           .settings = e.settings,
           .paused = e.paused,
           .next_fire = e.next_fire,
           .cursor = e.cursor,
           .incarnation = info.at,
           .revision = info.at,
           .created_at = info.time};
  return state;
}

schedule_state evolve(schedule_state state, const schedule_updated& e, const record_info& info) {
  state.settings = e.settings;
  state.paused = e.paused;
  state.fault.clear();
  state.next_fire = e.next_fire;
  state.cursor = e.cursor;
  state.revision = info.at;
  if (e.trigger_reset) {
    state.incarnation = info.at;
    state.last_fire_time.reset(); // It belongs to the old trigger (SCH-04).
  }
  return state;
}

schedule_state evolve(schedule_state state, const schedule_paused&, const record_info& info) {
  state.paused = true;
  state.revision = info.at;
  return state;
}

schedule_state evolve(schedule_state state, const schedule_resumed& e, const record_info& info) {
  state.paused = false;
  note_fates(state, e.fates);
  state.next_fire = e.next_fire;
  state.cursor = e.cursor;
  state.revision = info.at;
  return state;
}

schedule_state evolve(schedule_state state, const schedule_fired& e, const record_info& info) {
  note_fates(state, e.fates);
  state.next_fire = e.next_fire;
  state.cursor = e.cursor;
  state.revision = info.at;
  return state;
}

schedule_state evolve(schedule_state state, const schedule_recomputed& e, const record_info& info) {
  state.next_fire = e.next_fire;
  state.cursor = e.cursor;
  state.revision = info.at;
  return state;
}

schedule_state evolve(schedule_state state, const schedule_faulted& e, const record_info& info) {
  state.fault = e.message.empty() ? "the trigger broke" : e.message;
  state.revision = info.at;
  return state;
}

schedule_state evolve(schedule_state state, const job_added& e, const record_info&) {
  state.open_jobs += 1;
  state.last_job = e.id;
  return state;
}

schedule_state evolve(schedule_state state, const job_finished& e, const record_info& info) {
  // Jobs of an earlier schedule of the same name were never counted here.
  if (state.open_jobs > 0)
    state.open_jobs -= 1;
  if (e.started_at)
    state.last_started_at = e.started_at;
  state.last_outcome = e.outcome;
  if (e.outcome == job_outcome::success)
    state.last_success_at = e.finished_at.value_or(info.time);
  return state;
}

} // namespace carillon::domain
