#pragma once

#include "projections/live_state.hpp"
#include "stores/event_log.hpp"

#include <optional>

namespace carillon::tools {

/// The state as of a position, and when the last record before it was written.
struct replayed {
  projections::live_state state;
  position at = 0;
  std::optional<time_point> time;
};

/// The state as of `up_to`. Errors: gone (retired, and no snapshot is as old), corrupt, those of
/// reading.
expected<replayed> replay(stores::event_log& log, position up_to);

} // namespace carillon::tools
