#include "actors/id_source.hpp"
#include "actors/interfaces.hpp"
#include "stores/commit_keys.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <map>

namespace carillon::actors {
namespace {

/// Claims in one append.
constexpr std::size_t claims_per_append_max = 5'000;

/// A task of which at most so many may run at once is one node's to run while that node can: more
/// nodes would not run more of it, only contend for its slots.
constexpr std::uint32_t slots_of_one_node = 8;

/// How long claiming rests when something is due by our clock, and not by that of the log.
constexpr duration pause_when_early = std::chrono::milliseconds{5};

/// How long the others leave a slot that became free to who is first for its task, for each rank.
constexpr duration slot_head_start = std::chrono::milliseconds{100};

/// How long claiming rests after the log took nothing.
constexpr duration pause_after_failure = std::chrono::seconds{1};

/// This node's ranks for the jobs of a task.
struct task_ranks {
  bool as_one = false; ///< The same for all of them.
  std::vector<std::pair<std::string, cluster::job_ranks>> by_executor = {};
};

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
  membership_ptr members; ///< Of a shared log; null = this node is its only writer.
  std::map<task_id, task_ranks> ranks; ///< Among `members`, as far as they were asked for.
};

bool is_appended(const stores::outcome& outcome) {
  return outcome.kind == stores::outcome_kind::appended;
}

std::size_t free_workers(const dispatch_state& st) {
  const std::size_t most = st.node->options.max_concurrent_jobs;
  return most - std::min(most, st.queue.held_here());
}

void set_task(dispatch_state& st, const task_id& id) {
  st.ranks.erase(id);
  const auto task = st.node->tasks.find(id);
  if (task == nullptr)
    st.queue.set_task(id, 1, false);
  else
    st.queue.set_task(id, task->settings.max_running_jobs, st.node->can_run(*task));
}

void set_members(dispatch_state& st) {
  if (st.node->sharing == nullptr)
    return;
  auto members = st.node->sharing->members();
  if (members == st.members)
    return;
  st.members = std::move(members);
  st.ranks.clear();
}

/// This node's ranks for jobs of a task at an executor (empty = the task's); null = there is no
/// such task.
const cluster::job_ranks* ranks_for(dispatch_state& st, task_ranks& known, const task_id& name,
                                    const std::string& executor) {
  for (const auto& [at, ranks] : known.by_executor)
    if (at == executor)
      return &ranks;
  const auto task = st.node->tasks.find(name);
  if (task == nullptr)
    return nullptr;
  const auto& settings = task->settings;
  known.as_one = settings.max_running_jobs && *settings.max_running_jobs <= slots_of_one_node;
  cluster::job_needs needs{.task = name,
                           .executor = executor.empty() ? settings.executor : executor};
  needs.labels = settings.required_labels;
  needs.handler = needs.executor != executor_process;
  return &known.by_executor.emplace_back(executor, st.node->sharing->ranks_for(needs, *st.members))
              .second;
}

/// Rank of this node for a job, or for all jobs of its task when only a few may run at once: 0
/// tries first.
std::uint32_t rank_for(dispatch_state& st, const job_id& job, const task_id& name,
                       const std::string& executor) {
  auto& known = st.ranks[name];
  const auto* ranks = ranks_for(st, known, name, executor);
  if (ranks == nullptr)
    return 0;
  return (known.as_one ? ranks->of_task() : ranks->of(job)).value_or(last_rank);
}

/// Until when a job of which `from` is the begin is another node's to try first; none = it is ours.
std::optional<time_point> head_start(dispatch_state& st, const job_id& job, const task_id& task,
                                     const std::string& executor, time_point from) {
  const auto rank = st.members ? rank_for(st, job, task, executor) : 0;
  return rank == 0 ? std::nullopt : std::optional{cluster::may_try_at(from, rank, stand_in)};
}

/// Where another node is to try first, leaves a job that waits again to it for a while.
void give_head_start(dispatch_state& st, const job_id& job, time_point from) {
  if (const auto* task = st.queue.task_of(job))
    if (const auto until = head_start(st, job, *task, {}, from))
      st.queue.hold_back(job, *until);
}

/// A job of another node is about to free its slot: who is first for the task's jobs goes on.
void leave_slot(dispatch_state& st, const job_finished& job, time_point now) {
  if (!st.members || !st.queue.has_limit(job.task) || st.queue.is_held_here(job.id))
    return;
  if (const auto rank = rank_for(st, job.id, job.task, {}); rank != 0)
    st.queue.hold_back(job.task, now + slot_head_start * rank);
}

void apply(dispatch_state& st, const event& e, const domain::record_info& info) {
  std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (What::category == stream_category::task) {
          set_task(st, what.id);
        } else if constexpr (std::is_same_v<What, job_added>) {
          st.queue.add({what.id, what.task, what.schedule, what.deadline}, info.at, what.run_at,
                       head_start(st, what.id, what.task, what.executor,
                                  std::max(info.time, what.run_at.value_or(info.time))));
        } else if constexpr (std::is_same_v<What, job_acquired>) {
          st.queue.acquired(what.id, what.slot, what.node == st.node->node);
        } else if constexpr (std::is_same_v<What, job_released>) {
          st.queue.released(what.id);
          give_head_start(st, what.id, info.time);
        } else if constexpr (std::is_same_v<What, lease_lost>) {
          st.queue.lost(what.id);
          give_head_start(st, what.id, info.time);
        } else if constexpr (std::is_same_v<What, job_finished>) {
          leave_slot(st, what, info.time);
          st.queue.ended(what.id);
        }
      },
      e);
}

void tell_trigger(dispatch_state& st, std::optional<time_point> next) {
  if (!st.node->is_claiming() || next == st.told)
    return;
  st.told = next;
  st.self->send(st.peers->trigger, wake_at{st.peers->schedules.size(), next});
}

