#pragma once

#include "actors/log_sharing.hpp"
#include "actors/rules_directory.hpp"
#include "carillon/scheduler.hpp"
#include "events/level.hpp"
#include "projections/task_table.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace carillon::actors {

/// All tasks, readable from any actor. Written by the log actor alone, just before it publishes the
/// block that changed them, so a reader is at most ahead of its own position, never behind.
class task_directory {
public:
  void reset(projections::task_table table) {
    const std::unique_lock hold{mutex_};
    table_ = std::move(table);
  }
  void apply(const event& e, const domain::record_info& info) {
    const std::unique_lock hold{mutex_};
    table_.apply(e, info);
  }
  projections::task_ptr find(const task_id& id) const {
    const std::shared_lock hold{mutex_};
    return table_.find(id);
  }
  template <class Read> auto read(Read&& look) const {
    const std::shared_lock hold{mutex_};
    return look(table_);
  }

private:
  mutable std::shared_mutex mutex_;
  projections::task_table table_;
};

/// The C++ handlers registered in this process.
class handler_registry {
public:
  /// False when the task has a handler already.
  bool add(const task_id& id, task_handler handler) {
    const std::unique_lock hold{mutex_};
    return handlers_.try_emplace(id, std::make_shared<const task_handler>(std::move(handler)))
        .second;
  }
  /// nullptr when there is none.
  std::shared_ptr<const task_handler> find(const task_id& id) const {
    const std::shared_lock hold{mutex_};
    const auto found = handlers_.find(id);
    return found == handlers_.end() ? nullptr : found->second;
  }

  std::vector<task_id> tasks() const {
    const std::shared_lock hold{mutex_};
    std::vector<task_id> out;
    for (const auto& [task, handler] : handlers_)
      out.push_back(task);
    return out;
  }

private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<task_id, std::shared_ptr<const task_handler>> handlers_;
};

/// Counters that actors write and anyone reads.
struct counters {
  std::atomic<std::uint64_t> waiting_bytes{0}; ///< Commands on their way into the log.
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> blocks{0};
  std::atomic<std::uint64_t> conflicts{0};
  std::atomic<std::uint64_t> fires{0};
  std::atomic<std::uint64_t> schedules{0};
  std::atomic<std::uint64_t> jobs_waiting{0};
  std::atomic<std::uint64_t> jobs_running{0};
  std::atomic<std::uint64_t> workers_free{
      0}; ///< Room for more runs here, as the dispatcher sees it.
  std::array<std::atomic<std::uint64_t>, 7> jobs_by_outcome{};
};

/// What every actor of a node knows. Shared; immutable but for its thread-safe parts.
struct node_context {
  scheduler_options options;
  node_id node;
  std::string zone;            ///< Resolved default zone.
  const clock* time = nullptr; ///< Never null.
  time_point opened_at{};
  bool detached = true; ///< Actors that block have a thread of their own; tests drive them all.
  task_directory tasks;
  rules_directory rules;
  handler_registry handlers;
  /// Whether this node can run a task: it has its labels and the executor, and
  /// for threads the handler. Set once.
  std::function<bool(const domain::task_state&)> can_run;
  counters counts;
  std::atomic<position> applied{0}; ///< Last position every actor has been sent.
  std::atomic<position> session_start{
      0}; ///< Position of this session's node_started; 0 = not started.
  std::atomic<std::uint32_t> level{events::first_level}; ///< The log's, as far as it is applied.
  std::atomic<bool> draining{false};                     ///< Nothing new fires or is claimed.
  std::atomic<bool> log_broken{
      false}; ///< The log takes no more: nothing fires, commands are refused.
  /// The others that write the log; null = this node is its only writer.
  std::shared_ptr<log_sharing> sharing;
  std::string lease_file; ///< For supervisors of runs; empty = runs need no lease.

  time_point now() const { return time->now(); }
  /// The log is of no use to this node any more. Its session ends, so that others take over.
  void break_log() {
    log_broken = true;
    if (sharing != nullptr && sharing->give_up)
      sharing->give_up();
  }
  /// Whether what this node has claimed is its own to run, as far as it can know.
  bool holds_lease() const { return sharing == nullptr || sharing->may_work(); }
  /// Whether this node takes on new work: it is started, does not drain, and has its log.
  bool is_active() const {
    return session_start != 0 && !draining && !log_broken && holds_lease() &&
           (sharing == nullptr || !sharing->away);
  }
  /// Whether it may claim jobs.
  bool is_claiming() const { return is_active() && options.role != node_role::scheduler; }
  void log(log_level level, std::string_view line) const {
    if (options.sink)
      options.sink(level, line);
  }
};

using node_context_ptr = std::shared_ptr<node_context>;

} // namespace carillon::actors
