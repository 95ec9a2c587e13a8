#pragma once

// Internal to triggers/: repeating intervals of ISO 8601 as English words.

#include "triggers/civil_time.hpp"

#include <string>
#include <string_view>

namespace carillon::triggers {

/// "every month, counted from Saturday 31 January 2026 09:00 at UTC+01:00, 5 times". `zone` is the
/// trigger's; it is not named.
std::string repeating_words(std::string_view text, const time_zone& zone);

} // namespace carillon::triggers
