#pragma once

#include "carillon/scheduler.hpp"

#include <string>

namespace carillon::tools {

/// Writes one line per fact to standard error: for people on a terminal, else JSON with time,
/// level, node and message. Thread-safe.
log_sink log_lines(std::string node);

} // namespace carillon::tools
