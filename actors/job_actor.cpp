#include "actors/command_handler.hpp"
#include "actors/id_source.hpp"
#include "actors/log_marks.hpp"
#include "actors/takeover.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace carillon::actors {
namespace {

/// Endings in one append; the others follow at once.
constexpr std::size_t endings_per_append_max = 5'000;

/// How long endings are kept before they are offered again to a log that took nothing.
constexpr duration pause_after_failure = std::chrono::seconds{1};

struct job_actor_state {
  using actor_type = std::remove_pointer_t<job_actor::stateful_pointer<job_actor_state>>;
  explicit job_actor_state(job_actor::pointer self) : self{self} {}
  static inline const char* name = "jobs";

  job_actor::pointer self;
  node_context_ptr node;
  handles_ptr peers;
  ownership mine;
  projections::job_table table;
  position applied = 0;
  std::shared_ptr<executors> runs;
  std::shared_ptr<outbox> reports;
  std::unordered_multimap<job_id, std::function<void()>> watchers;
  cluster::absent_nodes absent;    ///< That hold claims.
  std::set<commit_id> told_losses; ///< Lost sessions that the log knows of.
  id_source ids;
};

using state = job_actor_state;

executor* executor_of(const state& st, const domain::job_state& job) {
  const auto task = st.node->tasks.find(job.task);
  return task == nullptr ? nullptr : st.runs->find(executor_name(job, *task));
}

void append_endings(state& st, std::vector<domain::run_report> reports);

/// Whether the claims in a block are this process's to run: not those of its node's former life.
bool is_ours(const state& st, const stores::block& block) {
  return st.node->session_start != 0 && block.node == st.node->node &&
         (st.node->sharing == nullptr || st.node->sharing->is_ours(block.session));
}

/// Runs grouped by executor, handed over in one call each.
struct starting_runs {
  std::unordered_map<executor*, std::vector<run_request>> by_executor;
  std::vector<domain::run_report> impossible;
};

void begin(const state& st, const domain::job_state& job, std::uint64_t session,
           starting_runs& into) {
  const auto& sharing = st.node->sharing;
  if (!st.node->holds_lease() || (sharing != nullptr && !sharing->is_current(session))) {
    into.impossible.push_back(
        {.id = job.id, .fence = job.fence, .outcome = job_outcome::abandoned});
    return;
  }
  auto task = st.node->tasks.find(job.task);
  auto* runner = task == nullptr ? nullptr : st.runs->find(executor_name(job, *task));
  if (runner != nullptr && (runner->outlives_process() || runner->can_run(job.task))) {
    into.by_executor[runner].push_back({job, std::move(task)});
    return;
  }
  into.impossible.push_back(
      {.id = job.id,
       .fence = job.fence,
       .outcome = job_outcome::error,
       .error = error_info{"unclaimable", "this node cannot run task '" + job.task.value + "'"}});
}

void on_ended(state& st, const projections::ended_job& ended) {
  if (ended.end.fence != 0)
    if (auto* runner = executor_of(st, ended.state))
      runner->settled(ended.state.id, ended.end.fence);
  const auto [first, last] = st.watchers.equal_range(ended.state.id);
  for (auto watcher = first; watcher != last; ++watcher)
    watcher->second();
  st.watchers.erase(first, last);
}

/// Nothing more is wanted of that run: what is kept of it may go.
void settle(const state& st, const job_id& id, position fence) {
  for (const auto& [name, runner] : st.runs->all())
    runner->settled(id, fence);
}

/// The claim is not ours any more: if its run still goes on here, it stops.
void give_up(const state& st, const job_id& id, position fence) {
  for (const auto& [name, runner] : st.runs->all())
    runner->cancel(id, fence, st.node->options.kill_grace);
  settle(st, id, fence);
}

/// The endings in a block, of all owners.
std::size_t count_ended(const stores::block& block) {
  std::size_t count = 0;
  for (const auto& commit : block.commits)
    count += static_cast<std::size_t>(
        std::count_if(commit.events.begin(), commit.events.end(),
                      [](const event& e) { return std::holds_alternative<job_finished>(e); }));
  return count;
}

void on_published(state& st, const stores::block& block) {
  auto ended = std::make_shared<std::vector<projections::ended_job>>();
  ended->reserve(count_ended(block)); // they are large
  starting_runs starting;
  const bool are_claims_ours = is_ours(st, block);
  for (const auto& commit : block.commits) {
    auto at = commit.first;
    for (const auto& e : commit.events) {
      const auto here = at++;
      const auto* id = job_id_of(e);
      if (id == nullptr || !st.mine.holds(*id))
        continue;
      if (auto job = st.table.apply(e, {here, block.time}))
        ended->push_back(std::move(*job));
      else if (const auto* claim = std::get_if<job_acquired>(&e);
               claim != nullptr && are_claims_ours && claim->node == st.node->node)
        begin(st, *st.table.find(*id), block.session, starting);
      else if (const auto* lost = std::get_if<lease_lost>(&e); lost != nullptr)
        give_up(st, lost->id, lost->fence);
      else if (std::holds_alternative<job_cancel_requested>(e))
        if (const auto* job = st.table.find(*id);
            job != nullptr && job->status == job_status::running)
          if (auto* runner = executor_of(st, *job))
            runner->cancel(job->id, job->fence, st.node->options.kill_grace);
    }
  }
  st.applied = block.first + block.count - 1;
  for (auto& [runner, requests] : starting.by_executor)
    runner->start(std::move(requests));
  if (!starting.impossible.empty())
    append_endings(st, std::move(starting.impossible));
  for (const auto& job : *ended)
    on_ended(st, job);
  st.self->send(st.peers->history, jobs_ended{st.mine.index, st.applied, std::move(ended)});
}

/// The events that a report leads to; none when its claim is no longer the current one.
std::vector<event> decide_ending(const state& st, const domain::run_report& report) {
  const auto* job = st.table.find(report.id);
  if (report.outcome == job_outcome::abandoned) { // its supervisor is gone without a word
    if (job == nullptr)
      return {};
    const auto task = st.node->tasks.find(job->task);
    return domain::lose_lease(*job, report.fence,
                              task ? task->settings.on_lease_lost : lease_lost_policy::retry)
        .events;
  }
  auto decided = domain::finish(job, report);
  return decided ? std::move(decided->events) : std::vector<event>{};
}

/// One commit for all endings: on a conflict (someone cancelled one of them) all are decided again.
void append_endings(state& st, std::vector<domain::run_report> reports) {
  auto commits = std::make_shared<std::vector<stores::commit>>(1);
  auto& commit = commits->front();
  auto kept = std::make_shared<std::vector<domain::run_report>>();
  commit.events.reserve(reports.size());
  commit.guards.reserve(reports.size());
  kept->reserve(reports.size());
  for (auto& report : reports) {
    auto events = decide_ending(st, report);
    if (events.empty()) {
      settle(st, report.id, report.fence);
      continue;
    }
    commit.guards.push_back(stores::stream_key(report.id));
    for (auto& e : events)
      commit.events.push_back(std::move(e));
    kept->push_back(std::move(report));
  }
  if (kept->empty())
    return;
  commit.id = st.ids.commit();
  commit.known = st.applied;
  commit.meta = {.who = "engine", .from = "run"};
  auto* self = st.self;
  const auto offer_again = [self, kept](std::size_t pieces) {
    const auto size = (kept->size() + pieces - 1) / pieces;
    for (auto from = kept->begin(); from != kept->end();) {
      const auto to =
          from + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(size), kept->end() - from);
      append_endings(static_cast<state::actor_type*>(self)->state,
                     {std::make_move_iterator(from), std::make_move_iterator(to)});
      from = to;
    }
  };
  self->request(st.peers->log, caf::infinite, append_request{lane::finish, commits})
      .then(
          [self, kept, offer_again](const append_reply& reply) {
            auto& st = static_cast<state::actor_type*>(self)->state;
            const auto kind =
                reply.failure ? stores::outcome_kind::appended : reply.outcomes.front().kind;
            if (kind == stores::outcome_kind::conflict)
              return offer_again(1);
            if (kind == stores::outcome_kind::full && kept->size() > 1)
              return offer_again(2); // too much output for one block
            if (!reply.failure)
              return;
            for (auto& report : *kept)
              st.reports->keep(std::move(report));
            self->delayed_send(self, pause_after_failure, reports_ready{});
          },
          [](const caf::error&) {});
}

