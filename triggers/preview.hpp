#pragma once

#include "carillon/fire_times.hpp"
#include "triggers/next.hpp"

#include <cstdint>
#include <optional>

namespace carillon::triggers {

/// The last fire time that is not after `bound`, given one that is not: halves the stretch in which
/// it must lie, at most 60 seeks. Errors: as `seek`.
expected<fire> last_until(const compiled_trigger& trigger, fire known, time_point bound);

/// The last fire time before `before`; none = there was none. Some 100 seeks at most.
/// Errors: as `seek`.
expected<std::optional<time_point>> previous(const compiled_trigger& trigger, time_point before);

/// The first `n` fire times at or after `from`. Errors: as `seek`.
expected<fire_list> preview(const compiled_trigger& trigger, std::size_t n, time_point from);

/// How many fire times lie at or after `from` and before `to`; intervals by arithmetic, the others
/// one by one. Errors: limit_exceeded (more than `limit`), and as `seek`.
expected<std::uint64_t> count(const compiled_trigger& trigger, time_point from, time_point to,
                              std::uint64_t limit);

/// Whether `t` is a fire time. Errors: as `seek`.
expected<bool> fires_at(const compiled_trigger& trigger, time_point t);

} // namespace carillon::triggers
