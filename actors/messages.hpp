#pragma once

#include "carillon/command.hpp"
#include "carillon/scheduler.hpp"
#include "cluster/block_channel.hpp"
#include "domain/job_aggregate.hpp"
#include "domain/schedule_aggregate.hpp"
#include "domain/task_aggregate.hpp"
#include "projections/job_queue.hpp"
#include "projections/job_table.hpp"
#include "projections/schedule_table.hpp"
#include "stores/event_log.hpp"
#include "stores/history_store.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// What actors say to each other. These never leave the process: small values or shared pointers.
namespace carillon::actors {

/// Which appends go first when more waits than a block can hold.
enum class lane : std::uint8_t { finish, fire, claim, command };
inline constexpr std::size_t lane_count = 4;

/// Commits on their way into the log, moved out by the log actor.
struct append_request {
  lane where = lane::command;
  std::shared_ptr<std::vector<stores::commit>> commits;
};

struct append_reply {
  std::vector<stores::outcome> outcomes = {}; ///< One per commit; empty with `failure`.
  std::optional<error> failure = {};          ///< The log took nothing.
};

/// A block is durable. Sent in position order, before the writer gets its answer.
struct published {
  std::shared_ptr<const stores::block> what;
};

/// The log actor writes what waits.
struct flush {};

/// A command on its way, and whom to tell.
struct pending_command {
  command what;
  request_info info;
  std::function<void(expected<answer>)> done;
  domain::task_usage usage = {};      ///< For remove_task: counted by who asks, over all owners...
  position counted_at = ~position{0}; ///< ... when this much of the log was applied.
  std::size_t bytes = 0;              ///< Its part of `counters::waiting_bytes`.
  int tries = 0;
};
struct ask {
  std::shared_ptr<pending_command> what;
};

/// Runs a pure reader on the state of its owner, in order with everything else.
template <class State> struct look { std::function<void(const State&)> with; };
using look_schedules = look<projections::schedule_table>;
using look_jobs = look<projections::job_table>;
using look_queue = look<projections::job_queue>;
using look_log = look<std::shared_ptr<stores::event_log>>;
/// A store is asked, not only looked at.
struct look_history {
  std::function<void(stores::history_store&)> with;
};

/// Gathers what each owner knows as of one position: its part of the state hash and of a snapshot.
struct collector {
  position at = 0;
  stores::digest chain{};
  time_point time{};
  bool with_chunks = false;
  std::function<void(collector&)> done; ///< Called once, by the last to deliver.

  std::mutex mutex;
  projections::state_hash hash{};
  std::vector<stores::snapshot_chunk> chunks = {};
  std::size_t missing = 0; ///< Deliveries that are still to come.

  void deliver(const projections::state_hash& part, std::vector<stores::snapshot_chunk> saved) {
    bool last = false;
    {
      const std::lock_guard hold{mutex};
      hash += part;
      for (auto& chunk : saved)
        chunks.push_back(std::move(chunk));
      last = --missing == 0;
    }
    if (last)
      done(*this);
  }
};
using collector_ptr = std::shared_ptr<collector>;

/// Starts gathering at the position the log has now.
struct gather {
  collector_ptr into;
};
/// The marker behind the last block of a gathering's position.
struct gather_here {
  collector_ptr into;
};
/// Stores a gathered snapshot.
struct store_snapshot {
  collector_ptr from;
};

/// Schedules are due by `now`.
struct fire_due {
  time_point now;
};
/// Asks every owner to compute fire times again whose rules outside of the trigger have changed.
struct recompute_request {
  domain::recompute_schedule what = {};         ///< Of no schedule in particular.
  std::set<std::string> zones = {};             ///< With zone_rules: those that changed.
  position causation = 0;                       ///< The record that made it necessary; 0 = a start.
  std::function<void(recompute_request&)> done; ///< Called once, by the last to deliver.

  std::mutex mutex;
  std::size_t missing = 0;
  position at = 0;         ///< Of the last record that was written.
  std::uint64_t moved = 0; ///< Schedules whose next fire time is another one now.
  std::optional<error> failure = {};

  void deliver(position last, std::uint64_t count, const std::optional<error>& why) {
    bool is_last = false;
    {
      const std::lock_guard hold{mutex};
      at = std::max(at, last);
      moved += count;
      if (why && !failure)
        failure = why;
      is_last = --missing == 0;
    }
    if (is_last)
      done(*this);
  }
};
struct recompute_fires {
  std::shared_ptr<recompute_request> what;
};

/// Something the dispatcher waits for is due.
struct dispatch_due {};
/// Tells the trigger actor when `source` wants to be woken next; none = not at all.
struct wake_at {
  std::size_t source = 0;
  std::optional<time_point> when;
};
/// The alarm rang, or the clock was set.
struct alarm_rang {
  std::int64_t clock_step_us = 0; ///< Not 0: the wall clock jumped by this much.
};

/// Commits with new jobs, by a fire or a command; the dispatcher adds claims where a worker is
/// free.
struct commit_jobs {
  lane where = lane::fire;
  std::shared_ptr<std::vector<stores::commit>> commits;
};

/// A task can be run here from now on.
struct capability_added {
  task_id task;
};

/// Executors have put reports into the job actor's outbox.
struct reports_ready {};
/// Calls `done` when the job has ended, at once if it has.
struct watch_job {
  job_id id;
  std::function<void()> done;
};
/// A supervised run was found at start: alive, or with its outcome on the way.
struct adopt_runs {
  std::vector<std::pair<job_id, position>> runs;
};
/// Gives back what this node holds and has not begun, and stops the rest.
struct give_back {
  std::vector<std::pair<job_id, position>> unfinished;
};

/// Jobs of one owner that ended in the block up to `at`. They are the receiver's to take.
struct jobs_ended {
  std::size_t owner = 0;
  position at = 0;
  std::shared_ptr<std::vector<projections::ended_job>> jobs;
};

/// Another node of a shared log tells of a block.
struct block_heard {
  std::shared_ptr<const cluster::received_block> what; ///< Null: some may have gone unheard.
};
/// Reads what others have appended to a shared log.
struct poll_log {};
/// This node writes the shared log under another session.
struct session_opened {
  stores::session who;
};
/// Nodes that share the log came, went, or do other things: who tries first may have changed.
struct members_changed {};
/// Some node has fallen silent: what it ran is written down as lost, once nobody can be running it.
struct take_over_lost {};

/// Adds a subscriber that sees every block after `after`.
struct add_subscription {
  std::shared_ptr<struct subscriber> who;
};

} // namespace carillon::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::append_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::append_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::published)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::flush)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::ask)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::look_schedules)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::look_jobs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::look_queue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::look_history)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::look_log)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::gather)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::gather_here)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::store_snapshot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::fire_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::recompute_fires)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::dispatch_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::wake_at)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::alarm_rang)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::commit_jobs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::capability_added)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::reports_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::watch_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::adopt_runs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::give_back)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::jobs_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::add_subscription)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::block_heard)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::poll_log)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::session_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::members_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(carillon::actors::take_over_lost)
