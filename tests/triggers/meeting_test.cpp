#include "triggers/meeting.hpp"

#include "triggers/trigger_support.hpp"

#include <numeric>
#include <random>

namespace carillon::triggers {
namespace {

/// One number of `a` after the other, beside the two of `b` around it, for one common period.
std::optional<std::int64_t> looked_up(progression a, progression b, std::int64_t tolerance) {
  const auto end =
      std::max(a.first, b.first) + tolerance + 2 * std::lcm(a.step, b.step) + a.step + b.step;
  auto y = b.first;
  for (auto x = a.first; x <= end; x += a.step) {
    while (y + b.step <= x)
      y += b.step;
    if (std::abs(x - y) <= tolerance || std::abs(x - (y + b.step)) <= tolerance)
      return x;
  }
  return std::nullopt;
}

TEST_CASE("meeting: the first number of one that is near one of the other") {
  std::mt19937 random{11};
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<std::int64_t>{low, high}(random);
  };
  int never = 0;
  for (int round = 0; round < 5'000; ++round) {
    const progression a{pick(-60, 60), pick(1, 24)};
    const progression b{pick(-60, 60), pick(1, 24)};
    const auto tolerance = pick(0, 3) == 0 ? 0 : pick(0, 9);
    INFO(a.first << '+' << a.step << " and " << b.first << '+' << b.step << " within "
                 << tolerance);
    const auto found = first_within(a, b, tolerance);
    REQUIRE(found == looked_up(a, b, tolerance));
    never += found ? 0 : 1;
    if (tolerance == 0 && found) {
      const auto both = common(a, b);
      REQUIRE(both);
      REQUIRE(both->first == *found);
      REQUIRE(both->step == std::lcm(a.step, b.step));
    }
  }
  CHECK(never > 100);
}

TEST_CASE("meeting: far away is no further, and what 64 bits do not hold is beyond") {
  constexpr std::int64_t a = 1'000'000'007;
  constexpr std::int64_t b = 998'244'353;
  const auto found = first_within({1, a}, {0, b}, 0);
  REQUIRE(found);
  CHECK(*found % b == 0);
  CHECK(*found % a == 1);
  CHECK(*found < a * b);
  CHECK(first_within({0, 6}, {4, 9}, 0) == std::nullopt);
  CHECK(first_within({0, 6}, {1, 4}, 0) == std::nullopt);
  CHECK(first_within({2, beyond_int64 - 2}, {0, beyond_int64 - 1}, 0) == beyond_int64);
  CHECK(common({5, beyond_int64}, {5, beyond_int64 - 1})->step == beyond_int64);
}

} // namespace
} // namespace carillon::triggers
