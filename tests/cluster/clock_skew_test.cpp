#include "cluster/clock_skew.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace carillon::cluster;
using namespace std::chrono_literals;

namespace {

constexpr time_point noon{1'700'000'000s};

/// A renewal that took `there` and `back`, seen by a node whose clock is `behind` the store's.
skew_sample sample(duration behind, duration there, duration back) {
  return {noon, noon + there + back, noon + there + behind};
}

} // namespace

TEST_CASE("clock skew: nothing is known before the first sample") {
  clock_skew skew;
  CHECK_FALSE(skew.estimate());
  CHECK(skew.verdict() == skew_verdict::fine);
}

TEST_CASE("clock skew: warned of beyond one second, refused beyond thirty, either way") {
  for (const auto sign : {1, -1}) {
    const auto verdict = [&](duration behind) {
      clock_skew skew;
      skew.add(sample(behind * sign, 1ms, 1ms));
      return skew.verdict();
    };
    CHECK(verdict(900ms) == skew_verdict::fine);
    CHECK(verdict(1100ms) == skew_verdict::warn);
    CHECK(verdict(29s) == skew_verdict::warn);
    CHECK(verdict(31s) == skew_verdict::refuse);
  }
  clock_skew strict{{.warn_beyond = 1ms, .refuse_beyond = 10ms}};
  strict.add(sample(11ms, 0ms, 0ms));
  CHECK(strict.verdict() == skew_verdict::refuse);
}

TEST_CASE("clock skew: a slow answer proves nothing, the quickest counts") {
  clock_skew skew;
  skew.add(sample(0s, 4s, 0s)); // looks like two seconds
  CHECK(skew.estimate()->offset == 2s);
  CHECK(skew.verdict() == skew_verdict::fine);
  skew.add(sample(0s, 1ms, 1ms));
  skew.add(sample(0s, 0s, 3s));
  CHECK(skew.estimate()->offset == 0s);
  CHECK(skew.estimate()->uncertainty == 1ms);
}

TEST_CASE("clock skew: old samples are forgotten, and all of them when the clock was set") {
  clock_skew skew{{.samples_max = 3}};
  skew.add(sample(5s, 0s, 0s));
  for (int i = 0; i < 3; ++i)
    skew.add(sample(0s, 1ms, 1ms));
  CHECK(skew.estimate()->offset == 0s);
  skew.add({noon, noon - 1s, noon}); // the clock went back in between
  CHECK(skew.estimate()->offset == 0s);
  skew.reset();
  CHECK_FALSE(skew.estimate());
}

TEST_CASE("clock skew: the true offset is never further away than said") {
  CHECK(rc::check([] {
    const auto behind = *rc::gen::inRange(-60'000, 60'000) * 1ms;
    clock_skew skew;
    for (int i = *rc::gen::inRange(1, 12); i > 0; --i)
      skew.add(sample(behind, *rc::gen::inRange(0, 5000) * 1ms, *rc::gen::inRange(0, 5000) * 1ms));
    const auto e = *skew.estimate();
    const auto off = e.offset - behind;
    RC_ASSERT((off <= e.uncertainty && -off <= e.uncertainty));
    RC_ASSERT(e.at_least() <= (behind < 0us ? -behind : behind));
  }));
}

TEST_CASE("clock skew: bounds that make no sense are refused") {
  CHECK(check(skew_options{}));
  CHECK_FALSE(check(skew_options{.warn_beyond = 0s}));
  CHECK_FALSE(check(skew_options{.warn_beyond = 31s}));
  CHECK_FALSE(check(skew_options{.samples_max = 0}));
}
