#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <string>
#include <string_view>

namespace carillon::events {

/// Reads a trigger from JSON text: `{"kind", "spec", "timezone", "start_time", "end_time"}`, kinds
/// date, interval, calendar, cron, vixie, quartz, systemd, and, or; beside them "gap" (skip,
/// next_valid, shift) and "fold" (both, first, second, auto), absent = by kind. A start or end with
/// an offset is an instant, one without is wall-clock time (`when::is_local`). Defaults are not
/// filled and cron fields not read: `triggers::resolve` does that. Unknown keys are errors.
/// Errors: invalid_argument with the field at fault ("trigger.spec.hours"), unsupported (a kind or
/// dialect of another system), limit_exceeded (nesting deeper than `trigger_depth_max`).
expected<trigger_spec> trigger_from_json(std::string_view text);

/// The JSON text that `trigger_from_json` reads back to an equal value.
std::string trigger_to_json(const trigger_spec& spec);

/// The same with every cron field as a structure instead of text (TIM-27): `*/15` is `{"step":
/// 15}`, `mon-fri` is `{"start": "mon", "end": "fri"}`, `last fri` is `{"weekday": "fri", "nth":
/// "last"}`. `trigger_from_json` reads it back to a trigger that resolves to the same as `spec`, a
/// resolved one.
std::string trigger_to_structured_json(const trigger_spec& spec);

} // namespace carillon::events
