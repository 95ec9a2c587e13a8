#include "triggers/meeting.hpp"

#include <numeric>

namespace carillon::triggers {
namespace {

// Products of two 64-bit numbers.
__extension__ using wide = __int128;

std::int64_t narrow(wide value) noexcept {
  return value < beyond_int64 ? static_cast<std::int64_t>(value) : beyond_int64;
}

wide ceil_div(wide a, wide b) noexcept { return (a + b - 1) / b; } // a >= 0

/// The least n >= 0 for which n * a modulo m lies from `low` to `high`, where 0 <= a < m and
/// 0 < low <= high < m; none = there is none. As in Euclid's algorithm the numbers shrink by half.
std::optional<wide> first_in_range(wide a, wide m, wide low, wide high) noexcept {
  if (a == 0)
    return std::nullopt;
  if (2 * a > m) // count backwards instead
    return first_in_range(m - a, m, m - high, m - low);
  const auto n = ceil_div(low, a);
  if (n * a <= high)
    return n;
  // No multiple of `a` lies in the range, so it is met only after some rounds of m: after the first
  // y for which y * m and something from the range make a multiple of `a`.
  const auto rounds = first_in_range(m % a, a, a - high % a, a - low % a);
  if (!rounds)
    return std::nullopt;
  return ceil_div(*rounds * m + low, a);
}

} // namespace

std::optional<std::int64_t> first_within(progression a, progression b,
                                         std::int64_t tolerance) noexcept {
  const wide distance = wide{a.first} - b.first;
  const auto skipped = distance < -wide{tolerance} ? ceil_div(-tolerance - distance, a.step) : 0;
  const wide behind = (distance + skipped * a.step + tolerance) % b.step;
  wide more = 0;
  if (behind > 2 * wide{tolerance}) {
    const wide low = b.step - behind;
    const auto found = first_in_range(a.step % b.step, b.step, low, low + 2 * wide{tolerance});
    if (!found)
      return std::nullopt;
    more = *found;
  }
  return narrow(a.first + (skipped + more) * a.step);
}

std::optional<progression> common(progression a, progression b) noexcept {
  const auto first = first_within(a, b, 0);
  if (!first)
    return std::nullopt;
  return progression{*first, narrow(wide{a.step} / std::gcd(a.step, b.step) * b.step)};
}

} // namespace carillon::triggers
