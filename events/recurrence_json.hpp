#pragma once

// Internal to events/: the specs of the kinds `rrule` and `iso8601`.

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace carillon::events {

/// Reads `{"rrule", "exrule", "rdate", "exdate", "dtstart_local"}`: all but the last are a string
/// or a list of strings, dates may also be joined by commas. Without `dtstart_local` the trigger's
/// `start_time` is DTSTART, and is taken from it. Errors: invalid_argument with the field at fault.
expected<recurrence> recurrence_from_json(const nlohmann::json& spec, const std::string& path,
                                          std::optional<when>& start_time);

/// What `recurrence_from_json` reads.
nlohmann::ordered_json recurrence_to_json(const recurrence& kind);

} // namespace carillon::events
