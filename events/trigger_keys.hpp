#pragma once

// Internal to events/trigger_json*.cpp: the keys that reader and writer share.

#include "carillon/trigger.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::events {

/// One key of an interval's spec.
struct interval_unit {
  std::string_view name;
  std::int64_t microseconds;
};
inline constexpr std::array<interval_unit, 6> interval_units{{{"weeks", 604'800'000'000},
                                                              {"days", 86'400'000'000},
                                                              {"hours", 3'600'000'000},
                                                              {"minutes", 60'000'000},
                                                              {"seconds", 1'000'000},
                                                              {"microseconds", 1}}};

/// One key of a cron's spec.
struct cron_key {
  std::string_view name;
  std::optional<std::string> cron::*value;
};
inline constexpr std::array<cron_key, 8> cron_keys{{{"year", &cron::year},
                                                    {"month", &cron::month},
                                                    {"day", &cron::day},
                                                    {"week", &cron::week},
                                                    {"day_of_week", &cron::day_of_week},
                                                    {"hour", &cron::hour},
                                                    {"minute", &cron::minute},
                                                    {"second", &cron::second}}};

/// A word of JSON and the value it stands for. Absent stands for the first value of its type.
template <class Value> struct named {
  std::string_view name;
  Value value;
};
inline constexpr std::array<named<gap_policy>, 3> gap_names{{{"skip", gap_policy::skip},
                                                             {"next_valid", gap_policy::next_valid},
                                                             {"shift", gap_policy::shift}}};
inline constexpr std::array<named<fold_policy>, 4> fold_names{{{"both", fold_policy::both},
                                                               {"first", fold_policy::first},
                                                               {"second", fold_policy::second},
                                                               {"auto", fold_policy::automatic}}};
inline constexpr std::array<named<cron_dialect>, 5> dialect_names{
    {{"apscheduler", cron_dialect::apscheduler},
     {"vixie", cron_dialect::vixie},
     {"quartz", cron_dialect::quartz},
     {"seconds", cron_dialect::seconds},
     {"jenkins", cron_dialect::jenkins}}};
/// `calendar_interval::clamp_day`.
inline constexpr std::array<named<bool>, 2> end_of_month_names{{{"skip", false}, {"clamp", true}}};

} // namespace carillon::events
