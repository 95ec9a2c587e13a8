#pragma once

#include "actors/executors.hpp"
#include "actors/messages.hpp"
#include "actors/node_context.hpp"
#include "projections/live_state.hpp"

#include <caf/actor_system.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <functional>
#include <memory>
#include <vector>

/// Every typed handle of the shell, what its messages mean, and the functions that spawn them.
namespace carillon::actors {

/// Sees every block, in position order, each exactly once.
using block_listener = caf::typed_actor<caf::reacts_to<published>>;

/// Sole owner of the event log; detached. Gathers what waits into one block and one sync.
using log_actor = caf::typed_actor<
    // Appends; answers once it is durable and published.
    caf::replies_to<append_request>::with<append_reply>,
    // To itself: write what waits.
    caf::reacts_to<flush>,
    // Starts a gathering at the present position: tells every owner, adds the tasks.
    caf::reacts_to<gather>, caf::reacts_to<store_snapshot>, caf::reacts_to<look_log>,
    // Shared logs: another node tells of a block; look for what nobody told of; go on writing.
    caf::reacts_to<block_heard>, caf::reacts_to<poll_log>, caf::reacts_to<session_opened>>;

/// Owns the schedules of its shares: commands and fires.
using schedule_actor =
    caf::typed_actor<caf::reacts_to<published>, caf::reacts_to<ask>, caf::reacts_to<fire_due>,
                     caf::reacts_to<members_changed>, caf::reacts_to<recompute_fires>,
                     caf::reacts_to<gather_here>, caf::reacts_to<look_schedules>>;

/// Owns time: one alarm for everything that is due, and whom to wake.
using trigger_actor = caf::typed_actor<caf::reacts_to<wake_at>, caf::reacts_to<alarm_rang>>;

/// Decides which waiting job runs next here: queue, slots, free workers.
using dispatch_actor =
    caf::typed_actor<caf::reacts_to<published>,
                     // Fires and adds with their jobs: claims those that can start at once, in the
                     // same commit.
                     caf::replies_to<commit_jobs>::with<append_reply>, caf::reacts_to<dispatch_due>,
                     caf::reacts_to<capability_added>, caf::reacts_to<look_queue>>;

/// Owns the jobs of its shares: adds, runs, finishes, cancels.
using job_actor =
    caf::typed_actor<caf::reacts_to<published>, caf::reacts_to<ask>, caf::reacts_to<reports_ready>,
                     caf::reacts_to<watch_job>, caf::reacts_to<adopt_runs>,
                     caf::reacts_to<give_back>, caf::reacts_to<take_over_lost>,
                     caf::reacts_to<gather_here>, caf::reacts_to<look_jobs>>;

/// Writes finished jobs and schedule streams to the history store, behind the commit path;
/// detached.
using history_actor = caf::typed_actor<caf::reacts_to<published>, caf::reacts_to<jobs_ended>,
                                       caf::reacts_to<gather_here>, caf::reacts_to<look_history>>;

/// Calls the subscribers of this process; detached.
using subscription_actor =
    caf::typed_actor<caf::reacts_to<published>, caf::reacts_to<add_subscription>>;

/// What the history keeps of a job that has ended.
stores::finished_job to_finished_job(projections::ended_job ended);

/// Adds what the history keeps of a block: which task and schedule streams it has records of.
void note_touches(const stores::block& block, std::vector<stores::stream_touch>& touches);

/// Handles of a node's actors. Shares are spread over the owners by `share % owners.size()`.
struct handles {
  log_actor log;
  trigger_actor trigger;
  dispatch_actor dispatch;
  std::vector<schedule_actor> schedules;
  std::vector<job_actor> jobs;
  history_actor history;
  subscription_actor subscriptions;

  const schedule_actor& owner_of(const schedule_id& id) const {
    return schedules[projections::share_of(id) % schedules.size()];
  }
  const schedule_actor& owner_of(const task_id& id) const {
    return schedules[projections::share_of(id) % schedules.size()];
  }
  const schedule_actor& owner_of(const calendar_id& id) const {
    return schedules[projections::share_of(id) % schedules.size()];
  }
  const job_actor& owner_of(const job_id& id) const {
    return jobs[projections::share_of(id) % jobs.size()];
  }
};
using handles_ptr = std::shared_ptr<handles>;

/// Which part of the entities an owner holds.
struct ownership {
  std::size_t index = 0;
  std::size_t owners = 1;
  template <class Id> bool holds(const Id& id) const {
    return projections::share_of(id) % owners == index;
  }
};

/// An open log with the session in which this process writes.
struct open_session {
  std::shared_ptr<stores::event_log> log;
  stores::session who;
  stores::head head;
};

// The handles are filled in before the first message: actors keep the pointer, not copies.

log_actor spawn_log(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                    open_session session);
schedule_actor spawn_schedules(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                               ownership mine, projections::schedule_table table, position applied);
trigger_actor spawn_trigger(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                            std::function<void(std::optional<time_point>)> set_alarm);
dispatch_actor spawn_dispatch(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                              projections::job_queue queue, position applied);
job_actor spawn_jobs(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                     ownership mine, projections::job_table table, position applied,
                     std::shared_ptr<executors> runs, std::shared_ptr<outbox> reports);
history_actor spawn_history(caf::actor_system& system, node_context_ptr node, std::size_t owners,
                            position applied, std::shared_ptr<stores::history_store> store);
subscription_actor spawn_subscriptions(caf::actor_system& system, node_context_ptr node,
                                       std::shared_ptr<stores::event_log> log);

} // namespace carillon::actors
