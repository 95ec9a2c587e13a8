#pragma once

#include "domain/aggregate.hpp"
#include "domain/named_calendars.hpp"

#include <vector>

namespace carillon::domain {

/// `current` is nullptr when there is no such calendar.
/// Events: calendar_set, or none when it has these days already.
/// Errors: invalid_argument (the name, no days, a day that does not exist), limit_exceeded (more
/// than 4,096 days or ranges of days).
expected<decision> decide(const calendar_state* current, const set_calendar& command);

/// `users`: the schedules that name the calendar. Events: calendar_removed.
/// Errors: not_found; conflict, naming some of the users.
expected<decision> decide(const calendar_state* current, const remove_calendar& command,
                          const std::vector<schedule_id>& users);

calendar_state evolve(calendar_state state, const calendar_set& e, const record_info& info);

} // namespace carillon::domain
