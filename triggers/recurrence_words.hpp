#pragma once

// Internal to triggers/: rules of RFC 5545 in words.

#include <string>
#include <string_view>

namespace carillon::triggers {

/// "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR" as "every 2 months on the last Friday". Parts that have no
/// words of their own stand as they are written: total for every text.
std::string rrule_words(std::string_view rule);

} // namespace carillon::triggers
