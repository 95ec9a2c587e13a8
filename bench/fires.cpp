#include "bench/bench_nodes.hpp"
#include "bench/measure.hpp"
#include "stores/postgres_migrations.hpp"

#include <mutex>
#include <thread>

namespace carillon::bench {
namespace {

/// Every schedule fires once in so many seconds, each at an instant of its own.
constexpr std::chrono::seconds period{30};

/// Lateness of the fires that this process runs, from the fire time to the first line of the
/// handler.
class lateness {
public:
  void note(const job_context& run) {
    const auto late = std::chrono::system_clock::now() - *run.scheduled_fire_time();
    const std::lock_guard hold{mutex_};
    if (counting_)
      late_.push_back(late);
  }
  void begin() {
    const std::lock_guard hold{mutex_};
    counting_ = true;
  }
  std::vector<std::chrono::nanoseconds> end() {
    const std::lock_guard hold{mutex_};
    counting_ = false;
    return std::move(late_);
  }

private:
  std::mutex mutex_;
  bool counting_ = false;
  std::vector<std::chrono::nanoseconds> late_;
};

void add_schedules(scheduler& node, std::int64_t count) {
  const auto first = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) +
                     std::chrono::seconds{5};
  for (std::int64_t i = 0; i < count; ++i) {
    trigger_spec rule{interval{.every = period}};
    rule.start_time = when{first + duration{period} * i / count};
    must(node.ask(add_schedule{.spec = {.id = schedule_id{"fire-" + std::to_string(i)},
                                        .task = task_id{"fire"},
                                        .trigger = std::move(rule)}}));
  }
}

} // namespace

figures run_fires(const parameters& with) {
  must(stores::migrate_postgres(with.log));
  lateness seen;
  const auto nodes = start_nodes(
      with, [](scheduler_options&) {},
      [&](scheduler& node) {
        must(node.register_task(
            task_id{"fire"},
            [&](const job_context& run) -> task_result {
              seen.note(run);
              return value{};
            },
            {.max_running_jobs = with.limit}));
      });
  add_schedules(*nodes.front(), static_cast<std::int64_t>(with.schedules));
  std::this_thread::sleep_for(period); // each has fired once
  seen.begin();
  std::this_thread::sleep_for(std::chrono::seconds{with.seconds});
  const auto late = seen.end();
  stop_nodes(nodes);
  return {{"workload", "fires"},
          {"nodes", with.nodes},
          {"schedules", with.schedules},
          {"limit", with.limit ? figures(*with.limit) : figures(nullptr)},
          {"fires", late.size()},
          {"lateness_ms", samples{late}.p50_p99_max()}};
}

} // namespace carillon::bench
