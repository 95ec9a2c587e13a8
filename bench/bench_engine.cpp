#include "bench/bench_engine.hpp"

#include "bench/measure.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <thread>
#include <unistd.h>

namespace carillon::bench {
namespace {

constexpr std::uint64_t jobs_per_call = 1000;
constexpr std::ptrdiff_t calls_in_flight = 16;

} // namespace

workspace::workspace(const std::string& url) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  auto pattern = (program / "carillon-bench-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    give_up("cannot make a directory in " + program.string());
  directory_ = pattern;
  url_ = url.empty() ? "rocksdb:" + (directory_ / "log").string() : url;
  constexpr std::string_view scheme = "rocksdb:";
  if (url_.starts_with(scheme))
    log_directory_ = url_.substr(scheme.size());
}

workspace::~workspace() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::uint64_t workspace::log_bytes() const {
  std::uint64_t sum = 0;
  if (log_directory_.empty() || !std::filesystem::exists(log_directory_))
    return sum;
  for (const auto& file : std::filesystem::recursive_directory_iterator{log_directory_})
    if (file.is_regular_file())
      sum += file.file_size();
  return sum;
}

void give_up(const std::string& message) {
  std::fprintf(stderr, "carillon_bench: %s\n", message.c_str());
  std::exit(1);
}

scheduler open_engine(const workspace& at, std::uint32_t max_concurrent_jobs) {
  scheduler_options options;
  options.log = at.url();
  options.node = "bench";
  options.default_zone = "UTC";
  options.max_concurrent_jobs = max_concurrent_jobs;
  options.cleanup_interval.reset();
  options.snapshot_every = UINT64_MAX;
  options.sink = [](log_level level, std::string_view line) {
    if (level >= log_level::warning)
      std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };
  return must(scheduler::open(std::move(options)));
}

void register_noop_tasks(scheduler& engine, std::uint64_t count,
                         std::optional<std::uint32_t> limit) {
  task_options options;
  options.max_running_jobs = limit;
  for (std::uint64_t i = 0; i < count; ++i)
    must(engine.register_task(
        task_id{"task-" + std::to_string(i)},
        [](const job_context&) -> task_result { return value{}; }, options));
}

double run_noop_jobs(scheduler& engine, std::uint64_t count, std::uint64_t tasks) {
  constexpr auto success = static_cast<std::size_t>(job_outcome::success);
  const auto finished = [&] { return engine.stats().jobs_by_outcome[success]; };
  const auto goal = finished() + count;
  std::vector<task_id> names;
  for (std::uint64_t i = 0; i < tasks; ++i)
    names.emplace_back("task-" + std::to_string(i));
  std::counting_semaphore<> free_calls{calls_in_flight};
  const auto start = steady::now();
  for (std::uint64_t added = 0; added < count;) {
    add_jobs call;
    call.jobs.resize(std::min(jobs_per_call, count - added));
    for (auto& job : call.jobs)
      job.task = names[added++ % tasks];
    free_calls.acquire();
    engine.ask_async(std::move(call), {}, [&](const expected<answer>& done) {
      if (!done)
        give_up(done.error().message);
      free_calls.release();
    });
  }
  for (std::ptrdiff_t i = 0; i < calls_in_flight; ++i)
    free_calls.acquire();
  while (finished() < goal)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return seconds_since(start);
}

} // namespace carillon::bench
