#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <string_view>

namespace carillon::triggers {

/// Reads a recurrence set as iCalendar writes it: lines `DTSTART`, `RRULE`, `EXRULE`, `RDATE` and
/// `EXDATE`; a line without a name is a rule, so `FREQ=DAILY` is enough. The zone of DTSTART is the
/// trigger's: its TZID, or UTC when it ends in Z. Without a DTSTART the set begins at `start`.
/// The rules are not read: `resolve` does that.
/// Errors: invalid_argument, unsupported (another zone in one of the dates), with the line.
expected<trigger_spec> recurrence_from_text(std::string_view text, const when& start);

} // namespace carillon::triggers
