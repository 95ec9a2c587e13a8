#include "bench/bench_engine.hpp"
#include "bench/measure.hpp"
#include "bench/raw_rocksdb.hpp"

#include <algorithm>

namespace carillon::bench {
namespace {

constexpr std::uint32_t concurrent_jobs = 20'000;
constexpr std::uint64_t events_per_job = 3;
constexpr std::uint64_t yardstick_records_max = 300'000;

/// Records a second of the disk; measured before and after a run, because machines wander.
double raw_rate(const workspace& at, std::uint64_t jobs) {
  return raw_synced_batches(at.yardstick_path(),
                            std::min(jobs * events_per_job, yardstick_records_max));
}

} // namespace

figures run_jobs(const parameters& with) {
  const workspace at{with.log};
  const auto raw_before = raw_rate(at, with.jobs);
  reset_peak_rss();
  stats_view stats;
  double seconds = 0;
  double cpu = 0;
  std::uint64_t peak = 0;
  const auto bytes_before = at.log_bytes();
  {
    auto engine = open_engine(at, concurrent_jobs);
    register_noop_tasks(engine, with.tasks, with.limit);
    must(engine.start());
    const auto before = engine.stats();
    const auto cpu_before = cpu_seconds();
    seconds = run_noop_jobs(engine, with.jobs, with.tasks);
    cpu = cpu_seconds() - cpu_before;
    stats = engine.stats();
    stats.records -= before.records;
    stats.blocks -= before.blocks;
    peak = peak_rss_bytes();
    engine.stop();
  }
  const auto bytes = at.log_bytes() - std::min(at.log_bytes(), bytes_before);
  const auto raw = (raw_before + raw_rate(at, with.jobs)) / 2;
  const auto jobs = static_cast<double>(with.jobs);
  const auto events_per_second = static_cast<double>(stats.records) / seconds;
  figures out{{"workload", "jobs"}, {"jobs", with.jobs}, {"tasks", with.tasks}};
  out["limit"] = with.limit ? figures(*with.limit) : figures(nullptr);
  out["seconds"] = seconds;
  out["jobs_per_second"] = jobs / seconds;
  out["events_per_second"] = events_per_second;
  out["yardstick_events_per_second"] = raw;
  out["ratio"] = events_per_second / raw;
  out["cpu_us_per_job"] = cpu * 1e6 / jobs;
  out["bytes_per_job"] = static_cast<double>(bytes) / jobs;
  out["syncs_per_1000_jobs"] = static_cast<double>(stats.blocks) * 1000 / jobs;
  out["peak_rss_bytes"] = peak;
  return out;
}

figures run_flat(const parameters& with) {
  constexpr std::uint64_t few = 10'000;
  constexpr std::uint64_t probe = 100'000;
  const workspace at{with.log};
  auto engine = open_engine(at, concurrent_jobs);
  register_noop_tasks(engine, with.tasks, with.limit);
  must(engine.start());
  run_noop_jobs(engine, few, with.tasks);
  const auto rate = [&] {
    return static_cast<double>(probe) / run_noop_jobs(engine, probe, with.tasks);
  };
  const auto raw_early = raw_rate(at, probe);
  const auto early = rate();
  const auto many = std::max(with.jobs, few + probe);
  if (many > few + probe)
    run_noop_jobs(engine, many - few - probe, with.tasks);
  const auto raw_late = raw_rate(at, probe);
  const auto late = rate();
  return {{"workload", "flat"},
          {"jobs", many},
          {"jobs_per_second_at_10000", early},
          {"jobs_per_second_at_jobs", late},
          {"yardstick_events_per_second_at_10000", raw_early},
          {"yardstick_events_per_second_at_jobs", raw_late},
          {"ratio", late / early}};
}

} // namespace carillon::bench
