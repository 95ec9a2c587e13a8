#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace carillon::triggers {

/// The numbers `first`, `first + step`, `first + 2 step` and so on; `step` > 0.
struct progression {
  std::int64_t first = 0;
  std::int64_t step = 1;
};

/// Stands for every number that 64 bits do not hold.
inline constexpr std::int64_t beyond_int64 = std::numeric_limits<std::int64_t>::max();

/// The first number of `a` that has one of `b` within `tolerance` (>= 0) of it; none = there is
/// none, ever. Takes as many steps as Euclid's algorithm, however far away it is.
std::optional<std::int64_t> first_within(progression a, progression b,
                                         std::int64_t tolerance) noexcept;

/// The numbers that both have; none = there are none. A `step` or `first` that is too large is
/// `beyond_int64`.
std::optional<progression> common(progression a, progression b) noexcept;

} // namespace carillon::triggers
