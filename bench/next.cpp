#include "bench/bench_engine.hpp"
#include "bench/cron_floor.hpp"
#include "bench/measure.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <array>

namespace carillon::bench {
namespace {

constexpr std::array expressions{
    "* * * * *",         "*/5 * * * *", "0 * * * *",      "30 3 * * *",  "0 9 * * 1-5",
    "15,45 */2 * * *",   "0 0 1 * *",   "0 12 15 1,7 *",  "0 0 29 2 *",  "23 4 * * 0"};
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

} // namespace

figures run_next(const parameters&) {
  figures all = figures::array();
  for (const auto* zone : zones)
    for (const auto* expression : expressions) {
      const auto trigger = compile(expression, zone);
      figures one{{"expression", expression}, {"timezone", zone}, {"ns", ours(trigger)}};
      if (std::string_view{zone} == "UTC") {
        check(expression, trigger);
        one["yardstick_ns"] = floor_of(parse_masks(expression));
      }
      all.push_back(std::move(one));
    }
  return {{"workload", "next"}, {"expressions", std::move(all)}};
}

} // namespace carillon::bench
