#pragma once

// Internal to events/: cron fields as structures instead of text (TIM-27).

#include "carillon/expected.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace carillon::events {

/// The text of a cron field that is given as a number, as a range `{"start", "end", "step"}` or as
/// a list of these and of texts. In a range all keys may be left out: `{}` is `*`, `{"step": 5}` is
/// `*/5`, `{"start": 10, "step": 5}` is `10/5`, `{"start": "mon", "end": "fri"}` is `mon-fri`.
/// Errors: invalid_argument with `field`.
expected<std::string> cron_field_text(const nlohmann::json& value, const std::string& field);

} // namespace carillon::events
