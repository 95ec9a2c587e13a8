#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::triggers {

/// What `resolve` fills defaults from.
struct resolve_context {
  time_point now{};                 ///< Default of start_time; today's date for calendar intervals.
  std::string default_zone = "UTC"; ///< For cron, calendar and combined triggers without a zone.
  /// What `H` is hashed from: the schedule's id. Empty: a trigger with `H` is refused (TIM-14).
  std::string spread_key = {};
  /// What `a~b` is drawn from (CRN-23); the caller passes another one at each call.
  std::uint64_t seed = 0;
  /// The days of a named calendar; none = there is no such calendar (TIM-11). May be empty itself:
  /// then there are no calendars.
  std::function<std::optional<std::vector<date_range>>(std::string_view)> calendar = {};
};

/// Longest threshold of an all_of.
inline constexpr duration threshold_max = std::chrono::hours{24 * 366};
/// Highest iterations_max of an all_of.
inline constexpr std::uint32_t iterations_limit = 1'000'000;

/// Validates a trigger and fills everything that is left open: zone, start_time (now; for cron
/// rounded up to a whole second, for dialect vixie down, because there the start is exclusive),
/// start_date; wall-clock literals become instants (the first one in a repeated hour), cron texts
/// canonical. The result is what is stored; resolving it again changes nothing.
/// Errors: invalid_argument with the field at fault ("trigger.start_time"), limit_exceeded.
expected<trigger_spec> resolve(const trigger_spec& spec, const resolve_context& context);

} // namespace carillon::triggers
