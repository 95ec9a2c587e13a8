#pragma once

#include "actors/node_context.hpp"
#include "domain/job_aggregate.hpp"
#include "projections/task_table.hpp"
#include "stores/event_log.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// What runs jobs. Executors know nothing of actors: they take runs and put reports into an outbox.
namespace carillon::actors {

/// One attempt, ready to go. `job` is the state as of the claim.
struct run_request {
  domain::job_state job;
  projections::task_ptr task;
};

/// Where executors put their reports; the owner is woken when it was empty.
class outbox {
public:
  explicit outbox(std::function<void()> wake) : wake_{std::move(wake)} {}

  void put(domain::run_report report) {
    bool was_empty = false;
    {
      const std::lock_guard hold{mutex_};
      was_empty = reports_.empty();
      reports_.push_back(std::move(report));
    }
    if (was_empty)
      wake_();
  }
  /// Puts back what could not be recorded, without waking anyone.
  void keep(domain::run_report report) {
    const std::lock_guard hold{mutex_};
    reports_.push_back(std::move(report));
  }
  std::vector<domain::run_report> take() {
    const std::lock_guard hold{mutex_};
    return std::exchange(reports_, {});
  }

private:
  std::mutex mutex_;
  std::vector<domain::run_report> reports_;
  std::function<void()> wake_;
};

/// Why all runs are to stop.
enum class stop_reason : std::uint8_t {
  drain,      ///< The node stops.
  lease_lost, ///< Its session is lost: a run that does not succeed is `abandoned`, not an error.
};

/// Runs attempts of one kind. Thread-safe.
class executor {
public:
  virtual ~executor() = default;
  /// True when this node can run `task` with it.
  virtual bool can_run(const task_id& task) const = 0;
  /// Tasks that it has handlers of its own for.
  virtual std::vector<task_id> tasks() const { return {}; }
  /// Takes the runs; each gets exactly one report. Must not block for long.
  virtual void start(std::vector<run_request> runs) = 0;
  /// Asks a run to stop; its report follows. Unknown runs are ignored.
  virtual void cancel(const job_id& id, position fence, duration grace) = 0;
  /// Asks all runs that do not outlive the process to stop.
  virtual void stop_all(stop_reason) {}
  /// The ending of this run is in the log.
  virtual void settled(const job_id&, position) {}
  /// Takes back what has not begun; those runs get no report any more.
  virtual std::vector<std::pair<job_id, position>> take_back() { return {}; }
  /// Runs that have begun and have no report yet.
  virtual std::size_t running() const = 0;
  /// True when its runs survive this process and are adopted by the next.
  virtual bool outlives_process() const { return false; }
  /// Takes over the runs that an earlier process left: alive, or their report follows. Called once.
  virtual std::vector<std::pair<job_id, position>> adopt() { return {}; }
};

/// Gives each report to the outbox of the job's owner.
using report_sink = std::function<void(domain::run_report)>;

/// The executors of a node by name.
class executors {
public:
  void add(std::string name, std::shared_ptr<executor> runner) {
    by_name_[std::move(name)] = std::move(runner);
  }
  /// nullptr when this node has none of that name.
  executor* find(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second.get();
  }
  const std::map<std::string, std::shared_ptr<executor>>& all() const { return by_name_; }

private:
  std::map<std::string, std::shared_ptr<executor>> by_name_;
};

/// Name of the executor that runs a job: its own choice, else its task's.
const std::string& executor_name(const domain::job_state& job, const domain::task_state& task);

/// C++ handlers on a fixed number of threads. A handler past its timeout has its stop token set.
std::shared_ptr<executor> make_thread_executor(node_context_ptr node,
                                               std::shared_ptr<stores::event_log> log,
                                               report_sink sink);

/// Commands, each beside a supervisor that survives this process; run directories in `directory`.
/// Errors: not_found (no supervisor program).
expected<std::shared_ptr<executor>> make_process_executor(node_context_ptr node,
                                                          std::shared_ptr<stores::event_log> log,
                                                          const std::filesystem::path& directory,
                                                          report_sink sink);

} // namespace carillon::actors
