#include "projections/task_table.hpp"

#include "events/upcast.hpp"
#include "projections/packing.hpp"
#include "projections/state_fields.hpp"

namespace carillon::projections {

using domain::task_state;

bool task_table::apply(const event& e, const domain::record_info& info) {
  if (const auto* added = std::get_if<task_added>(&e)) {
    tasks_[added->id] = std::make_shared<task_state>(evolve(task_state{}, *added, info));
    return true;
  }
  if (const auto* updated = std::get_if<task_updated>(&e)) {
    const auto found = tasks_.find(updated->id);
    if (found != tasks_.end())
      found->second = std::make_shared<task_state>(evolve(*found->second, *updated, info));
    return true;
  }
  if (const auto* removed = std::get_if<task_removed>(&e))
    return tasks_.erase(removed->id) > 0;
  return false;
}

task_ptr task_table::find(const task_id& id) const {
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? nullptr : found->second;
}

std::vector<task_ptr> task_table::page(const task_id& after, std::size_t limit) const {
  std::vector<task_ptr> out;
  for (auto at = tasks_.upper_bound(after); at != tasks_.end() && out.size() < limit; ++at)
    out.push_back(at->second);
  return out;
}

state_hash task_table::hash() const {
  state_hash sum;
  for (const auto& [id, task] : tasks_)
    sum += hash_of(stream_category::task, id.value, events::encode(*task));
  return sum;
}

std::string task_table::save() const {
  std::string out;
  for (const auto& [id, task] : tasks_)
    append_packed(out, events::encode(*task));
  return out;
}

expected<void> task_table::load(std::string_view bytes) {
  return for_each_packed<task_state>(bytes, [this](task_state state) {
    const auto id = state.id;
    tasks_[id] = std::make_shared<task_state>(std::move(state));
  });
}

} // namespace carillon::projections
