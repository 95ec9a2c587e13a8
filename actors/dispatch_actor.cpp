#include "actors/id_source.hpp"
#include "actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace carillon::actors {
namespace {

/// Claims in one append.
constexpr std::size_t claims_per_append_max = 5'000;

/// How long claiming rests after the log took nothing.
constexpr duration pause_after_failure = std::chrono::seconds{1};

struct dispatch_state {
  using actor_type = std::remove_pointer_t<dispatch_actor::stateful_pointer<dispatch_state>>;
  explicit dispatch_state(dispatch_actor::pointer self) : self{self} {}
  static inline const char* name = "dispatch";

  dispatch_actor::pointer self;
  node_context_ptr node;
  handles_ptr peers;
  projections::job_queue queue;
  position applied = 0;
  std::optional<time_point> told; ///< What the trigger actor knows of our next wake.
  id_source ids;
};

bool is_claiming(const dispatch_state& st) {
  return st.node->session_start != 0 && !st.node->draining && !st.node->log_broken &&
         st.node->options.role != node_role::scheduler;
}

std::size_t free_workers(const dispatch_state& st) {
  const std::size_t most = st.node->options.max_concurrent_jobs;
  return most - std::min(most, st.queue.held_here());
}

void set_task(dispatch_state& st, const task_id& id) {
  const auto task = st.node->tasks.find(id);
  if (task == nullptr)
    st.queue.set_task(id, 1, false);
  else
    st.queue.set_task(id, task->settings.max_running_jobs, st.node->can_run(*task));
}

void apply(dispatch_state& st, const event& e, position at) {
  std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (What::category == stream_category::task)
          set_task(st, what.id);
        else if constexpr (std::is_same_v<What, job_added>)
          st.queue.add({what.id, what.task, what.schedule, what.deadline}, at, what.run_at);
        else if constexpr (std::is_same_v<What, job_acquired>)
          st.queue.acquired(what.id, what.slot, what.node == st.node->node);
        else if constexpr (std::is_same_v<What, job_released>)
          st.queue.released(what.id);
        else if constexpr (std::is_same_v<What, lease_lost>)
          st.queue.lost(what.id);
        else if constexpr (std::is_same_v<What, job_finished>)
          st.queue.ended(what.id);
      },
      e);
}

void tell_trigger(dispatch_state& st, std::optional<time_point> next) {
  if (!is_claiming(st) || next == st.told)
    return;
  st.told = next;
  st.self->send(st.peers->trigger, wake_at{st.peers->schedules.size(), next});
}

void claim(dispatch_state& st);

void on_claims_answered(dispatch_state& st, const std::vector<job_id>& jobs,
                        const append_reply& reply) {
  if (!reply.failure && reply.outcomes.front().kind == stores::outcome_kind::appended)
    return;
  for (const auto& id : jobs)
    st.queue.unreserve(id);
  if (reply.failure)
    tell_trigger(st, st.node->now() + pause_after_failure);
  else
    claim(st); // one of them moved meanwhile; the queue knows by now
}

/// Claims what may run, and gives up what is too late: one commit, one append.
void claim(dispatch_state& st) {
  if (!is_claiming(st))
    return;
  const domain::decision_context context{st.node->now(), st.node->node, st.node->zone};
  const auto taken = st.queue.take(context.now, std::min(free_workers(st), claims_per_append_max));
  if (taken.empty())
    return tell_trigger(st, st.queue.next_wake());
  auto commits = std::make_shared<std::vector<stores::commit>>(1);
  auto& commit = commits->front();
  commit.id = st.ids.commit();
  commit.known = st.applied;
  commit.meta = {.who = "engine", .from = "dispatch"};
  std::vector<job_id> jobs;
  commit.events.reserve(taken.size());
  commit.guards.reserve(taken.size());
  jobs.reserve(taken.size());
  for (const auto& job : taken) {
    auto decided = domain::acquire(job, context);
    commit.guards.push_back(stores::stream_key(job.id));
    for (auto& e : decided.events)
      commit.events.push_back(std::move(e));
    jobs.push_back(job.id);
  }
  auto* self = st.self;
  self->request(st.peers->log, caf::infinite, append_request{lane::claim, commits})
      .then(
          [self, jobs = std::move(jobs)](const append_reply& reply) {
            on_claims_answered(static_cast<dispatch_state::actor_type*>(self)->state, jobs, reply);
          },
          [](const caf::error&) {});
  tell_trigger(st, st.queue.next_wake());
}

void on_published(dispatch_state& st, const stores::block& block) {
  for (const auto& commit : block.commits) {
    auto at = commit.first;
    for (const auto& e : commit.events)
      apply(st, e, at++);
  }
  st.applied = block.first + block.count - 1;
  claim(st);
  st.node->counts.jobs_waiting = st.queue.waiting();
  st.node->counts.jobs_running = st.queue.slots_in_use();
}

/// Adds claims to a fire for its jobs that can start at once; answers which.
std::vector<job_id> claim_within(dispatch_state& st, stores::commit& commit) {
  std::vector<job_id> reserved;
  if (!is_claiming(st))
    return reserved;
  const auto events = commit.events.size();
  for (std::size_t i = 0; i < events; ++i) {
    const auto* job = std::get_if<job_added>(&commit.events[i]);
    if (job == nullptr || job->run_at || free_workers(st) == 0)
      continue;
    const auto slot = st.queue.reserve(job->id, job->task);
    if (!slot)
      continue;
    reserved.push_back(job->id);
    commit.events.push_back(job_acquired{reserved.back(), st.node->node, *slot});
  }
  return reserved;
}

caf::result<append_reply> on_commit_fires(dispatch_state& st, const commit_fires& fires) {
  auto reserved = std::make_shared<std::vector<std::vector<job_id>>>();
  for (auto& commit : *fires.commits)
    reserved->push_back(claim_within(st, commit));
  auto* self = st.self;
  auto answer = self->make_response_promise<append_reply>();
  self->request(st.peers->log, caf::infinite, append_request{lane::fire, fires.commits})
      .then(
          [self, reserved, answer](append_reply& reply) mutable {
            auto& st = static_cast<dispatch_state::actor_type*>(self)->state;
            for (std::size_t i = 0; i < reserved->size(); ++i)
              if (reply.failure || reply.outcomes[i].kind != stores::outcome_kind::appended)
                for (const auto& id : (*reserved)[i])
                  st.queue.unreserve(id);
            answer.deliver(std::move(reply));
          },
          [answer](const caf::error& e) mutable { answer.deliver(e); });
  return answer;
}

dispatch_actor::behavior_type
dispatch_behavior(dispatch_actor::stateful_pointer<dispatch_state> self, node_context_ptr node,
                  handles_ptr peers, std::shared_ptr<projections::job_queue> queue,
                  position applied) {
  auto& st = self->state;
  st.node = std::move(node);
  st.peers = std::move(peers);
  st.queue = std::move(*queue);
  st.applied = applied;
  return {
      [self](const published& p) { on_published(self->state, *p.what); },
      [self](const commit_fires& f) { return on_commit_fires(self->state, f); },
      [self](dispatch_due) {
        self->state.told.reset();
        claim(self->state);
      },
      [self](const capability_added& added) {
        set_task(self->state, added.task);
        claim(self->state);
      },
      [self](const look_queue& l) { l.with(self->state.queue); },
  };
}

} // namespace

dispatch_actor spawn_dispatch(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                              projections::job_queue queue, position applied) {
  return system.spawn(dispatch_behavior, std::move(node), std::move(peers),
                      std::make_shared<projections::job_queue>(std::move(queue)), applied);
}

} // namespace carillon::actors
