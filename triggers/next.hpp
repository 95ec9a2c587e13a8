#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"
#include "carillon/trigger.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace carillon::triggers {

struct trigger_node; // triggers/node.hpp

/// A fire time and the cursor that follows it.
struct fire {
  std::optional<time_point> at; ///< Empty: the trigger is finished.
  trigger_cursor cursor;        ///< `cursor.last == at`, unless finished.
};

/// A trigger made ready for `next`: zone found, expressions compiled. An immutable value, cheap to
/// copy and to move; any number of threads may use it.
class compiled_trigger {
public:
  explicit compiled_trigger(std::shared_ptr<const trigger_node> node) : node_{std::move(node)} {}
  const trigger_node& node() const noexcept { return *node_; }

private:
  std::shared_ptr<const trigger_node> node_;
};

/// Steps of simple triggers that one call of `next` or `seek` may take inside all_of, any_of and
/// filtered, some 10 ms at most. One of these counts as one more for every two triggers within.
inline constexpr std::int64_t steps_max = 100'000;
/// Most children of one any_of or all_of.
inline constexpr std::size_t children_max = 100;

/// Compiles what `resolve` returned. Errors: invalid_argument, limit_exceeded (nesting, children).
expected<compiled_trigger> compile(const trigger_spec& resolved);

/// The first fire time after the cursor. An empty `at` means finished; that is not an error. Pure:
/// the same arguments give the same answer. Fire times lie within the years 0000 to 9999.
/// Errors: limit_exceeded (an all_of found no match within its iterations_max, or `steps_max`).
expected<fire> next(const compiled_trigger& trigger, const trigger_cursor& cursor);

/// The first fire time that is after the cursor and not before `not_before`: the one that repeated
/// `next` would find, in constant time however far away. Calendar intervals that mix months with
/// days take a step of some 20 ns for each of their dates since the start, which are a month apart
/// at least. An all_of whose triggers leave no pause of its threshold anywhere near `not_before`
/// starts anew shortly before it, as if nothing had fired until then. Errors: as `next`.
expected<fire> seek(const compiled_trigger& trigger, const trigger_cursor& cursor,
                    time_point not_before);

/// A number that stands for what the zones of the trigger and its children do, as far as its fire
/// times depend on it: 0 for once and interval. Whoever keeps it beside a fire time sees, when a
/// new zone table makes it another, that the fire time must be computed again (DST-10).
std::uint64_t zone_digest(const compiled_trigger& trigger) noexcept;

/// The fire time after `settled`, the last one that was dealt with (none = nothing was yet), under
/// the zone rules of this process: what becomes of a `next_fire` that other rules gave (TIM-22).
/// It may be earlier or later than that one. Errors: as `next`.
expected<fire> recompute(const compiled_trigger& trigger, std::optional<time_point> settled);

/// The UTC offset of the trigger's zone at `t`, for printing fire times.
std::chrono::seconds offset_at(const compiled_trigger& trigger, time_point t) noexcept;

/// The distance of neighbouring fire times where it is always the same (kind interval).
std::optional<duration> fixed_step(const compiled_trigger& trigger) noexcept;

} // namespace carillon::triggers
