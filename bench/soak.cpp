#include "bench/bench_nodes.hpp"
#include "bench/measure.hpp"
#include "stores/postgres_migrations.hpp"

#include <atomic>
#include <cstdio>
#include <numeric>
#include <thread>
#include <unistd.h>

namespace carillon::bench {
namespace {

constexpr std::chrono::milliseconds between_calls{100};
constexpr std::uint64_t calls_per_second = 10;
constexpr unsigned samples_wanted = 30;

/// What a node looks like while it works.
struct sample {
  double rss_mb = 0;
  std::uint64_t finished = 0;
};

std::uint64_t finished_jobs(const scheduler& node) {
  return node.stats().jobs_by_outcome[static_cast<std::size_t>(job_outcome::success)];
}

/// Mean memory of the samples from `first` to before `last`, in MB.
double mean_rss(const std::vector<sample>& all, std::size_t first, std::size_t last) {
  const auto sum =
      std::accumulate(all.begin() + static_cast<std::ptrdiff_t>(first),
                      all.begin() + static_cast<std::ptrdiff_t>(last), 0.0,
                      [](double so_far, const sample& s) { return so_far + s.rss_mb; });
  return sum / static_cast<double>(std::max<std::size_t>(1, last - first));
}

/// Adds `with.rate` jobs a second, a tenth at a time, to one node after the other. Counts the calls
/// that were refused in `refused`, until the nodes are stopped.
std::vector<sample> keep_adding(const engines& nodes, const parameters& with,
                                std::atomic<std::uint64_t>& refused) {
  std::vector<sample> out;
  const auto start = steady::now();
  const auto calls = std::uint64_t{with.seconds} * calls_per_second;
  const auto calls_per_sample = std::max<std::uint64_t>(1, calls / samples_wanted);
  for (std::uint64_t call = 0; call < calls; ++call) {
    std::this_thread::sleep_until(start + call * between_calls);
    add_jobs adding;
    adding.jobs.resize(with.rate / calls_per_second);
    for (auto& job : adding.jobs)
      job.task = task_id{"task-0"};
    nodes[call % nodes.size()]->ask_async(std::move(adding), {},
                                          [&](const expected<answer>& done) { refused += !done; });
    if ((call + 1) % calls_per_sample != 0)
      continue;
    out.push_back({static_cast<double>(trimmed_rss_bytes()) / 1e6, finished_jobs(*nodes.front())});
    std::fprintf(stderr, "%4.0f s: %.1f MB, %llu jobs finished, %llu calls refused\n",
                 seconds_since(start), out.back().rss_mb,
                 static_cast<unsigned long long>(out.back().finished),
                 static_cast<unsigned long long>(refused.load()));
  }
  return out;
}

} // namespace

figures run_soak(const parameters& with) {
  must(stores::migrate_postgres(with.log));
  std::atomic<std::uint64_t> refused = 0;
  const auto nodes = start_nodes(
      with, [](scheduler_options&) {}, [](scheduler& node) { register_noop_tasks(node, 1, {}); });
  const auto before = finished_jobs(*nodes.front());
  const auto cpu_before = cpu_seconds();
  const auto samples = keep_adding(nodes, with, refused);
  const auto cpu = cpu_seconds() - cpu_before;
  const auto added =
      std::uint64_t{with.seconds} * calls_per_second * (with.rate / calls_per_second);
  const auto end = steady::now();
  while (finished_jobs(*nodes.front()) < before + added) {
    if (seconds_since(end) > 30)
      give_up("not every job was finished 30 s after the last was added");
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  const auto drained_after = seconds_since(end);
  stop_nodes(nodes);
  if (refused != 0)
    give_up(std::to_string(refused) + " calls were refused");
  const auto size = samples.size();
  const auto early = mean_rss(samples, size / 4, size / 2);
  const auto late = mean_rss(samples, size - size / 4, size);
  return {{"workload", "soak"},    {"nodes", with.nodes},   {"seconds", with.seconds},
          {"rate", with.rate},     {"jobs", added},         {"drained_after_s", drained_after},
          {"cpu_seconds", cpu},    {"rss_mb_early", early}, {"rss_mb_late", late},
          {"growth", late / early}};
}

} // namespace carillon::bench
