#include "projections/calendar_table.hpp"

#include "events/upcast.hpp"
#include "projections/packing.hpp"
#include "projections/state_fields.hpp"
#include "triggers/outside_rules.hpp"

namespace carillon::projections {

using domain::calendar_ptr;
using domain::calendar_state;

bool calendar_table::apply(const event& e, const domain::record_info& info) {
  if (const auto* made = std::get_if<calendar_set>(&e)) {
    const auto current = find(made->id);
    set(made->id, std::make_shared<const calendar_state>(
                      evolve(current ? *current : calendar_state{}, *made, info)));
    return true;
  }
  if (const auto* removed = std::get_if<calendar_removed>(&e)) {
    set(removed->id, nullptr);
    return true;
  }
  if (const auto* added = std::get_if<schedule_added>(&e))
    use(added->id, triggers::calendars_of(added->settings->trigger));
  else if (const auto* updated = std::get_if<schedule_updated>(&e))
    use(updated->id, triggers::calendars_of(updated->settings->trigger));
  else if (const auto* gone = std::get_if<schedule_removed>(&e))
    use(gone->id, {});
  return false;
}

void calendar_table::set(const calendar_id& id, calendar_ptr calendar) {
  auto next = std::make_shared<domain::calendar_map>(*calendars_);
  if (calendar == nullptr)
    next->erase(id.value);
  else
    (*next)[id.value] = std::move(calendar);
  calendars_ = std::move(next);
}

void calendar_table::use(const schedule_id& id, std::vector<std::string> names) {
  if (const auto before = used_by_.find(id); before != used_by_.end()) {
    for (const auto& name : before->second)
      if (const auto found = users_.find(name); found != users_.end()) {
        found->second.erase(id);
        if (found->second.empty())
          users_.erase(found);
      }
    used_by_.erase(before);
  }
  if (names.empty())
    return;
  for (const auto& name : names)
    users_[name].insert(id);
  used_by_[id] = std::move(names);
}

calendar_ptr calendar_table::find(const calendar_id& id) const {
  const auto found = calendars_->find(id.value);
  return found == calendars_->end() ? nullptr : found->second;
}

std::vector<calendar_ptr> calendar_table::page(const calendar_id& after, std::size_t limit) const {
  std::vector<calendar_ptr> out;
  for (auto at = calendars_->upper_bound(after.value); at != calendars_->end(); ++at) {
    if (out.size() == limit)
      break;
    out.push_back(at->second);
  }
  return out;
}

std::vector<schedule_id> calendar_table::users_of(const calendar_id& id) const {
  const auto found = users_.find(id.value);
  if (found == users_.end())
    return {};
  return {found->second.begin(), found->second.end()};
}

std::vector<schedule_id> calendar_table::users() const {
  std::vector<schedule_id> out;
  for (const auto& [id, names] : used_by_)
    out.push_back(id);
  return out;
}

state_hash calendar_table::hash() const {
  state_hash sum;
  for (const auto& [name, calendar] : *calendars_)
    sum += hash_of(stream_category::calendar, name, events::encode(*calendar));
  return sum;
}

std::string calendar_table::save() const {
  std::string out;
  for (const auto& [name, calendar] : *calendars_)
    append_packed(out, events::encode(*calendar));
  return out;
}

expected<void> calendar_table::load(std::string_view bytes) {
  auto next = std::make_shared<domain::calendar_map>(*calendars_);
  auto done = for_each_packed<calendar_state>(bytes, [&](calendar_state state) {
    const auto name = state.id.value;
    (*next)[name] = std::make_shared<const calendar_state>(std::move(state));
  });
  calendars_ = std::move(next);
  return done;
}

std::string calendar_table::save_users() const {
  std::string out;
  for (const auto& [id, names] : used_by_)
    append_packed(out, events::encode(calendar_user{id, names}));
  return out;
}

expected<void> calendar_table::load_users(std::string_view bytes) {
  return for_each_packed<calendar_user>(
      bytes, [this](calendar_user user) { use(user.id, std::move(user.calendars)); });
}

} // namespace carillon::projections
