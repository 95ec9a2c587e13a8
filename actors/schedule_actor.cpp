#include "actors/command_handler.hpp"
#include "actors/id_source.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace carillon::actors {
namespace {

/// Schedules that fire in one append; the others follow at once in the next.
constexpr std::size_t fires_per_append_max = 1'000;

/// Finished schedules purged by one clean_up per owner.
constexpr std::size_t purged_per_clean_up_max = 1'000;

/// How long firing rests after the log took nothing.
constexpr duration pause_after_failure = std::chrono::seconds{1};

/// How long it rests when something is due by our clock, and not by that of the log.
constexpr duration pause_when_early = std::chrono::milliseconds{5};

struct schedule_actor_state {
  using actor_type = std::remove_pointer_t<schedule_actor::stateful_pointer<schedule_actor_state>>;
  explicit schedule_actor_state(schedule_actor::pointer self) : self{self} {}
  static inline const char* name = "schedules";

  schedule_actor::pointer self;
  node_context_ptr node;
  handles_ptr peers;
  ownership mine;
  projections::schedule_table table;
  position applied = 0;
  std::optional<time_point> told; ///< What the trigger actor knows of our next fire.
  id_source ids;
};

using state = schedule_actor_state;

bool is_firing(const state& st) {
  const auto& sharing = st.node->sharing;
  return st.node->is_active() && st.node->options.role != node_role::worker &&
         (sharing == nullptr || !sharing->clock_is_off);
}

void tell_trigger(state& st, std::optional<time_point> next) {
  if (!is_firing(st) || next == st.told)
    return;
  st.told = next;
  st.self->send(st.peers->trigger, wake_at{st.mine.index, next});
}

bool concerns(const ownership& mine, const event& e) {
  return std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (What::category == stream_category::schedule)
          return mine.holds(what.id);
        else if constexpr (requires { what.schedule; })
          return !what.schedule.empty() && mine.holds(what.schedule);
        else
          return false;
      },
      e);
}

void on_published(state& st, const stores::block& block) {
  for (const auto& commit : block.commits) {
    auto at = commit.first;
    for (const auto& e : commit.events) {
      if (concerns(st.mine, e))
        st.table.apply(e, {at, block.time});
      ++at;
    }
  }
  st.applied = block.first + block.count - 1;
  tell_trigger(st, st.table.next_due());
}

/// Where nodes share a log nothing is due before it is so by the log's clock, too.
domain::decision_context context_of(const state& st) {
  const auto now = st.node->now();
  const auto& sharing = st.node->sharing;
  return {sharing == nullptr ? now : sharing->agreed_now(now), st.node->node, st.node->zone};
}

stores::key task_key(const task_id& id) {
  return stores::stream_key(stream_category::task, id.value);
}
stores::key schedule_key(const schedule_id& id) {
  return stores::stream_key(stream_category::schedule, id.value);
}

expected<prepared> prepare(expected<domain::decision> decided, std::vector<stores::key> guards) {
  if (!decided)
    return unexpected<error>{std::move(decided).error()};
  for (const auto& e : decided->events)
    if (const auto* job = std::get_if<job_added>(&e))
      guards.push_back(stores::stream_key(job->id));
  const auto not_before = domain::settled_until(decided->events);
  return prepared{std::move(*decided), std::move(guards), not_before};
}

unexpected<error> no_task(const task_id& id) {
  return refuse(errc::not_found,
                "task '" + id.value + "' does not exist; add it first, or name a command", "task");
}

/// The task settings that a schedule of `id` starts from.
expected<task_settings> settings_of(const state& st, const task_id& id) {
  const auto task = st.node->tasks.find(id);
  if (task == nullptr)
    return no_task(id);
  return task->settings;
}

expected<prepared> decide_command(state& st, const configure_task& command) {
  const auto task = st.node->tasks.find(command.id);
  return prepare(domain::decide(task.get(), command, st.node->options.task_defaults),
                 {task_key(command.id)});
}

