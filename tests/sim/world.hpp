#pragma once

#include "carillon/ids.hpp"
#include "carillon/time.hpp"
#include "tests/sim/rules.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// What everything in a simulation shares: one number, one time, one thread.
namespace carillon::sim {

using namespace std::chrono_literals;

/// When every simulation begins: 2026-01-01T00:00:00Z.
inline constexpr time_point beginning{std::chrono::seconds{1'767'225'600}};

/// The same numbers from the same seed on every machine, unlike the distributions of <random>.
class random_source {
public:
  explicit random_source(std::uint64_t seed) : state_{seed} {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    auto x = state_;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
  }
  /// From 0 to `count` - 1.
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(next() % count); }
  bool chance(double share) {
    return static_cast<double>(next() >> 11) < share * static_cast<double>(1ULL << 53);
  }
  /// From `least` to `most`, inclusive.
  duration between(duration least, duration most) {
    const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least + duration{static_cast<std::int64_t>(next() % span)};
  }
  template <class Id> Id id() {
    Id made;
    for (auto& byte : made.bytes)
      byte = static_cast<std::uint8_t>(next());
    return made;
  }

private:
  std::uint64_t state_;
};

/// What to simulate.
struct sim_options {
  std::uint64_t seed = 1;
  std::size_t nodes = 0; ///< 0 = the seed says how many: 2 to 5.
  int minutes = 2;       ///< Virtual time under faults; calming down comes on top.
  rule broken = rule::none;
  std::function<void(const std::string&)> trace = {}; ///< Is told what happens, line by line.
};

/// Virtual time and what is to happen in it. The time is true and the store's own; clocks of nodes
/// may differ.
class world final : public clock {
public:
  explicit world(const sim_options& options)
      : random{options.seed}, options_{options}, now_{beginning} {}

  time_point now() const override { return now_; }
  rule broken() const { return options_.broken; }
  bool breaks(rule what) const { return options_.broken == what; }

  /// Things at one instant happen in the order in which they were asked for.
  void at(time_point when, std::function<void()> what) {
    events_.emplace(std::pair{std::max(when, now_), ++count_}, std::move(what));
  }
  void after(duration wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }

  /// Lets time go by until `end`, or until something failed.
  void run_until(time_point end) {
    while (failure_.empty() && !events_.empty() && events_.begin()->first.first <= end) {
      auto first = events_.extract(events_.begin());
      now_ = first.key().first;
      first.mapped()();
    }
    if (failure_.empty())
      now_ = std::max(now_, end);
  }

  /// An invariant does not hold: the simulation ends. Only the first one counts.
  void fail(const std::string& what) {
    if (!failure_.empty())
      return;
    failure_ = clock_text() + ' ' + what;
    note([&] { return "BROKEN: " + what; });
  }
  const std::string& failure() const { return failure_; }

  /// `text` is only made when someone listens.
  template <class Text> void note(Text text) const {
    if (options_.trace)
      options_.trace(clock_text() + ' ' + text());
  }
  std::uint64_t events() const { return count_; }

  random_source random;

private:
  /// Seconds since the beginning.
  std::string clock_text() const {
    auto us = std::to_string((now_ - beginning).count());
    if (us.size() < 7)
      us.insert(0, 7 - us.size(), '0');
    return us.insert(us.size() - 6, ".");
  }

  sim_options options_;
  time_point now_;
  std::uint64_t count_ = 0;
  std::map<std::pair<time_point, std::uint64_t>, std::function<void()>> events_;
  std::string failure_;
};

} // namespace carillon::sim
