#pragma once

// Rules made at random, as what the code under test reads and, independently of any parser, as the
// sets of numbers that they mean.

#include "carillon/trigger.hpp"

#include <bitset>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace carillon::triggers::test {

using generator = std::mt19937;

/// A field: its texts, and the numbers it stands for.
struct made_field {
  std::string text;       ///< In the words of the dialect.
  std::bitset<64> values; ///< Weekdays: 0 = Monday.
  bool is_star = false;   ///< The text begins with `*`.
};

/// A rule of one of the kinds that say it in fields.
struct made_rule {
  enum class dialect { apscheduler, vixie, quartz, systemd };

  dialect spoken = dialect::apscheduler;
  made_field month, day, weekday, hour, minute, second;
  decltype(trigger_spec::kind) kind;

  /// Every wall-clock second (since 1970-01-01) that the rule means, from `begin` up to `end`,
  /// exclusive, in order.
  std::vector<std::int64_t> walls_between(std::int64_t begin, std::int64_t end) const;
  /// Neither the minute nor the hour is a wildcard.
  bool is_fixed_time() const { return !minute.is_star && !hour.is_star; }
  std::string text() const;

private:
  friend made_rule make_rule(generator&, dialect);
  bool is_day_of(std::int64_t day) const;
};

/// One with few or many fire times a day, as chance has it.
made_rule make_rule(generator& random, made_rule::dialect spoken);

} // namespace carillon::triggers::test
