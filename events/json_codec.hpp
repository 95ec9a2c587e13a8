#pragma once

#include "carillon/event.hpp"
#include "carillon/expected.hpp"

#include <string>
#include <string_view>

/// Facts as JSON, for people and other programs; what is on disk is binary.
namespace carillon::events {

/// The event alone: `{"type": "job_acquired", "id": …, "node": …}`, fields in the order on disk.
/// Arguments and results are shown as the JSON they are, payloads kept beside the log as
/// `{"blob": "sha256:…", "size": …}`, empty ones not at all.
std::string to_json(const event& e);

/// The event in its envelope: `{"position", "time", "stream", "type", "data": {fields}}`.
std::string to_json(const recorded_event& e);

/// The fields alone, without "type": what `data` holds in the envelope.
std::string data_to_json(const event& e);

/// Reads what `to_json(const event&)` wrote. Errors: invalid_argument with the field at fault.
expected<event> event_from_json(std::string_view text);

} // namespace carillon::events