expected<prepared> decide_command(state& st, const remove_task& command,
                                  const domain::task_usage& usage) {
  const auto task = st.node->tasks.find(command.id);
  return prepare(domain::decide(task.get(), command, usage), {task_key(command.id)});
}

expected<prepared> decide_command(state& st, const add_schedule& command) {
  const auto& task_name = command.spec.task;
  std::vector<event> task_events;
  auto task = st.node->tasks.find(task_name);
  task_settings settings;
  if (task != nullptr)
    settings = task->settings;
  if (command.task) {
    auto configured = domain::decide(task.get(), configure_task{task_name, *command.task},
                                     st.node->options.task_defaults);
    if (!configured)
      return unexpected<error>{std::move(configured).error()};
    for (auto& e : configured->events) {
      if (const auto* added = std::get_if<task_added>(&e))
        settings = added->settings;
      if (const auto* updated = std::get_if<task_updated>(&e))
        settings = updated->settings;
      task_events.push_back(std::move(e));
    }
  } else if (task == nullptr) {
    return no_task(task_name);
  }
  const auto current = st.table.find(command.spec.id);
  auto decided = domain::decide(current ? &*current : nullptr, command, settings, context_of(st));
  if (decided && decided->reply.what == change::kept)
    task_events.clear(); // the schedule stays as it is, and so does its task
  if (decided)
    decided->events.insert(decided->events.begin(), std::make_move_iterator(task_events.begin()),
                           std::make_move_iterator(task_events.end()));
  return prepare(std::move(decided), {task_key(task_name), schedule_key(command.spec.id)});
}

expected<prepared> decide_command(state& st, const update_schedule& command) {
  const auto current = st.table.find(command.id);
  std::vector guards{schedule_key(command.id)};
  task_settings settings;
  if (current) {
    const auto& name = command.changes.task ? *command.changes.task : current->settings.task;
    auto found = settings_of(st, name);
    if (!found)
      return unexpected<error>{std::move(found).error()};
    settings = std::move(*found);
    guards.push_back(task_key(name));
  }
  return prepare(domain::decide(current ? &*current : nullptr, command, settings, context_of(st)),
                 std::move(guards));
}

expected<prepared> decide_command(state& st, const trigger_schedule& command) {
  const auto current = st.table.find(command.id);
  const auto context = context_of(st);
  return prepare(
      domain::decide(current ? &*current : nullptr, command, st.ids.job(context.now), context),
      {schedule_key(command.id)});
}

template <class Command>
requires(std::is_same_v<Command, pause_schedule> || std::is_same_v<Command, resume_schedule> ||
         std::is_same_v<Command, remove_schedule>)
    expected<prepared> decide_command(state& st, const Command& command) {
  const auto current = st.table.find(command.id);
  return prepare(domain::decide(current ? &*current : nullptr, command, context_of(st)),
                 {schedule_key(command.id)});
}

expected<prepared> decide_command(state& st, const clean_up& command) {
  prepared out;
  const auto context = context_of(st);
  st.table.for_each([&](const domain::schedule_state& schedule) {
    if (out.guards.size() >= purged_per_clean_up_max)
      return;
    auto decided = domain::decide(schedule, command, context);
    if (decided.events.empty())
      return;
    out.guards.push_back(schedule_key(schedule.id));
    for (auto& e : decided.events)
      out.decision.events.push_back(std::move(e));
  });
  return out;
}

void on_ask(state& st, const std::shared_ptr<pending_command>& command) {
  auto* self = st.self;
  handle_command(st, command, [self](const pending_command& asked) -> expected<prepared> {
    auto& st = static_cast<state::actor_type*>(self)->state;
    return std::visit(
        [&](const auto& what) -> expected<prepared> {
          using What = std::decay_t<decltype(what)>;
          if constexpr (std::is_same_v<What, remove_task>)
            return decide_command(st, what, asked.usage);
          else if constexpr (requires { decide_command(st, what); })
            return decide_command(st, what);
          else
            return refuse(errc::internal, "a job command reached a schedule actor");
        },
        asked.what);
  });
}

