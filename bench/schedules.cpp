#include "bench/bench_engine.hpp"
#include "bench/measure.hpp"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

namespace carillon::bench {
namespace {

constexpr std::size_t due_at_once = 1000;
constexpr std::ptrdiff_t calls_in_flight = 4000;
constexpr std::chrono::seconds idle_time{5};
constexpr std::chrono::seconds lead_time{4};

std::string idle_id(std::uint64_t n) {
  char id[32];
  std::snprintf(id, sizeof id, "idle-%08llu", static_cast<unsigned long long>(n));
  return id;
}

/// Fires once a year, half a year away, each at another minute of the month.
trigger_spec idle_trigger(std::uint64_t n) {
  const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::year_month_day far{today + std::chrono::days{180}};
  cron c;
  c.month = std::to_string(static_cast<unsigned>(far.month()));
  c.day = std::to_string(n / 1440 % 28 + 1);
  c.hour = std::to_string(n / 60 % 24);
  c.minute = std::to_string(n % 60);
  return {std::move(c)};
}

/// Waits until all calls are answered, at its end.
class call_window {
public:
  explicit call_window(scheduler& engine) : engine_{engine} {}
  ~call_window() {
    for (std::ptrdiff_t i = 0; i < calls_in_flight; ++i)
      free_.acquire();
  }
  call_window(const call_window&) = delete;
  call_window& operator=(const call_window&) = delete;

  void ask(command c) {
    free_.acquire();
    engine_.ask_async(std::move(c), {}, [this](const expected<answer>& done) {
      if (!done)
        give_up(done.error().message);
      free_.release();
    });
  }

private:
  scheduler& engine_;
  std::counting_semaphore<> free_{calls_in_flight};
};

void add_idle(scheduler& engine, std::uint64_t count) {
  call_window calls{engine};
  for (std::uint64_t i = 0; i < count; ++i) {
    schedule_spec spec{.id = schedule_id{idle_id(i)}, .task = task_id{"task-0"}};
    spec.trigger = idle_trigger(i);
    calls.ask(add_schedule{std::move(spec)});
  }
}

/// Many schedules due at one instant: how late each handler begins.
samples fire_at_once(scheduler& engine) {
  std::mutex mutex;
  std::vector<std::chrono::nanoseconds> late;
  std::counting_semaphore<> fired{0};
  task_options options;
  options.max_running_jobs = std::optional<std::uint32_t>{};
  must(engine.register_task(
      task_id{"at-once"},
      [&](const job_context& run) -> task_result {
        const auto now = std::chrono::system_clock::now();
        {
          const std::lock_guard hold{mutex};
          late.push_back(now - *run.scheduled_fire_time());
        }
        fired.release();
        return value{};
      },
      options));
  const auto instant = wall_clock().now() + lead_time;
  {
    call_window calls{engine};
    for (std::size_t i = 0; i < due_at_once; ++i) {
      schedule_spec spec{.id = schedule_id{"once-" + std::to_string(i)},
                         .task = task_id{"at-once"}};
      spec.trigger = {once{when{instant}}};
      calls.ask(add_schedule{std::move(spec)});
    }
  }
  for (std::size_t i = 0; i < due_at_once; ++i)
    fired.acquire();
  engine.stop();
  return samples{std::move(late)};
}

double idle_cpu_percent() {
  const auto before = cpu_seconds();
  const auto start = steady::now();
  std::this_thread::sleep_for(idle_time);
  return (cpu_seconds() - before) / seconds_since(start) * 100;
}

} // namespace

figures run_schedules(const parameters& with) {
  const workspace at{with.log};
  const auto count = static_cast<double>(with.schedules);
  const auto id_bytes = static_cast<double>(idle_id(0).size());
  const auto beyond_id = [&](std::uint64_t before) {
    const auto grown = static_cast<double>(trimmed_rss_bytes()) - static_cast<double>(before);
    return grown / count - id_bytes;
  };
  figures out{{"workload", "schedules"}, {"schedules", with.schedules}};
  {
    auto engine = open_engine(at, 4 * due_at_once);
    register_noop_tasks(engine, 1, {});
    must(engine.start());
    const auto rss = trimmed_rss_bytes();
    const auto start = steady::now();
    add_idle(engine, with.schedules);
    out["added_per_second"] = count / seconds_since(start);
    std::this_thread::sleep_for(std::chrono::seconds{1}); // let the log's own threads finish
    out["bytes_per_schedule"] = beyond_id(rss);
    out["idle_cpu_percent"] = idle_cpu_percent();
    engine.stop();
  }
  const auto rss = trimmed_rss_bytes();
  const auto start = steady::now();
  auto engine = open_engine(at, 4 * due_at_once);
  must(engine.start());
  out["start_seconds"] = seconds_since(start);
  register_noop_tasks(engine, 1, {});
  out["bytes_per_schedule_after_start"] = beyond_id(rss);
  out["due_at_once"] = due_at_once;
  out["lateness_ms"] = fire_at_once(engine).p50_p99_max();
  return out;
}

} // namespace carillon::bench
