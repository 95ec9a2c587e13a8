#pragma once

// Internal to events/: the spec of kind `except`.

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <string>

namespace carillon::events {

/// Reads a trigger object that `path` names in errors.
using trigger_reading =
    std::function<expected<trigger_spec>(const nlohmann::json& in, const std::string& path)>;

/// Reads `{"trigger", "exclude": [{"calendar", "days", "cron" | "vixie" | "quartz"}], "windows"}`.
/// Errors: invalid_argument with the field at fault, and those of `read`.
expected<filtered> except_from_json(const nlohmann::json& spec, const std::string& path,
                                    const trigger_reading& read);

/// What `except_from_json` reads; `write` makes the JSON of a trigger.
nlohmann::ordered_json
except_to_json(const filtered& kind,
               const std::function<nlohmann::ordered_json(const trigger_spec&)>& write);

} // namespace carillon::events
