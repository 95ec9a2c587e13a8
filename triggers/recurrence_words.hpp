#pragma once

// Internal to triggers/: rules of RFC 5545 and periods of ISO 8601 in words.

#include <string>
#include <string_view>

namespace carillon::triggers {

/// "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR" as "every 2 months on the last Friday". Parts that have no
/// words of their own stand as they are written: total for every text.
std::string rrule_words(std::string_view rule);

/// "R5/2026-01-31T09:00:00+01:00/P1M" as "every 1 month, counted from 2026-01-31T09:00:00+01:00, 5
/// times". Total as well.
std::string repeating_words(std::string_view text);

} // namespace carillon::triggers
