#pragma once

#include <cstdint>

/// What a next fire time must cost at least: five bit masks in 24 bytes and civil-date arithmetic
/// in UTC, nothing else. No zones, seconds or texts: not a trigger, only its yardstick.
namespace carillon::bench {

struct cron_masks {
  std::uint64_t minutes = 0;  ///< Bits 0 to 59.
  std::uint32_t hours = 0;    ///< Bits 0 to 23.
  std::uint32_t days = 0;     ///< Bits 1 to 31.
  std::uint16_t months = 0;   ///< Bits 1 to 12.
  std::uint8_t weekdays = 0;  ///< Bits 0 (Sunday) to 6.
};

/// Five fields of numbers, `*`, `a-b`, `a,b` and `*` with a step; text that is none of it is not
/// noticed.
cron_masks parse_masks(const char* expression);

/// The first matching minute after `seconds` (since 1970, UTC).
std::int64_t next_minute(const cron_masks& masks, std::int64_t seconds);

} // namespace carillon::bench