void on_reports(state& st) {
  auto reports = st.reports->take();
  for (std::size_t first = 0; first < reports.size(); first += endings_per_append_max) {
    const auto last = std::min(first + endings_per_append_max, reports.size());
    append_endings(st,
                   {std::make_move_iterator(reports.begin() + static_cast<std::ptrdiff_t>(first)),
                    std::make_move_iterator(reports.begin() + static_cast<std::ptrdiff_t>(last))});
  }
}

expected<prepared> decide_command(state& st, add_jobs command) {
  const domain::decision_context context{st.node->now(), st.node->node, st.node->zone};
  prepared out;
  task_id seen;
  projections::task_ptr task;
  for (std::size_t i = 0; i < command.jobs.size(); ++i) {
    auto& job = command.jobs[i];
    if (job.id.empty())
      job.id = st.ids.job(context.now);
    else if (st.table.find(job.id) != nullptr)
      return refuse(errc::conflict, "job '" + to_string(job.id) + "' is there already", "id");
    out.guards.push_back(stores::stream_key(job.id));
    if (task == nullptr || job.task != seen) {
      seen = job.task;
      task = st.node->tasks.find(seen);
      if (task == nullptr)
        return refuse(errc::not_found, "task '" + seen.value + "' does not exist",
                      command.jobs.size() == 1 ? "task" : "jobs[" + std::to_string(i) + "].task");
      out.guards.push_back(stores::stream_key(stream_category::task, seen.value));
      out.touches.push_back(stores::task_use_key(seen));
    }
    job.meta = merge(task->settings.meta, job.meta);
  }
  auto decided = domain::decide(command, context);
  if (!decided)
    return unexpected<error>{std::move(decided).error()};
  out.decision = std::move(*decided);
  return out;
}

