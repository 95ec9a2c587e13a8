#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

/// The workloads of carillon_bench. Each returns its figures as one JSON object, yardstick
/// included, and ends the program with a message when the engine refuses something.
namespace carillon::bench {

/// Keeps keys in the order they were added.
using figures = nlohmann::ordered_json;

/// What the command line says; each workload uses what concerns it.
struct parameters {
  std::string log = {}; ///< URL; empty = a fresh directory beside the program.
  std::uint64_t jobs = 200'000;
  std::uint64_t tasks = 1;
  std::optional<std::uint32_t> limit = {}; ///< Running jobs per task; none = no limit.
  std::uint64_t schedules = 1'000'000;
  std::uint64_t events = 1'000'000;
  std::uint32_t clients = 64;
  std::uint32_t seconds = 5;
  std::uint32_t nodes = 3;
  std::uint32_t rate = 1'000; ///< Jobs a second.
  std::string broker = {};     ///< URL; empty = none.
  bool publish_events = false; ///< At the broker, for listeners outside.
};

/// Ad-hoc no-op jobs, added 1,000 a call, run and recorded.
figures run_jobs(const parameters& with);
/// The cost of a job with few and with many jobs in the log.
figures run_flat(const parameters& with);
/// Many clients, one job a call, each answered when it is durable.
figures run_adds(const parameters& with);
/// An idle system: one job at a time, then one fire at a time.
figures run_latency(const parameters& with);
/// Idle schedules: memory, start, idle CPU, and the fires among them.
figures run_schedules(const parameters& with);
/// Reading a log back into live state.
figures run_replay(const parameters& with);
/// Nanoseconds per next fire time of ten cron expressions.
figures run_next(const parameters& with);

/// Nodes on one log in PostgreSQL: jobs added at one of them, run by all.
figures run_cluster(const parameters& with);
/// The same nodes under a steady load for a long time: memory.
figures run_soak(const parameters& with);
/// The same nodes and many schedules: how late they fire.
figures run_fires(const parameters& with);

} // namespace carillon::bench
