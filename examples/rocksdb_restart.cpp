// What was scheduled survives its process: two lives of one program on one directory.

#include <carillon/carillon.hpp>

#include <cstdlib>
#include <filesystem>
#include <iostream>

using namespace std::chrono_literals;
using carillon::schedule_id;
using carillon::task_id;

namespace {

int square(int n) { return n * n; }

/// Opens the log in `directory`; the handlers are registered by every life anew.
carillon::expected<carillon::scheduler> open(const std::filesystem::path& directory) {
  auto engine = carillon::scheduler::open({.log = "rocksdb:" + directory.string()});
  if (engine)
    if (auto registered = engine->register_task(task_id{"square"}, square); !registered)
      return carillon::unexpected{registered.error()};
  return engine;
}

/// Adds a schedule and runs a job; answers the job, or nothing when something failed.
std::optional<carillon::job_id> first_life(const std::filesystem::path& directory) {
  auto engine = open(directory);
  if (!engine || !engine->start())
    return {};
  carillon::schedule_spec nightly{.id = schedule_id{"nightly"}, .task = task_id{"square"}};
  carillon::cron at_three;
  at_three.hour = "3";
  nightly.trigger = {.kind = at_three, .timezone = "UTC", .start_time = {}, .end_time = {}};
  if (!engine->ask(carillon::add_schedule{nightly}))
    return {};
  const auto job = engine->add_job({.task = task_id{"square"},
                                    .args = carillon::to_payload({.args = {12}, .kwargs = {}}),
                                    .result_expiration = 24h});
  if (!job || !engine->result(*job, 1min))
    return {};
  std::cout << "first life: " << engine->status().schedules << " schedule, a job done\n";
  return *job;
}

} // namespace

int main() {
  auto pattern = (std::filesystem::temp_directory_path() / "carillon-example-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    return 1;
  const std::filesystem::path directory{pattern};
  const auto job = first_life(directory);
  if (!job)
    return 1;
  {
    auto engine = open(directory);
    if (!engine)
      return 1;
    const auto nightly = engine->schedule(schedule_id{"nightly"});
    const auto result = engine->result(*job);
    if (!nightly || !result || !result->return_value)
      return 1;
    std::cout << "second life: " << nightly->id.value << " is " << to_string(nightly->status)
              << ", the job's result is " << to_json(*result->return_value) << "\n";
  }
  std::filesystem::remove_all(directory);
}
