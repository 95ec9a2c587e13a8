#pragma once

// Internal to triggers/: sets of small numbers as bits.

#include <bit>
#include <cstdint>

namespace carillon::triggers {

/// The lowest set bit at or above `from`; -1 when there is none.
constexpr int bit_from(std::uint64_t bits, int from) noexcept {
  const auto rest = from > 63 ? 0 : bits >> from << from;
  return rest == 0 ? -1 : std::countr_zero(rest);
}

/// The n-th set bit, from 0; only for sets with more than `n`.
constexpr int nth_bit(std::uint64_t bits, std::int64_t n) noexcept {
  for (; n > 0; --n)
    bits &= bits - 1;
  return std::countr_zero(bits);
}

} // namespace carillon::triggers
