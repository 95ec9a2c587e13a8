#include "tests/sim/simulator.hpp"

#include <catch2/catch.hpp>

using namespace carillon::sim;

namespace {

/// Seeds that have to hold, every time.
constexpr std::uint64_t seeds = 300;
/// Within so many seeds a broken rule must be found out.
constexpr std::uint64_t seeds_to_notice_max = 200;

} // namespace

TEST_CASE("sim: whatever goes wrong, the invariants hold") {
  std::size_t jobs = 0;
  std::size_t acknowledged = 0;
  std::size_t overlaps = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const sim_options options{.seed = seed};
    const auto report = simulate(options);
    INFO(replay_command(options) << " --trace");
    CHECK(report.failure == "");
    jobs += report.jobs;
    acknowledged += report.acknowledged;
    overlaps += report.overlaps;
  }
  // They hold easily where nothing happens.
  CHECK(jobs > seeds * 50);
  CHECK(acknowledged > seeds * 30);
  CHECK(overlaps > 0);
}

TEST_CASE("sim: a seed is one world") {
  for (const std::uint64_t seed : {3, 4}) {
    const auto once = simulate({.seed = seed});
    CHECK(once.chain == simulate({.seed = seed}).chain);
    CHECK(once.positions > 0);
    CHECK(once.chain != simulate({.seed = seed + 100}).chain);
  }
}

TEST_CASE("sim: each rule that is broken is found out") {
  for (const auto& text : rule_texts) {
    sim_options options{.broken = text.what};
    std::string found;
    for (options.seed = 1; found.empty() && options.seed <= seeds_to_notice_max; ++options.seed)
      found = simulate(options).failure;
    INFO(text.name << ": " << text.broken);
    CHECK(found != "");
  }
}

TEST_CASE("sim: a failing seed says how to see it again") {
  const sim_options options{.seed = 7, .nodes = 3, .minutes = 1, .broken = rule::slot_keys};
  CHECK(replay_command(options) == "carillon_sim --seed 7 --minutes 1 --nodes 3 --break slot_keys");
  CHECK(rule_named("slot_keys") == rule::slot_keys);
  CHECK_FALSE(rule_named("none"));
}
