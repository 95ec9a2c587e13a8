#include "domain/calendar_aggregate.hpp"

#include "triggers/day_list.hpp"

#include <algorithm>
#include <utility>

namespace carillon::domain {
namespace {

/// How many of its users the refusal to remove a calendar names.
constexpr std::size_t users_named_max = 5;

std::string names_of(const std::vector<schedule_id>& users) {
  std::string out;
  for (std::size_t i = 0; i < std::min(users.size(), users_named_max); ++i)
    out += (i == 0 ? "'" : ", '") + users[i].value + "'";
  if (users.size() > users_named_max)
    out += " and " + std::to_string(users.size() - users_named_max) + " more";
  return out;
}

} // namespace

expected<decision> decide(const calendar_state* current, const set_calendar& command) {
  if (auto ok = check_name(command.id.value, "id"); !ok)
    return unexpected{std::move(ok).error()};
  if (command.days.empty())
    return refuse(errc::invalid_argument,
                  "the calendar has no days, it needs at least one; remove it if nothing uses it",
                  "days");
  if (auto ok = triggers::check_days(command.days, "days"); !ok)
    return unexpected{std::move(ok).error()};
  auto days = triggers::canonical_days(command.days);
  decision result;
  result.reply.id = command.id.value;
  if (current != nullptr && current->days == days)
    return result;
  result.reply.what = current == nullptr ? change::created : change::updated;
  result.events = {calendar_set{.id = command.id, .days = std::move(days)}};
  return result;
}

expected<decision> decide(const calendar_state* current, const remove_calendar& command,
                          const std::vector<schedule_id>& users) {
  if (current == nullptr)
    return refuse(errc::not_found, "calendar '" + command.id.value + "' does not exist", "id");
  if (!users.empty())
    return refuse(errc::conflict,
                  "calendar '" + command.id.value + "' is used by " +
                      (users.size() == 1 ? "schedule " : "the schedules ") + names_of(users),
                  "id");
  decision result;
  result.reply.what = change::removed;
  result.reply.id = command.id.value;
  result.events = {calendar_removed{.id = command.id}};
  return result;
}

calendar_state evolve(calendar_state state, const calendar_set& e, const record_info& info) {
  if (state.revision == 0)
    state.created_at = info.time;
  state.id = e.id;
  state.days = e.days;
  state.revision = info.at;
  state.changed_at = info.time;
  return state;
}

} // namespace carillon::domain
