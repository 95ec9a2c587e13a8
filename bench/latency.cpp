#include "bench/bench_engine.hpp"
#include "bench/measure.hpp"
#include "bench/raw_rocksdb.hpp"

#include <atomic>
#include <semaphore>
#include <thread>
#include <vector>

namespace carillon::bench {
namespace {

constexpr std::size_t jobs = 2000;
constexpr std::size_t fires = 200;
constexpr std::chrono::milliseconds fire_period{60}; // idle in between, on slow disks too

using durations = std::vector<std::chrono::nanoseconds>;

/// From the call that adds a job to the first line of its handler; each job is recorded as finished
/// before the next is added.
durations add_to_start(scheduler& engine) {
  std::binary_semaphore started{0};
  steady::time_point start_time;
  must(engine.register_task(task_id{"probe"}, [&](const job_context&) -> task_result {
    start_time = steady::now();
    started.release();
    return value{};
  }));
  must(engine.start());
  durations out;
  for (std::size_t i = 0; i < jobs; ++i) {
    const auto before = steady::now();
    const auto id = must(engine.add_job({.task = task_id{"probe"}}));
    started.acquire();
    out.push_back(start_time - before);
    must(engine.result(id, std::chrono::seconds{10}));
  }
  return out;
}

/// From the fire time of an interval schedule to the first line of its handler.
durations fire_lateness(scheduler& engine) {
  std::mutex mutex;
  durations late;
  std::counting_semaphore<> fired{0};
  must(engine.every("ticking", fire_period, [&](const job_context& run) -> task_result {
    const auto now = std::chrono::system_clock::now();
    const std::lock_guard hold{mutex};
    late.push_back(now - *run.scheduled_fire_time());
    fired.release();
    return value{};
  }));
  for (std::size_t i = 0; i < fires; ++i)
    fired.acquire();
  must(engine.ask(remove_schedule{schedule_id{"ticking"}}));
  engine.stop();
  late.erase(late.begin()); // due when it was added, hence late by the time of adding
  return late;
}

figures pair_of(double p50, double p99) { return {{"p50", p50}, {"p99", p99}}; }

} // namespace

figures run_latency(const parameters& with) {
  const workspace at{with.log};
  const auto write = [&](std::chrono::milliseconds pause) {
    const auto time = pause == pause.zero() ? std::chrono::seconds{2} : std::chrono::seconds{6};
    return raw_synced_single_writes(at.yardstick_path(), time, 1, pause);
  };
  const auto raw_before = write({});
  const auto idle_before = write(fire_period);
  auto late_timer = timerfd_lateness(fires / 2, fire_period);
  auto engine = open_engine(at, 100);
  const samples starts{add_to_start(engine)};
  const samples fired{fire_lateness(engine)};
  const auto more = timerfd_lateness(fires / 2, fire_period);
  late_timer.insert(late_timer.end(), more.begin(), more.end());
  const samples timers{std::move(late_timer)};
  const auto idle_after = write(fire_period);
  const auto raw_after = write({});
  const auto idle_p99 = to_ms(idle_before.p99 + idle_after.p99) / 2;
  const auto raw_p50 = to_ms(raw_before.p50 + raw_after.p50) / 2;
  const auto raw_p99 = to_ms(raw_before.p99 + raw_after.p99) / 2;
  figures out{{"workload", "latency"}, {"jobs", jobs}, {"fires", fires}};
  out["add_to_start_ms"] = starts.p50_p99();
  out["yardstick_two_writes_ms"] = pair_of(2 * raw_p50, 2 * raw_p99);
  out["ratio"] = pair_of(starts.ms_at(0.5) / (2 * raw_p50), starts.ms_at(0.99) / (2 * raw_p99));
  out["fire_lateness_ms"] = fired.p50_p99();
  out["yardstick_timerfd_ms"] = timers.p50_p99();
  out["yardstick_idle_write_ms"] = pair_of(to_ms(idle_before.p50 + idle_after.p50) / 2, idle_p99);
  out["fire_limit_p99_ms"] = 4 * timers.ms_at(0.99) + idle_p99;
  return out;
}

} // namespace carillon::bench
