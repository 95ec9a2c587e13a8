#pragma once

// Internal to triggers/: a cron table as an English sentence, whatever notation it came from.

#include "triggers/cron_expression.hpp"

#include <optional>
#include <string>

namespace carillon::triggers {

/// "at 02:30 on the last Friday of each month", "every 15 minutes from 09:00 to 17:45 on Monday to
/// Friday". Weekdays by name.
std::string cron_words(const cron_table& table);

/// What a table covers, for tables that mean stretches of time: "on Saturday and Sunday", "from
/// 12:00 to 13:00 every day", "in minutes 0 to 9 of every hour".
std::string stretch_words(const cron_table& table);

/// Values from `first` to `last`, always `step` apart.
struct value_steps {
  int first = 0;
  int last = 0;
  int step = 1;
};

/// At least three set bits at equal distances.
std::optional<value_steps> steps_of(std::uint64_t bits);

} // namespace carillon::triggers
