#include "actors/engine.hpp"
#include "actors/views.hpp"
#include "domain/outside_rules.hpp"

#include <algorithm>

/// The facade: what can be seen of calendars.
namespace carillon {

using namespace actors;

namespace {

/// Schedules that a view of a calendar names.
constexpr std::size_t schedules_named_max = 100;

calendar_view view_of(const domain::calendar_state& calendar,
                      const projections::calendar_table& table) {
  auto users = table.users_of(calendar.id);
  calendar_view out{.id = calendar.id,
                    .days = calendar.days,
                    .revision = calendar.revision,
                    .created_at = calendar.created_at,
                    .changed_at = calendar.changed_at,
                    .schedule_count = users.size()};
  users.resize(std::min(users.size(), schedules_named_max));
  out.schedules = std::move(users);
  return out;
}

} // namespace

expected<page<calendar_view>> scheduler::calendars(const page_request& request) const {
  if (auto checked = check_page(request); !checked)
    return unexpected<error>{std::move(checked).error()};
  return self_->node().rules.read_calendars([&](const projections::calendar_table& table) {
    page<calendar_view> out;
    for (const auto& each : table.page(calendar_id{request.cursor}, request.limit))
      out.items.push_back(view_of(*each, table));
    if (out.items.size() == request.limit)
      out.next = out.items.back().id.value;
    return out;
  });
}

expected<calendar_view> scheduler::calendar(const calendar_id& id) const {
  return self_->node().rules.read_calendars(
      [&](const projections::calendar_table& table) -> expected<calendar_view> {
        const auto found = table.find(id);
        if (found == nullptr)
          return refuse(errc::not_found, "calendar '" + id.value + "' does not exist");
        return view_of(*found, table);
      });
}

expected<trigger_spec> scheduler::with_calendars(const trigger_spec& trigger) const {
  const domain::decision_context context{.calendars = self_->node().rules.calendars()};
  if (auto known = domain::check_calendars(trigger, context); !known)
    return unexpected<error>{std::move(known).error()};
  return domain::with_calendars(trigger, context);
}

} // namespace carillon
