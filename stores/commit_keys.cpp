#include "stores/commit_keys.hpp"

#include <utility>

namespace carillon::stores {

void guard_own_streams(commit& c) {
  c.guards.reserve(c.guards.size() + c.events.size());
  for (const auto& e : c.events)
    c.guards.push_back(stream_key_of(e));
}

void add_claim(commit& c, const task_id& task, job_acquired claim) {
  c.guards.push_back(stream_key(claim.id));
  c.guards.push_back(stream_key(stream_category::task, task.value));
  if (claim.slot != 0) {
    c.guards.push_back(slot_key(task, claim.slot));
    c.touches.push_back(slot_key(task, claim.slot));
  }
  c.events.push_back(std::move(claim));
}

} // namespace carillon::stores
