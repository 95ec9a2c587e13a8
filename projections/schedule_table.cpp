#include "projections/schedule_table.hpp"

#include "events/upcast.hpp"
#include "projections/packing.hpp"
#include "projections/state_fields.hpp"
#include "triggers/outside_rules.hpp"

#include <cassert>
#include <utility>

namespace carillon::projections {

using domain::schedule_state;

schedule_state schedule_table::unpack(const entry& from) {
  auto state = events::decode<schedule_state>(from.packed);
  assert(state && "packed by ourselves");
  return std::move(*state);
}

void schedule_table::note_zones(const trigger_spec& trigger) {
  triggers::each_zone(trigger, [this](const std::string& zone) {
    if (zone != last_zone_)
      zones_.insert(last_zone_ = zone);
  });
}

void schedule_table::store(entry& into, const schedule_state& state) {
  into.packed = events::encode(state);
  into.packed.shrink_to_fit();
  note_zones(state.settings.trigger);
  const bool waits = state.next_fire && !state.paused && state.fault.empty();
  if (!waits) {
    due_.remove(into);
    return;
  }
  into.due = due_of(state);
  due_.put(into);
}

time_point schedule_table::due_of(const schedule_state& state) const {
  const auto later = delay_ ? delay_(state.id) : duration{0};
  return *state.next_fire > time_point::max() - later ? time_point::max()
                                                      : *state.next_fire + later;
}

void schedule_table::set_delay(std::function<duration(const schedule_id&)> delay) {
  delay_ = std::move(delay);
  for (auto& [id, held] : entries_)
    if (held.heap_place != due_queue_absent) {
      held.due = due_of(unpack(held));
      due_.put(held);
    }
}

template <class Event>
void schedule_table::change(const schedule_id& id, const Event& e,
                            const domain::record_info& info) {
  const auto found = entries_.find(id);
  if (found != entries_.end())
    store(found->second, evolve(unpack(found->second), e, info));
}

void schedule_table::apply(const event& e, const domain::record_info& info) {
  std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, schedule_added>) {
          store(entries_[what.id], evolve(schedule_state{}, what, info));
        } else if constexpr (std::is_same_v<What, schedule_removed>) {
          if (const auto found = entries_.find(what.id); found != entries_.end()) {
            due_.remove(found->second);
            entries_.erase(found);
          }
        } else if constexpr (What::category == stream_category::schedule) {
          change(what.id, what, info);
        } else if constexpr (std::is_same_v<What, job_added> ||
                             std::is_same_v<What, job_finished>) {
          if (!what.schedule.empty())
            change(what.schedule, what, info);
        }
      },
      e);
}

std::optional<schedule_state> schedule_table::find(const schedule_id& id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end())
    return {};
  return unpack(found->second);
}

std::optional<time_point> schedule_table::next_due() const {
  if (due_.empty())
    return {};
  return due_.front().due;
}

std::vector<schedule_id> schedule_table::take_due(time_point now, std::size_t count_max) {
  std::vector<schedule_id> out;
  while (out.size() < count_max && !due_.empty() && due_.front().due <= now) {
    auto& first = due_.front();
    due_.remove(first);
    out.push_back(unpack(first).id);
  }
  return out;
}

void schedule_table::unpark(const schedule_id& id) {
  const auto found = entries_.find(id);
  if (found != entries_.end())
    store(found->second, unpack(found->second));
}

std::vector<schedule_state> schedule_table::page(const schedule_id& after,
                                                 std::size_t limit) const {
  std::vector<schedule_state> out;
  for (auto at = entries_.upper_bound(after); at != entries_.end() && out.size() < limit; ++at)
    out.push_back(unpack(at->second));
  return out;
}

void schedule_table::for_each(const std::function<void(const schedule_state&)>& visit) const {
  for (const auto& [id, held] : entries_)
    visit(unpack(held));
}

state_hash schedule_table::hash() const {
  state_hash sum;
  for (const auto& [id, held] : entries_)
    sum += hash_of(stream_category::schedule, id.value, held.packed);
  return sum;
}

std::string schedule_table::save(std::size_t share) const {
  std::string out;
  for (const auto& [id, held] : entries_)
    if (share_of(id) == share)
      append_packed(out, held.packed);
  return out;
}

expected<void> schedule_table::load(std::string_view bytes) {
  return for_each_packed<schedule_state>(
      bytes, [this](schedule_state state) { store(entries_[state.id], state); });
}

} // namespace carillon::projections
