#pragma once

#include "carillon/event.hpp"

#include <string>

namespace carillon::tools {

/// One line for people: position, time, type, stream, and what is in it.
std::string table_line(const recorded_event& recorded);
/// The titles above `table_line`.
std::string table_titles();
/// CloudEvents 1.0, structured JSON.
std::string cloudevent(const recorded_event& recorded);

} // namespace carillon::tools