void claim(dispatch_state& st);

/// When there may be more to claim; where nodes share a log, a little later when that has come by
/// our clock alone.
std::optional<time_point> next_wake(const dispatch_state& st) {
  const auto next = st.queue.next_wake();
  if (!next || !st.members || *next > st.node->now())
    return next;
  return st.node->now() + pause_when_early;
}

/// One commit for all claims where this node is the log's only writer; else one each, so that those
/// that another node has claimed meanwhile do not hold up the rest.
std::shared_ptr<std::vector<stores::commit>>
to_commits(dispatch_state& st, const std::vector<domain::waiting_job>& taken,
           const domain::decision_context& context) {
  auto commits = std::make_shared<std::vector<stores::commit>>(st.members ? taken.size() : 1);
  if (!st.members) {
    commits->front().id = st.ids.commit();
    commits->front().events.reserve(taken.size());
    commits->front().guards.reserve(taken.size());
  }
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto& job = taken[i];
    auto& commit = (*commits)[st.members ? i : 0];
    commit.known = st.applied;
    commit.meta = {.who = "engine", .from = "dispatch"};
    auto decided = domain::acquire(job, context);
    for (auto& e : decided.events) {
      if (auto* claim = std::get_if<job_acquired>(&e); claim != nullptr && st.members) {
        stores::add_claim(commit, job.task, std::move(*claim));
        continue;
      }
      commit.guards.push_back(stores::stream_key(job.id));
      commit.events.push_back(std::move(e));
    }
  }
  return commits;
}

/// The claims that are in the log were published before its answer; the others are given back.
void on_claims_answered(dispatch_state& st, const std::vector<job_id>& jobs,
                        const append_reply& reply) {
  for (const auto& job : jobs)
    st.queue.unreserve(job);
  const auto& outcomes = reply.outcomes;
  if (reply.failure)
    tell_trigger(st, st.node->now() + pause_after_failure);
  else if (!std::all_of(outcomes.begin(), outcomes.end(), is_appended))
    claim(st); // some moved meanwhile or were added before; the queue knows by now
}

/// Claims what may run, and gives up what is too late, in one append.
void claim(dispatch_state& st) {
  if (!st.node->is_claiming())
    return;
  const auto& sharing = st.node->sharing;
  const auto now = sharing == nullptr ? st.node->now() : sharing->agreed_now(st.node->now());
  const domain::decision_context context{now, st.node->node, st.node->zone};
  const auto taken = st.queue.take(context.now, std::min(free_workers(st), claims_per_append_max));
  if (taken.empty())
    return tell_trigger(st, next_wake(st));
  std::vector<job_id> jobs;
  jobs.reserve(taken.size());
  for (const auto& job : taken)
    jobs.push_back(job.id);
  auto* self = st.self;
  self->request(st.peers->log, caf::infinite,
                append_request{lane::claim, to_commits(st, taken, context)})
      .then(
          [self, jobs = std::move(jobs)](const append_reply& reply) {
            on_claims_answered(static_cast<dispatch_state::actor_type*>(self)->state, jobs, reply);
          },
          [](const caf::error&) {});
  tell_trigger(st, next_wake(st));
}

void on_published(dispatch_state& st, const stores::block& block) {
  set_members(st);
  for (const auto& commit : block.commits) {
    auto at = commit.first;
    for (const auto& e : commit.events)
      apply(st, e, {at++, block.time});
  }
  st.applied = block.first + block.count - 1;
  claim(st);
  st.node->counts.jobs_waiting = st.queue.waiting();
  st.node->counts.jobs_running = st.queue.slots_in_use();
  st.node->counts.workers_free = free_workers(st);
}

/// Adds claims to a commit for those of its new jobs that can start at once; answers which.
std::vector<job_id> claim_within(dispatch_state& st, stores::commit& commit) {
  std::vector<job_id> reserved;
  if (!st.node->is_claiming())
    return reserved;
  const auto now = st.node->now();
  const auto events = commit.events.size();
  for (std::size_t i = 0; i < events && free_workers(st) != 0; ++i) {
    const auto* job = std::get_if<job_added>(&commit.events[i]);
    if (job == nullptr || job->run_at || (job->deadline && now > *job->deadline))
      continue;                  // also those that are too late: `claim` gives them up
    const auto task = job->task; // adding the claim moves the events
    const auto slot = st.queue.reserve(job->id, task);
    if (!slot)
      continue;
    reserved.push_back(job->id);
    job_acquired claim{reserved.back(), st.node->node, *slot};
    if (st.members)
      stores::add_claim(commit, task, std::move(claim));
    else
      commit.events.push_back(std::move(claim));
  }
  return reserved;
}

caf::result<append_reply> on_commit_jobs(dispatch_state& st, const commit_jobs& adding) {
  std::vector<job_id> reserved;
  for (auto& commit : *adding.commits)
    for (auto& id : claim_within(st, commit))
      reserved.push_back(std::move(id));
  st.node->counts.workers_free = free_workers(st);
  auto* self = st.self;
  auto answer = self->make_response_promise<append_reply>();
  self->request(st.peers->log, caf::infinite, append_request{adding.where, adding.commits})
      .then(
          [self, reserved = std::move(reserved), answer](append_reply& reply) mutable {
            on_claims_answered(static_cast<dispatch_state::actor_type*>(self)->state, reserved,
                               reply);
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
  st.node->counts.workers_free = free_workers(st);
  set_members(st);
  return {
      [self](const published& p) { on_published(self->state, *p.what); },
      [self](const commit_jobs& adding) { return on_commit_jobs(self->state, adding); },
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
