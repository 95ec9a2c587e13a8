#pragma once

#include "carillon/scheduler.hpp"

#include <functional>
#include <mutex>

namespace carillon::actors {

/// One subscription: kept alive by its user's token, known weakly to the subscription actor.
struct subscriber {
  event_filter filter;
  std::function<void(const recorded_event&)> callback;
  position seen = 0;                 ///< Delivered, or passed over, up to here.
  bool from_now = true;              ///< False: first reads the log from `seen` on.
  std::recursive_mutex calling = {}; ///< Held during a call; a callback may end itself.
  bool ended = false;                ///< Guarded by `calling`.
};

} // namespace carillon::actors
