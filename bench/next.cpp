#include "triggers/next.hpp"
#include "bench/bench_engine.hpp"
#include "bench/cron_floor.hpp"
#include "bench/measure.hpp"
#include "triggers/resolve.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

namespace carillon::bench {
namespace {

constexpr std::array expressions{"* * * * *",   "*/5 * * * *",     "0 * * * *", "30 3 * * *",
                                 "0 9 * * 1-5", "15,45 */2 * * *", "0 0 1 * *", "0 12 15 1,7 *",
                                 "0 0 29 2 *",  "23 4 * * 0"};
constexpr std::array zones{"UTC", "America/New_York"};

/// 2026-01-01T00:00:00Z.
constexpr time_point start{std::chrono::seconds{1'767'225'600}};
/// A chain of fire times begins anew here: 2036-01-01T00:00:00Z.
constexpr time_point end{std::chrono::seconds{2'082'758'400}};

constexpr int steps = 200'000;

triggers::compiled_trigger compile(const char* expression, const char* zone) {
  trigger_spec spec{must(cron_from_crontab(expression, cron_dialect::vixie)), zone};
  spec.start_time = when{start};
  return must(triggers::compile(must(triggers::resolve(spec, {.now = start}))));
}

/// Nanoseconds per step of a chain of fire times, the best of three rounds.
template <class Step> double time_of(Step step) {
  double best = 1e30;
  for (int round = 0; round < 3; ++round) {
    const auto began = steady::now();
    for (int i = 0; i < steps; ++i)
      step();
    best = std::min(best, seconds_since(began) * 1e9 / steps);
  }
  return best;
}

double ours(const triggers::compiled_trigger& trigger) {
  const trigger_cursor first;
  auto cursor = first;
  return time_of([&] {
    auto fire = triggers::next(trigger, cursor);
    if (!fire || !fire->at)
      give_up("a cron trigger ended");
    cursor = *fire->at < end ? std::move(fire->cursor) : first;
  });
}

double floor_of(const cron_masks& masks) {
  const auto first = start.time_since_epoch() / std::chrono::seconds{1} - 1;
  auto at = first;
  return time_of([&] {
    at = next_minute(masks, at);
    if (at >= end.time_since_epoch() / std::chrono::seconds{1})
      at = first;
  });
}

/// Both must find the same fire times in UTC: a fast wrong answer is no figure.
void check(const char* expression, const triggers::compiled_trigger& trigger) {
  const auto masks = parse_masks(expression);
  auto seconds = start.time_since_epoch() / std::chrono::seconds{1}; // vixie: start is exclusive
  trigger_cursor cursor;
  for (int i = 0; i < 100; ++i) {
    auto fire = must(triggers::next(trigger, cursor));
    seconds = next_minute(masks, seconds);
    if (!fire.at || *fire.at != time_point{std::chrono::seconds{seconds}})
      give_up(std::string{"fire times of '"} + expression + "' differ from the yardstick's");
    cursor = std::move(fire.cursor);
  }
}

double median_of(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return (all[(all.size() - 1) / 2] + all[all.size() / 2]) / 2;
}

/// The median over the ten expressions and the slowest of them.
figures summary_of(const std::vector<double>& all) {
  return {{"median_ns", median_of(all)}, {"worst_ns", *std::max_element(all.begin(), all.end())}};
}

/// A schedule among many: its rule and how far it has got.
struct standing {
  triggers::compiled_trigger trigger;
  trigger_cursor cursor = {};
};

/// Different schedules, one after the other as chance has it, each asked for its next time: what
/// an engine does all day. Nothing of the one before is left in the caches.
figures spread() {
  constexpr int schedules = 100'000;
  constexpr int calls = 1'000'000;
  constexpr std::array places{"UTC",           "Europe/Berlin",    "America/New_York",
                              "Asia/Tokyo",    "Asia/Kolkata",     "Australia/Sydney",
                              "Europe/London", "America/Sao_Paulo"};
  std::mt19937 random{1};
  const auto pick = [&](int low, int high) {
    return std::to_string(std::uniform_int_distribution<int>{low, high}(random));
  };
  std::vector<standing> all;
  all.reserve(schedules);
  for (int i = 0; i < schedules; ++i) {
    const std::array<std::string, 5> texts{
        pick(0, 59) + " " + pick(0, 23) + " * * *", "*/" + pick(2, 30) + " * * * *",
        pick(0, 59) + " " + pick(0, 23) + " * * " + pick(0, 6),
        pick(0, 59) + " " + pick(0, 23) + " " + pick(1, 28) + " * *",
        pick(0, 59) + " " + pick(0, 11) + "," + pick(12, 23) + " * " + pick(1, 12) + " 1-5"};
    const auto which = static_cast<std::size_t>(i);
    all.push_back({compile(texts[which % texts.size()].c_str(),
                           places[which / texts.size() % places.size()])});
  }
  std::shuffle(all.begin(), all.end(), random);
  const auto began = steady::now();
  for (int i = 0; i < calls; ++i) {
    auto& one = all[static_cast<std::size_t>(i) % all.size()];
    auto fire = triggers::next(one.trigger, one.cursor);
    if (!fire || !fire->at)
      give_up("a cron trigger ended");
    one.cursor = std::move(fire->cursor);
  }
  return {{"schedules", schedules}, {"calls", calls}, {"per_second", calls / seconds_since(began)}};
}

} // namespace

figures run_next(const parameters&) {
  figures all = figures::array();
  std::array<std::vector<double>, zones.size()> ns;
  std::vector<double> yardstick_ns;
  for (std::size_t i = 0; i < zones.size(); ++i)
    for (const auto* expression : expressions) {
      const auto trigger = compile(expression, zones[i]);
      ns[i].push_back(ours(trigger));
      figures one{{"expression", expression}, {"timezone", zones[i]}, {"ns", ns[i].back()}};
      if (i == 0) {
        check(expression, trigger);
        yardstick_ns.push_back(floor_of(parse_masks(expression)));
        one["yardstick_ns"] = yardstick_ns.back();
      }
      all.push_back(std::move(one));
    }
  double zone_worst = 0;
  for (std::size_t i = 0; i < expressions.size(); ++i)
    zone_worst = std::max(zone_worst, ns[1][i] / ns[0][i]);
  const auto yardstick = median_of(yardstick_ns);
  return {{"workload", "next"},
          {"utc", summary_of(ns[0])},
          {"new_york", summary_of(ns[1])},
          {"yardstick_median_ns", yardstick},
          {"ratio", median_of(ns[0]) / yardstick},
          {"new_york_over_utc",
           {{"median", median_of(ns[1]) / median_of(ns[0])}, {"worst", zone_worst}}},
          {"spread", spread()},
          {"expressions", std::move(all)}};
}

} // namespace carillon::bench