expected<prepared> decide_command(state& st, const cancel_job& command) {
  const domain::decision_context context{st.node->now(), st.node->node, st.node->zone};
  auto decided = domain::decide(st.table.find(command.id), command, context);
  if (!decided)
    return unexpected<error>{std::move(decided).error()};
  return prepared{std::move(*decided), {stores::stream_key(command.id)}};
}

void on_ask(state& st, const std::shared_ptr<pending_command>& command) {
  auto* self = st.self;
  handle_command(st, command, [self](const pending_command& asked) -> expected<prepared> {
    auto& st = static_cast<state::actor_type*>(self)->state;
    if (const auto* jobs = std::get_if<add_jobs>(&asked.what))
      return decide_command(st, *jobs);
    if (const auto* cancel = std::get_if<cancel_job>(&asked.what))
      return decide_command(st, *cancel);
    return refuse(errc::internal, "not a command for a job actor");
  });
}

/// Claims that never became a run: their jobs wait again.
void on_give_back(state& st, const std::vector<std::pair<job_id, position>>& unfinished) {
  auto commits = std::make_shared<std::vector<stores::commit>>();
  for (const auto& [id, fence] : unfinished) {
    const auto* job = st.mine.holds(id) ? st.table.find(id) : nullptr;
    if (job == nullptr)
      continue;
    auto decided = domain::release(*job, fence);
    if (decided.events.empty())
      continue;
    stores::commit commit;
    commit.id = st.ids.commit();
    commit.known = st.applied;
    commit.guards = {stores::stream_key(id)};
    commit.meta = {.who = "engine", .from = "drain"};
    commit.events = std::move(decided.events);
    commits->push_back(std::move(commit));
  }
  if (commits->empty())
    return;
  auto* self = st.self;
  self->request(st.peers->log, caf::infinite, append_request{lane::finish, commits})
      .then(
          [self, unfinished](const append_reply& reply) {
            const auto conflicts = [](const auto& outcome) {
              return outcome.kind == stores::outcome_kind::conflict;
            };
            // Someone cancelled one of them meanwhile; those that were released stay so.
            if (!reply.failure &&
                std::any_of(reply.outcomes.begin(), reply.outcomes.end(), conflicts))
              on_give_back(static_cast<state::actor_type*>(self)->state, unfinished);
          },
          [](const caf::error&) {});
}

/// Whether a claim that left no trace of a run cannot have run. Where it must not run twice, that
/// is not enough: a machine that lost its power may have lost the trace.
bool was_never_begun(const state& st, const domain::job_state& job) {
  const auto task = st.node->tasks.find(job.task);
  const auto* runner = executor_of(st, job);
  return runner != nullptr && runner->outlives_process() &&
         task->settings.on_lease_lost == lease_lost_policy::retry;
}

