#include "bench/bench_engine.hpp"
#include "bench/measure.hpp"
#include "bench/raw_rocksdb.hpp"
#include "projections/live_state.hpp"
#include "stores/event_log.hpp"

#include <algorithm>

namespace carillon::bench {
namespace {

constexpr std::size_t read_bytes = 64 << 10;
constexpr std::uint64_t events_per_job = 3;

struct replayed {
  std::uint64_t records = 0;
  double seconds = 0;
};

/// What a start without a snapshot does: every block is read, decoded and applied.
replayed replay(const std::string& url) {
  const auto log = must(stores::open_log(url, {.read_only = true}));
  projections::live_state state;
  replayed out;
  const auto start = steady::now();
  for (;;) {
    const auto blocks = must(log->read(out.records, read_bytes));
    if (blocks.empty())
      break;
    for (const auto& block : blocks) {
      for (const auto& commit : block.commits) {
        auto here = commit.first;
        for (const auto& e : commit.events)
          state.apply(e, {here++, block.time});
      }
      out.records = block.first + block.count - 1;
    }
  }
  out.seconds = seconds_since(start);
  return out;
}

} // namespace

figures run_replay(const parameters& with) {
  const workspace at{with.log};
  {
    auto engine = open_engine(at, 20'000);
    register_noop_tasks(engine, with.tasks, {});
    must(engine.start());
    run_noop_jobs(engine, std::max<std::uint64_t>(1, with.events / events_per_job), with.tasks);
    engine.stop();
  }
  const auto raw_before = raw_scan(at.yardstick_path(), with.events);
  const auto ours = replay(at.url());
  const auto raw = (raw_before + raw_scan(at.yardstick_path(), with.events)) / 2;
  const auto events_per_second = static_cast<double>(ours.records) / ours.seconds;
  return {{"workload", "replay"},
          {"events", ours.records},
          {"events_per_second", events_per_second},
          {"yardstick_events_per_second", raw},
          {"ratio", events_per_second / raw}};
}

} // namespace carillon::bench
