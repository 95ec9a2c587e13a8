#pragma once

// Internal to events/: cron fields as structures instead of text (TIM-27).

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon::events {

/// The text of a cron field that is given as a number, a name, a structure or a list of these and
/// of texts. A structure is a range `{"start", "end", "step"}`, in which all keys may be left out:
/// `{}` is `*`, `{"step": 5}` is `*/5`, `{"start": 10, "step": 5}` is `10/5`; or a position:
/// `{"weekday": "mon", "nth": 2}` or `"last"`, `{"day": "last"}`, and in dialect quartz
/// `{"day": "last", "before": 3}` (L-3) and `{"day": 15, "nearest_weekday": true}` (15W).
/// Errors: invalid_argument with `field`.
expected<std::string> cron_field_text(const nlohmann::json& value, cron_dialect dialect,
                                      const std::string& field);

/// The structure of a field's canonical text, which `cron_field_text` turns into that text again.
/// What is no structure, such as `H`, stays text. None: `?`, which is what an absent field means.
std::optional<nlohmann::ordered_json> cron_field_structure(std::string_view text,
                                                           cron_dialect dialect);

} // namespace carillon::events
