#include "bench/bench_nodes.hpp"
#include "bench/measure.hpp"
#include "bench/raw_postgres.hpp"
#include "stores/postgres_connection.hpp"
#include "stores/postgres_migrations.hpp"

#include <thread>

namespace carillon::bench {
namespace {

constexpr std::uint32_t concurrent_jobs = 5'000;
constexpr std::uint64_t yardstick_rows = 100'000;
constexpr int lag_samples_max = 500;
constexpr double lag_seconds_max = 20; ///< Without a broker each sample takes up to a second.

/// From the answer to a command at one node until every other one has applied it.
samples apply_lags(const engines& nodes) {
  std::vector<std::chrono::nanoseconds> lags;
  task_options options;
  const auto begin = steady::now();
  for (int i = 0; i < lag_samples_max && seconds_since(begin) < lag_seconds_max; ++i) {
    options.meta = metadata{{"sample", std::to_string(i)}};
    const auto done = must(nodes.front()->ask(configure_task{task_id{"lag"}, options}));
    const auto start = steady::now();
    for (const auto& node : nodes)
      must(node->wait_for(done.at, std::chrono::seconds{10}));
    lags.push_back(steady::now() - start);
  }
  return samples{std::move(lags)};
}

} // namespace

figures run_cluster(const parameters& with) {
  const auto parsed = must(stores::parse_postgres_url(with.log));
  must(stores::migrate_postgres(with.log));
  const auto raw_before = raw_synced_inserts(parsed.connect, yardstick_rows);
  const auto nodes = start_nodes(
      with,
      [](scheduler_options& options) {
        options.max_concurrent_jobs = concurrent_jobs;
        options.cleanup_interval.reset();
        options.snapshot_every = UINT64_MAX;
      },
      [&](scheduler& node) { register_noop_tasks(node, with.tasks, with.limit); });
  const auto before = nodes.front()->stats();
  const auto seconds = run_noop_jobs(*nodes.front(), with.jobs, with.tasks);
  const auto records = nodes.front()->stats().records - before.records;
  const auto lags = apply_lags(nodes);
  std::uint64_t conflicts = 0;
  for (const auto& node : nodes)
    conflicts += node->stats().conflicts;
  stop_nodes(nodes);
  const auto raw = (raw_before + raw_synced_inserts(parsed.connect, yardstick_rows)) / 2;
  const auto events_per_second = static_cast<double>(records) / seconds;
  return {{"workload", "cluster"},
          {"nodes", with.nodes},
          {"jobs", with.jobs},
          {"broker", with.broker.empty() ? figures(nullptr) : figures(with.broker)},
          {"publish_events", with.publish_events},
          {"seconds", seconds},
          {"jobs_per_second", static_cast<double>(with.jobs) / seconds},
          {"events_per_second", events_per_second},
          {"yardstick_events_per_second", raw},
          {"ratio", events_per_second / raw},
          {"conflicts", conflicts},
          {"apply_lag_ms", lags.p50_p99()}};
}

} // namespace carillon::bench
