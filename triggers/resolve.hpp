#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"

#include <cstdint>
#include <string>

namespace carillon::triggers {

/// What `resolve` fills defaults from.
struct resolve_context {
  time_point now{};                 ///< Default of start_time; today's date for calendar intervals.
  std::string default_zone = "UTC"; ///< For cron, calendar and combined triggers without a zone.
  std::string schedule = {};        ///< Id of the schedule: what `H` in cron fields is made from.
  std::uint64_t draw = 0;           ///< Random, or at least new: what `a~b` is drawn with.
};

/// Longest threshold of an all_of.
inline constexpr duration threshold_max = std::chrono::hours{24 * 366};
/// Highest iterations_max of an all_of.
inline constexpr std::uint32_t iterations_limit = 1'000'000;

/// Validates a trigger and fills everything that is left open: zone, start_time (now; for cron
/// rounded up to a whole second, for dialect vixie down, because there the start is exclusive),
/// start_date; wall-clock literals become instants (the first one in a repeated hour), cron texts
/// canonical, `H` and `a~b` in them numbers. The result is what is stored; resolving it again
/// changes nothing. Errors: invalid_argument with the field at fault ("trigger.start_time"),
/// limit_exceeded.
expected<trigger_spec> resolve(const trigger_spec& spec, const resolve_context& context);

/// `spec` with the numbers of `old`, a resolved one, where an item `a~b` stands and the old number
/// is one that it could have drawn: so writing the same expression again changes nothing.
cron keep_draws(cron spec, const cron& old);

} // namespace carillon::triggers