/// When something is due; where nodes share a log, a little later when it is so by our clock alone.
std::optional<time_point> next_wake(const state& st) {
  const auto next = st.table.next_due();
  if (!next || st.node->sharing == nullptr || *next > st.node->now())
    return next;
  return st.node->now() + pause_when_early;
}

void on_fires_answered(state& st, const std::vector<schedule_id>& ids, const append_reply& reply) {
  if (reply.failure) {
    for (const auto& id : ids)
      st.table.unpark(id);
    tell_trigger(st, st.node->now() + pause_after_failure);
    return;
  }
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (reply.outcomes[i].kind != stores::outcome_kind::appended)
      st.table.unpark(ids[i]); // it moved meanwhile: its new state says what is due
  tell_trigger(st, next_wake(st));
}

/// Who tries first has changed.
void on_members(state& st) {
  const auto& sharing = st.node->sharing;
  st.table.set_delay([sharing, members = sharing->members()](const schedule_id& id) {
    return sharing->delay_of(id, *members);
  });
  tell_trigger(st, st.table.next_due());
}

void on_fire_due(state& st, time_point now) {
  st.told.reset();
  if (!is_firing(st))
    return;
  auto commits = std::make_shared<std::vector<stores::commit>>();
  std::vector<schedule_id> fired;
  auto context = context_of(st);
  if (st.node->sharing == nullptr)
    context.now = std::max(context.now, now);
  for (auto& id : st.table.take_due(context.now, fires_per_append_max)) {
    const auto schedule = st.table.find(id);
    auto ready =
        prepare(domain::decide(*schedule, domain::fire_schedule{id}, context), {schedule_key(id)});
    if (!ready->decision.left_alone.empty())
      st.node->log(log_level::error, "schedule '" + id.value +
                                         "' is due, but left alone: " + ready->decision.left_alone);
    if (ready->decision.events.empty())
      continue;
    stores::commit commit;
    commit.id = st.ids.commit();
    commit.known = st.applied;
    commit.guards = std::move(ready->guards);
    commit.not_before = ready->not_before;
    commit.meta = {.who = "engine", .from = "timer"};
    commit.events = std::move(ready->decision.events);
    commits->push_back(std::move(commit));
    fired.push_back(std::move(id));
  }
  tell_trigger(st, next_wake(st));
  if (fired.empty())
    return;
  auto* self = st.self;
  self->request(st.peers->dispatch, caf::infinite, commit_jobs{lane::fire, commits})
      .then(
          [self, fired](const append_reply& reply) {
            on_fires_answered(static_cast<state::actor_type*>(self)->state, fired, reply);
          },
          [](const caf::error&) {});
}

void on_gather(state& st, collector& into) {
  std::vector<stores::snapshot_chunk> chunks;
  if (into.with_chunks)
    for (std::size_t share = st.mine.index; share < projections::share_count;
         share += st.mine.owners)
      chunks.push_back({projections::schedule_chunk_name(share), st.table.save(share)});
  into.deliver(st.table.hash(), std::move(chunks));
}

schedule_actor::behavior_type schedule_behavior(schedule_actor::stateful_pointer<state> self,
                                                node_context_ptr node, handles_ptr peers,
                                                ownership mine,
                                                std::shared_ptr<projections::schedule_table> table,
                                                position applied) {
  auto& st = self->state;
  st.node = std::move(node);
  st.peers = std::move(peers);
  st.mine = mine;
  st.table = std::move(*table);
  st.applied = applied;
  return {
      [self](const published& p) { on_published(self->state, *p.what); },
      [self](const ask& a) { on_ask(self->state, a.what); },
      [self](const fire_due& f) { on_fire_due(self->state, f.now); },
      [self](members_changed) { on_members(self->state); },
      [self](const gather_here& g) { on_gather(self->state, *g.into); },
      [self](const look_schedules& l) { l.with(self->state.table); },
  };
}

} // namespace

schedule_actor spawn_schedules(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                               ownership mine, projections::schedule_table table,
                               position applied) {
  return system.spawn(schedule_behavior, std::move(node), std::move(peers), mine,
                      std::make_shared<projections::schedule_table>(std::move(table)), applied);
}

} // namespace carillon::actors
