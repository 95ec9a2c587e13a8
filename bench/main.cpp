#include "bench/workload.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <cstdio>
#include <malloc.h>
#include <string>

using namespace carillon::bench;

namespace {

struct workload {
  const char* name;
  const char* about;
  figures (*run)(const parameters&);
};

constexpr std::array workloads{
    workload{"cluster", "--jobs drained by --nodes on --log postgres://..., --broker", run_cluster},
    workload{"soak", "--rate jobs a second for --seconds on --nodes: memory", run_soak},
    workload{"fires", "lateness of --schedules schedules on --nodes (each every 30 s)", run_fires},
    workload{"jobs", "no-op jobs added, run and recorded (--jobs, --tasks, --limit)", run_jobs},
    workload{"flat", "cost of a job with 10,000 and with --jobs jobs in the log", run_flat},
    workload{"adds", "--clients clients, one job a call, for --seconds", run_adds},
    workload{"latency", "add to start and fire lateness on an idle system", run_latency},
    workload{"schedules", "--schedules idle cron schedules: memory, start, fires", run_schedules},
    workload{"replay", "reading --events records back into live state", run_replay},
    workload{"next", "nanoseconds per next fire time of ten cron expressions", run_next},
};

const workload* find(const std::string& name) {
  for (const auto& w : workloads)
    if (w.name == name)
      return &w;
  return nullptr;
}

} // namespace

int main(int argc, char** argv) {
  // As the daemon does, where tcmalloc is not linked in: blocks of events come and go by the
  // megabyte, and glibc would fetch their memory from the kernel anew each time.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  CLI::App app{"Figures of Carillon, each beside what the machine itself can do."};
  parameters with;
  std::string name;
  bool list = false;
  bool json = false;
  app.add_option("workload", name, "one of --list");
  app.add_flag("--list", list, "names the workloads");
  app.add_flag("--json", json, "one line of JSON; without it the object is indented");
  app.add_option("--log", with.log, "URL of the log; default: a fresh directory, removed after");
  app.add_option("--jobs", with.jobs)->check(CLI::PositiveNumber);
  app.add_option("--tasks", with.tasks)->check(CLI::PositiveNumber);
  app.add_option("--limit", with.limit, "running jobs per task")->check(CLI::PositiveNumber);
  app.add_option("--schedules", with.schedules)->check(CLI::PositiveNumber);
  app.add_option("--events", with.events)->check(CLI::PositiveNumber);
  app.add_option("--clients", with.clients)->check(CLI::PositiveNumber);
  app.add_option("--seconds", with.seconds)->check(CLI::PositiveNumber);
  app.add_option("--rate", with.rate, "jobs a second, at least 10")->check(CLI::Range(10, 100'000));
  app.add_option("--nodes", with.nodes)->check(CLI::PositiveNumber);
  app.add_option("--broker", with.broker, "mqtt://HOST:PORT; default: none");
  app.add_flag("--publish-events", with.publish_events, "publishes each event at the broker");
  CLI11_PARSE(app, argc, argv);
  if (list) {
    for (const auto& w : workloads)
      std::printf("%-10s %s\n", w.name, w.about);
    return 0;
  }
  const auto* chosen = find(name);
  if (chosen == nullptr) {
    std::fprintf(stderr, "carillon_bench: unknown workload '%s'; see --list\n", name.c_str());
    return 2;
  }
  std::printf("%s\n", chosen->run(with).dump(json ? -1 : 2).c_str());
  return 0;
}
