#pragma once

#include "runs/run_spec.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace carillon::runs {

/// Where runs live and what watches over them.
struct runner_options {
  std::filesystem::path directory;       ///< One directory per run is made here; mode 0700.
  std::filesystem::path supervisor = {}; ///< The supervisor program; empty = see `find_supervisor`.
};

/// A run that an earlier process has left.
struct found_run {
  job_id job;
  std::uint64_t fence = 0;
  bool alive = false; ///< Its supervisor lives; otherwise its outcome (or `lost`) is on its way.
};

/// Starts commands, each beside a supervisor process that survives this one, and reports how they
/// ended. Thread-safe. One thread of its own waits for all of them. One runner at a time per
/// directory. The destructor leaves the runs going: the next runner on the directory adopts them.
class process_runner {
public:
  /// Receives each outcome, on the runner's own thread; may call the runner, should not block for
  /// long. The run directory stays until `forget`, so an outcome that was not recorded comes again
  /// by `adopt`.
  using on_done = std::function<void(run_outcome)>;

  /// Makes the directory if it is missing. Errors: not_found (no supervisor), internal.
  static expected<std::unique_ptr<process_runner>> open(runner_options options, on_done done);
  ~process_runner();

  /// Starts one attempt. Returns once its supervisor exists; whatever fails after that (no such
  /// program, no such working directory) is an outcome `not_started`. After an error nothing runs
  /// and no outcome comes. Errors: conflict (this job and fence were started before),
  /// limit_exceeded (the spec is over 8 MiB), no_space, internal.
  expected<void> start(const run_spec& spec);

  /// Asks a run to end: SIGTERM to its group, SIGKILL after `grace`. The outcome is `cancelled`,
  /// unless it has ended before. Asking again can only shorten the wait; unknown and ended runs are
  /// ignored.
  void cancel(const job_id& job, std::uint64_t fence, duration grace);

  /// Takes over what an earlier process left: living runs are watched again, the outcomes of ended
  /// ones are delivered, a run without either is delivered as `lost` after what it left behind was
  /// killed. To be called once, before the first `start`. Deliveries may come before it returns.
  std::vector<found_run> adopt();

  /// The outcome is recorded elsewhere: removes the run directory. Ignored while the run is alive.
  void forget(const job_id& job, std::uint64_t fence);

  /// Runs whose outcome has not been delivered yet.
  std::size_t alive() const;

private:
  struct state;
  explicit process_runner(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

} // namespace carillon::runs
