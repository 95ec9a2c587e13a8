#include "bench/cron_floor.hpp"

#include <bit>
#include <chrono>
#include <cstdlib>

namespace carillon::bench {
namespace {

/// Reads one field and moves past the blank behind it.
std::uint64_t parse_field(const char*& text, unsigned first, unsigned last) {
  std::uint64_t mask = 0;
  for (;; ++text) {
    char* end = nullptr;
    unsigned from = first;
    unsigned to = last;
    unsigned step = 1;
    if (*text == '*') {
      ++text;
    } else {
      from = to = static_cast<unsigned>(std::strtoul(text, &end, 10));
      text = end;
      if (*text == '-') {
        to = static_cast<unsigned>(std::strtoul(text + 1, &end, 10));
        text = end;
      }
    }
    if (*text == '/') {
      step = static_cast<unsigned>(std::strtoul(text + 1, &end, 10));
      text = end;
    }
    for (; from <= to; from += step)
      mask |= std::uint64_t{1} << from;
    if (*text != ',')
      break;
  }
  if (*text == ' ')
    ++text;
  return mask;
}

/// The lowest set bit at or above `from`; 64 when there is none.
unsigned next_bit(std::uint64_t mask, unsigned from) {
  return from > 63 ? 64U : static_cast<unsigned>(std::countr_zero(mask >> from << from));
}

bool day_matches(const cron_masks& masks, std::chrono::sys_days day) {
  const std::chrono::year_month_day date{day};
  return (masks.days >> static_cast<unsigned>(date.day()) & 1U) != 0 &&
         (masks.weekdays >> std::chrono::weekday{day}.c_encoding() & 1U) != 0;
}

/// The first matching day from `day` on.
std::chrono::sys_days next_day(const cron_masks& masks, std::chrono::sys_days day) {
  for (;;) {
    const std::chrono::year_month_day date{day};
    const auto month = static_cast<unsigned>(date.month());
    if ((masks.months >> month & 1U) == 0) {
      const auto later = next_bit(masks.months, month + 1);
      day = later < 13 ? date.year() / static_cast<int>(later) / 1
                       : (date.year() + std::chrono::years{1}) / 1 / 1;
      continue;
    }
    if (day_matches(masks, day))
      return day;
    const auto later = next_bit(masks.days, static_cast<unsigned>(date.day()) + 1);
    const auto last = static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
    day = later <= last ? std::chrono::sys_days{date.year() / date.month() / later}
                        : std::chrono::sys_days{date.year() / date.month() / last} +
                              std::chrono::days{1};
  }
}

} // namespace

cron_masks parse_masks(const char* expression) {
  cron_masks masks;
  masks.minutes = parse_field(expression, 0, 59);
  masks.hours = static_cast<std::uint32_t>(parse_field(expression, 0, 23));
  masks.days = static_cast<std::uint32_t>(parse_field(expression, 1, 31));
  masks.months = static_cast<std::uint16_t>(parse_field(expression, 1, 12));
  masks.weekdays = static_cast<std::uint8_t>(parse_field(expression, 0, 6));
  return masks;
}

std::int64_t next_minute(const cron_masks& masks, std::int64_t seconds) {
  const auto start = seconds / 60 + 1;
  auto day = std::chrono::sys_days{std::chrono::days{start / 1440}};
  auto hour = static_cast<unsigned>(start % 1440 / 60);
  auto minute = static_cast<unsigned>(start % 60);
  if (const auto first = next_day(masks, day); first != day) {
    day = first;
    hour = minute = 0;
  }
  if ((masks.hours >> hour & 1U) == 0 || next_bit(masks.minutes, minute) > 59) {
    hour = next_bit(masks.hours, (masks.hours >> hour & 1U) == 0 ? hour : hour + 1);
    minute = 0;
    if (hour > 23) {
      day = next_day(masks, day + std::chrono::days{1});
      hour = next_bit(masks.hours, 0);
    }
  }
  minute = next_bit(masks.minutes, minute);
  return day.time_since_epoch().count() * 86'400LL + hour * 3600 + minute * 60;
}

} // namespace carillon::bench
