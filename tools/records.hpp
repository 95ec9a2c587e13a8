#pragma once

#include "carillon/event.hpp"
#include "stores/event_log.hpp"
#include "tools/client.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::tools {

/// Answers false when it has seen enough.
using record_visit = std::function<expected<bool>(const recorded_event&)>;

/// Opens a log for reading, beside a daemon or without one.
/// Errors: invalid_argument, not_found, conflict, corrupt.
expected<std::unique_ptr<stores::event_log>> open_for_reading(const std::string& url);

/// The records after `after`, oldest first. Errors: gone, corrupt, and those of `visit`.
expected<void> each_record(stores::event_log& log, position after, const record_visit& visit);
/// The same through a daemon.
expected<void> each_record(client& daemon, position after, const record_visit& visit);

/// Reads one record as the API writes it. Errors: invalid_argument.
expected<recorded_event> record_of(const value& json);

/// A position, or an instant: the last position whose block is not after it.
/// Errors: invalid_argument, those of reading.
expected<position> position_at(stores::event_log& log, const std::string& text);

} // namespace carillon::tools
