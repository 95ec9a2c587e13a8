#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"
#include "carillon/trigger.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace carillon::triggers {

/// What an iCalendar file says about whole days.
struct ics_days {
  std::vector<date_range> days = {}; ///< Sorted; those that touch are joined.
  std::size_t timed = 0;             ///< Events with a time of day, which were left out.
};

/// Most events of one file.
inline constexpr std::size_t ics_events_max = 20'000;

/// How far holidays are followed unless someone says otherwise: from the year before `now` to
/// twenty years after it.
date_range ics_horizon(time_point now);

/// Reads the days of all VEVENTs of an iCalendar file (RFC 5545): DTSTART with DTEND or DURATION,
/// RRULE, RDATE, EXDATE, moved and cancelled occurrences. What recurs is followed within `horizon`.
/// Errors: invalid_argument and unsupported with the line, limit_exceeded.
expected<ics_days> days_from_ics(std::string_view text, const date_range& horizon);

} // namespace carillon::triggers
