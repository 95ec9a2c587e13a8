#pragma once

#include "carillon/ids.hpp"
#include "carillon/time.hpp"
#include "carillon/trigger.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace carillon::domain {

/// Days under a name, for exclusions of triggers (TIM-11).
struct calendar_state {
  calendar_id id;
  std::vector<date_range> days; ///< Sorted, and a day at least between two of them.
  position revision = 0;        ///< Position of its last record.
  time_point created_at{};
  time_point changed_at{}; ///< Since when it has these days.

  bool operator==(const calendar_state&) const = default;
};

using calendar_ptr = std::shared_ptr<const calendar_state>;

/// All calendars, by name. One that was handed out stays as it was.
using calendar_map = std::map<std::string, calendar_ptr, std::less<>>;

} // namespace carillon::domain
