#include "bench/bench_engine.hpp"
#include "bench/measure.hpp"
#include "bench/raw_rocksdb.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace carillon::bench {

figures run_adds(const parameters& with) {
  const workspace at{with.log};
  const std::chrono::seconds time{with.seconds};
  const auto raw_before =
      raw_synced_single_writes(at.yardstick_path(), time / 2 + time % 2, with.clients);
  auto engine = open_engine(at, 0); // a client: nothing runs, only adds are measured
  register_noop_tasks(engine, 1, {});
  std::vector<std::vector<std::chrono::nanoseconds>> latencies(with.clients);
  const auto start = steady::now();
  {
    std::vector<std::jthread> clients;
    for (auto& mine : latencies)
      clients.emplace_back([&] {
        for (auto before = steady::now(); before - start < time;) {
          must(engine.add_job({.task = task_id{"task-0"}}));
          const auto after = steady::now();
          mine.push_back(after - before);
          before = after;
        }
      });
  }
  const auto seconds = seconds_since(start);
  std::vector<std::chrono::nanoseconds> all;
  for (const auto& some : latencies)
    all.insert(all.end(), some.begin(), some.end());
  const auto adds_per_second = static_cast<double>(all.size()) / seconds;
  const auto raw_after =
      raw_synced_single_writes(at.yardstick_path(), time / 2 + time % 2, with.clients);
  const auto raw = (raw_before.writes_per_second + raw_after.writes_per_second) / 2;
  return {{"workload", "adds"},
          {"clients", with.clients},
          {"seconds", seconds},
          {"adds_per_second", adds_per_second},
          {"yardstick_writes_per_second", raw},
          {"ratio", adds_per_second / raw},
          {"add_ms", samples{std::move(all)}.p50_p99()},
          {"yardstick_write_ms", {{"p50", to_ms(raw_after.p50)}, {"p99", to_ms(raw_after.p99)}}}};
}

} // namespace carillon::bench