/// At start: what runs in the log but nowhere else was lost with the process that ran it, or was
/// claimed and never begun.
void on_adopt(state& st, const std::vector<std::pair<job_id, position>>& found) {
  const std::set<std::pair<job_id, position>> alive{found.begin(), found.end()};
  std::vector<domain::run_report> lost;
  std::vector<std::pair<job_id, position>> unbegun;
  st.table.for_each([&](const domain::job_state& job) {
    if (job.status != job_status::running || job.node != st.node->node ||
        job.fence > st.node->session_start || alive.contains({job.id, job.fence}))
      return;
    if (was_never_begun(st, job))
      unbegun.emplace_back(job.id, job.fence);
    else
      lost.push_back({.id = job.id, .fence = job.fence, .outcome = job_outcome::abandoned});
  });
  for (const auto& [id, fence] : found) {
    if (!st.mine.holds(id))
      continue;
    const auto* job = st.table.find(id);
    const bool is_current = job != nullptr && job->fence == fence;
    if (is_current && !job->cancel_requested)
      continue;
    for (const auto& [name, runner] : st.runs->all())
      runner->cancel(id, fence, st.node->options.kill_grace);
  }
  if (st.node->sharing != nullptr && st.node->sharing->past)
    return; // some may go on where nobody here sees it: `find_losses` waits for their end
  if (!lost.empty())
    append_endings(st, std::move(lost));
  on_give_back(st, unbegun);
}

/// The first owner writes down which sessions were lost.
void append_lost_sessions(state& st) {
  auto commits = find_lost_sessions(*st.node);
  std::erase_if(commits,
                [&](const auto& commit) { return !st.told_losses.insert(commit.id).second; });
  if (st.mine.index != 0 || commits.empty())
    return;
  st.self
      ->request(st.peers->log, caf::infinite,
                append_request{lane::command,
                               std::make_shared<std::vector<stores::commit>>(std::move(commits))})
      .then([](const append_reply&) {}, [](const caf::error&) {});
}

void on_take_over(state& st) {
  if (!st.node->is_active())
    return;
  append_lost_sessions(st);
  auto found = find_losses(*st.node, st.table, st.applied, st.absent);
  if (found.next)
    st.node->sharing->look_by(*found.next);
  if (found.commits.empty())
    return;
  for (auto& commit : found.commits)
    commit.id = st.ids.commit();
  // One that conflicts moved meanwhile; whatever is left is found at the next look.
  st.self
      ->request(st.peers->log, caf::infinite,
                append_request{lane::finish, std::make_shared<std::vector<stores::commit>>(
                                                 std::move(found.commits))})
      .then([](const append_reply&) {}, [](const caf::error&) {});
}

void on_watch(state& st, const watch_job& watch) {
  if (st.table.find(watch.id) == nullptr)
    return watch.done();
  st.watchers.emplace(watch.id, watch.done);
}

void on_gather(state& st, collector& into) {
  std::vector<stores::snapshot_chunk> chunks;
  if (into.with_chunks)
    for (std::size_t share = st.mine.index; share < projections::share_count;
         share += st.mine.owners)
      chunks.push_back({projections::job_chunk_name(share), st.table.save(share)});
  into.deliver(st.table.hash(), std::move(chunks));
}

job_actor::behavior_type job_behavior(job_actor::stateful_pointer<state> self,
                                      node_context_ptr node, handles_ptr peers, ownership mine,
                                      std::shared_ptr<projections::job_table> table,
                                      position applied, std::shared_ptr<executors> runs,
                                      std::shared_ptr<outbox> reports) {
  auto& st = self->state;
  st.node = std::move(node);
  st.peers = std::move(peers);
  st.mine = mine;
  st.table = std::move(*table);
  st.applied = applied;
  st.runs = std::move(runs);
  st.reports = std::move(reports);
  return {
      [self](const published& p) { on_published(self->state, *p.what); },
      [self](const ask& a) { on_ask(self->state, a.what); },
      [self](reports_ready) { on_reports(self->state); },
      [self](const watch_job& w) { on_watch(self->state, w); },
      [self](const adopt_runs& a) { on_adopt(self->state, a.runs); },
      [self](const give_back& g) { on_give_back(self->state, g.unfinished); },
      [self](take_over_lost) { on_take_over(self->state); },
      [self](const gather_here& g) { on_gather(self->state, *g.into); },
      [self](const look_jobs& l) { l.with(self->state.table); },
  };
}

} // namespace

job_actor spawn_jobs(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                     ownership mine, projections::job_table table, position applied,
                     std::shared_ptr<executors> runs, std::shared_ptr<outbox> reports) {
  return system.spawn(job_behavior, std::move(node), std::move(peers), mine,
                      std::make_shared<projections::job_table>(std::move(table)), applied,
                      std::move(runs), std::move(reports));
}

} // namespace carillon::actors
