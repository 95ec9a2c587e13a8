#include "actors/schedule_decisions.hpp"
#include "triggers/outside_rules.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace carillon::actors {
namespace {

/// Schedules that fire in one append; the others follow at once in the next.
constexpr std::size_t fires_per_append_max = 1'000;

/// Conflicts after which fire times are left to whoever moved them: he knew the rules of now, too.
constexpr std::size_t recompute_conflicts_max = 10'000;

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

void on_ask(state& st, const std::shared_ptr<pending_command>& command) {
  auto* self = st.self;
  handle_command(st, command, [self](const pending_command& asked) {
    auto& st = static_cast<state::actor_type*>(self)->state;
    return decide_command({st.table, *st.node, st.ids}, asked);
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
  auto context = context_of(*st.node);
  if (st.node->sharing == nullptr)
    context.now = std::max(context.now, now);
  for (auto& id : st.table.take_due(context.now, fires_per_append_max)) {
    const auto schedule = st.table.find(id);
    auto ready = prepare(domain::decide(*schedule, domain::fire_schedule{id}, context),
                         {schedule_key(id)}, &*schedule);
    if (!ready->decision.left_alone.empty())
      st.node->log(log_level::error, "schedule '" + id.value +
                                         "' is due, but left alone: " + ready->decision.left_alone);
    if (ready->decision.events.empty())
      continue;
    commits->push_back(to_commit(std::move(*ready), st.ids.commit(), st.applied,
                                 {.who = "engine", .from = "timer"}));
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

/// One owner's part of a `recompute_request`.
struct recompute_part {
  std::shared_ptr<recompute_request> request;
  std::vector<schedule_id> left; ///< Still to be looked at, the last one next.
  std::size_t conflicts = 0;
  position at = 0;
  std::uint64_t moved = 0;

  void deliver(const std::optional<error>& why = {}) { request->deliver(at, moved, why); }
};

/// The schedules of this owner that may have other fire times.
std::vector<schedule_id> concerned(const state& st, const recompute_request& request) {
  std::vector<schedule_id> out;
  if (request.what.cause == recompute_cause::calendar) {
    out = st.node->rules.read_calendars([](const auto& table) { return table.users(); });
    std::erase_if(out, [&](const schedule_id& id) { return !st.mine.holds(id); });
    return out;
  }
  st.table.for_each([&](const domain::schedule_state& schedule) {
    bool is_concerned = false;
    triggers::each_zone(schedule.settings.trigger, [&](const std::string& zone) {
      is_concerned = is_concerned || request.zones.count(zone) > 0;
    });
    if (is_concerned)
      out.push_back(schedule.id);
  });
  return out;
}

/// Decides on what is left until an append is full; none = nothing more moves.
std::shared_ptr<std::vector<stores::commit>> next_commits(state& st, recompute_part& part,
                                                          std::vector<schedule_id>& ids) {
  auto commits = std::make_shared<std::vector<stores::commit>>();
  const auto context = context_of(*st.node);
  auto command = part.request->what;
  for (; !part.left.empty() && commits->size() < fires_per_append_max; part.left.pop_back()) {
    command.id = part.left.back();
    const auto schedule = st.table.find(command.id);
    if (!schedule)
      continue;
    auto ready = prepare(domain::decide(*schedule, command, context), {schedule_key(command.id)},
                         &*schedule);
    if (ready->decision.events.empty())
      continue;
    commits->push_back(
        to_commit(std::move(*ready), st.ids.commit(), st.applied,
                  {.who = "engine", .from = "rules", .causation = part.request->causation}));
    ids.push_back(command.id);
  }
  return commits;
}

void go_on(state& st, const std::shared_ptr<recompute_part>& part) {
  std::vector<schedule_id> ids;
  const auto commits = next_commits(st, *part, ids);
  if (commits->empty())
    return part->deliver();
  auto* self = st.self;
  self->request(st.peers->log, caf::infinite, append_request{lane::command, commits})
      .then(
          [self, part, ids](const append_reply& reply) {
            if (reply.failure)
              return part->deliver(reply.failure);
            for (std::size_t i = 0; i < ids.size(); ++i)
              if (reply.outcomes[i].kind == stores::outcome_kind::appended) {
                part->at = std::max(part->at, reply.outcomes[i].at);
                ++part->moved;
              } else if (part->conflicts++ < recompute_conflicts_max) {
                part->left.push_back(ids[i]); // it moved meanwhile: its new state is looked at
              }
            go_on(static_cast<state::actor_type*>(self)->state, part);
          },
          [part](const caf::error&) {
            part->deliver(error{errc::unavailable, "the scheduler is stopping"});
          });
}

void on_recompute(state& st, std::shared_ptr<recompute_request> request) {
  auto part = std::make_shared<recompute_part>();
  part->left = concerned(st, *request);
  part->request = std::move(request);
  go_on(st, part);
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
      [self](const recompute_fires& r) { on_recompute(self->state, r.what); },
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
