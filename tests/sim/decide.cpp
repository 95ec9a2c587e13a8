// What a node decides: fires, claims, and what clients ask for.
#include "stores/commit_keys.hpp"
#include "tests/sim/node.hpp"

#include <algorithm>

namespace carillon::sim {
namespace {

constexpr std::size_t fires_per_look_max = 100;
constexpr std::size_t workers = 4;
/// When to try again what came too early by the store's clock.
constexpr duration too_early_wait = 20ms;
constexpr int conflict_tries_max = 3;
constexpr int early_tries_max = 100;

std::vector<stores::key> key_of(const schedule_id& id) {
  return {stores::stream_key(stream_category::schedule, id.value)};
}
std::vector<stores::key> key_of(const task_id& id) {
  return {stores::stream_key(stream_category::task, id.value)};
}

} // namespace

/// The store's clock, as far as this node can tell; none when it cannot.
std::optional<time_point> node::agreed() const {
  const auto skew = skew_.estimate();
  if (!skew)
    return {};
  return machine_.wall() + skew->offset;
}

bool node::may_decide() {
  return session_start_ != 0 && !draining_ && agreed() &&
         skew_.verdict() != cluster::skew_verdict::refuse && holds_lease();
}

stores::commit node::new_commit(time_point decided_at) {
  stores::commit c;
  c.id = w().random.id<commit_id>();
  c.known = head_.at;
  c.meta = {.who = "engine", .from = decided_at_text(decided_at), .correlation = to_string(c.id)};
  return c;
}

void node::add_claim(stores::commit& c, const task_id& task, const job_acquired& claim) {
  stores::add_claim(c, task, claim);
  const auto drop = [&](stores::key k) { std::erase(c.guards, k); };
  if (w().breaks(rule::slot_keys))
    drop(stores::slot_key(task, claim.slot));
  if (w().breaks(rule::task_keys))
    drop(key_of(task).front());
}

void node::wake_at(alarm& of, time_point when, std::function<void()> what) {
  const auto now = agreed();
  if (!now || (of.when && *of.when <= when && *of.when > *now))
    return;
  of.when = when;
  machine_.post(std::max(when - *now, duration{1}),
                [this, &of, generation = ++of.generation, what = std::move(what)] {
                  if (generation != of.generation)
                    return;
                  of.when.reset();
                  what();
                });
}

std::size_t node::free_workers() const { return workers - std::min(workers, queue_.held_here()); }

void node::fire_due() {
  if (!may_decide())
    return;
  const auto now = *agreed();
  auto& table = live_.schedules[0];
  for (const auto& id : table.take_due(now, fires_per_look_max)) {
    const auto schedule = table.find(id);
    const auto rank = cluster::rank_of(name(), id.value, peers_).value_or(rank_of_strangers);
    const auto turn = cluster::may_try_at(*schedule->next_fire, rank, stand_in);
    if (turn > now)
      machine_.post(turn - now, [this, id] {
        live_.schedules[0].unpark(id);
        fire_due();
      });
    else
      fire(*schedule, now);
  }
  if (const auto next = table.next_due())
    wake_at(fire_alarm_, *next, [this] { fire_due(); });
}

void node::fire(const domain::schedule_state& schedule, time_point now) {
  const auto id = schedule.id;
  auto c = new_commit(now);
  c.events = domain::decide(schedule, domain::fire_schedule{id}, {now, name()}).events;
  if (w().breaks(rule::derived_ids))
    for (auto& e : c.events)
      if (auto* job = std::get_if<job_added>(&e))
        job->id = w().random.id<job_id>();
  if (!w().breaks(rule::not_before))
    c.not_before = domain::settled_until(c.events);
  stores::guard_own_streams(c);
  std::vector<job_id> claimed;
  for (std::size_t i = 0, count = c.events.size(); i < count; ++i) {
    const auto* job = std::get_if<job_added>(&c.events[i]);
    if (job == nullptr || job->run_at || free_workers() == 0)
      continue;
    const auto task = job->task;
    claimed.push_back(job->id);
    if (const auto slot = queue_.reserve(job->id, task))
      add_claim(c, task, {.id = claimed.back(), .node = name(), .slot = *slot});
    else
      claimed.pop_back();
  }
  submit(std::move(c), [this, id, claimed](const stores::outcome& outcome) {
    if (outcome.kind == stores::outcome_kind::appended ||
        outcome.kind == stores::outcome_kind::duplicate)
      return;
    for (const auto& job : claimed)
      queue_.unreserve(job);
    machine_.post(too_early_wait, [this, id] {
      live_.schedules[0].unpark(id);
      fire_due();
    });
  });
}

void node::claim() {
  if (!may_decide())
    return;
  const auto now = *agreed();
  for (const auto& job : queue_.take(now, free_workers()))
    claim(job, now);
  if (const auto next = queue_.next_wake())
    wake_at(claim_alarm_, *next, [this] { claim(); });
}

void node::claim(const domain::waiting_job& job, time_point now) {
  auto c = new_commit(now);
  w().note([&] { return name().value + " tries for " + to_string(job.id); });
  for (auto& e : acquire(job, {now, name()}).events) {
    if (const auto* claim = std::get_if<job_acquired>(&e)) {
      add_claim(c, job.task, *claim);
      if (const auto* facts = live_.jobs[0].find(job.id))
        c.not_before = facts->run_at;
    } else {
      c.events.push_back(std::move(e));
      stores::guard_own_streams(c);
      c.not_before = *job.deadline + duration{1};
    }
  }
  if (w().breaks(rule::not_before))
    c.not_before.reset();
  submit(std::move(c), [this, id = job.id](const stores::outcome& outcome) {
    if (outcome.kind == stores::outcome_kind::appended ||
        outcome.kind == stores::outcome_kind::duplicate)
      return;
    queue_.unreserve(id);
    machine_.post(too_early_wait, [this] { claim(); });
  });
}

void node::handle(const command& what, const commit_id& id,
                  std::function<void(expected<position>)> reply) {
  auto pending = std::make_shared<pending_command>();
  *pending = {what, id, std::move(reply)};
  try_command(std::move(pending));
}

void node::try_command(std::shared_ptr<pending_command> command) {
  if (!may_decide())
    return command->reply(refuse(errc::unavailable, "no session"));
  const auto now = *agreed();
  auto decided = decide(command->what, {now, name()});
  if (!decided)
    return command->reply(unexpected<error>{std::move(decided).error()});
  auto c = new_commit(now);
  c.id = command->id;
  c.meta.correlation = to_string(c.id);
  c.events = std::move(decided->decision.events);
  c.not_before = domain::settled_until(c.events);
  if (c.events.empty()) // a commit that is always too early: the log says whether it knows the id
    c.not_before = time_point::max();
  stores::guard_own_streams(c);
  c.guards.insert(c.guards.end(), decided->guards.begin(), decided->guards.end());
  if (w().breaks(rule::ack_after_commit) && !c.events.empty())
    std::exchange(command->reply, [](const expected<position>&) {})(position{1});
  submit(std::move(c), [this, command](const stores::outcome& outcome) {
    on_command_answered(command, outcome);
  });
}

void node::on_command_answered(const std::shared_ptr<pending_command>& command,
                               const stores::outcome& outcome) {
  switch (outcome.kind) {
  case stores::outcome_kind::appended:
  case stores::outcome_kind::duplicate: return command->reply(outcome.at);
  case stores::outcome_kind::conflict:
    if (++command->tries < conflict_tries_max)
      return try_command(command);
    return command->reply(refuse(errc::conflict, "touched"));
  case stores::outcome_kind::too_early: {
    const auto again = decide(command->what, {agreed().value_or(time_point{}), name()});
    if (again && again->decision.events.empty())
      return command->reply(position{0}); // already so
    if (++command->tries < early_tries_max)
      return machine_.post(too_early_wait, [this, command] { try_command(command); });
    [[fallthrough]];
  }
  case stores::outcome_kind::fenced:
  case stores::outcome_kind::full: command->reply(refuse(errc::unavailable, "not now"));
  }
}

expected<node::decided> node::decide(const command& what, const domain::decision_context& context) {
  const auto with = [&](expected<domain::decision> made,
                        std::vector<stores::key> guards) -> expected<decided> {
    if (!made)
      return unexpected<error>{std::move(made).error()};
    return decided{std::move(*made), std::move(guards)};
  };
  const auto of_schedule = [&](const auto& command) {
    const auto current = live_.schedules[0].find(command.id);
    auto made = domain::decide(current ? &*current : nullptr, command, context);
    using Command = std::decay_t<decltype(command)>;
    constexpr bool settles =
        std::is_same_v<Command, pause_schedule> || std::is_same_v<Command, remove_schedule>;
    if (settles && made && w().breaks(rule::settle_first))
      made->events.erase(made->events.begin(), made->events.end() - (made->events.empty() ? 0 : 1));
    return with(std::move(made), key_of(command.id));
  };
  if (const auto* c = std::get_if<configure_task>(&what))
    return with(domain::decide(live_.tasks.find(c->id).get(), *c, task_settings{}), key_of(c->id));
  if (const auto* c = std::get_if<add_schedule>(&what)) {
    const auto task = live_.tasks.find(c->spec.task);
    if (task == nullptr)
      return refuse(errc::not_found, "no such task", "task");
    const auto current = live_.schedules[0].find(c->spec.id);
    auto guards = key_of(c->spec.id);
    guards.push_back(key_of(c->spec.task).front());
    return with(domain::decide(current ? &*current : nullptr, *c, task->settings, context),
                std::move(guards));
  }
  if (const auto* c = std::get_if<pause_schedule>(&what))
    return of_schedule(*c);
  if (const auto* c = std::get_if<resume_schedule>(&what))
    return of_schedule(*c);
  if (const auto* c = std::get_if<remove_schedule>(&what))
    return of_schedule(*c);
  if (const auto* c = std::get_if<trigger_schedule>(&what)) {
    const auto current = live_.schedules[0].find(c->id);
    return with(domain::decide(current ? &*current : nullptr, *c, w().random.id<job_id>(), context),
                key_of(c->id));
  }
  if (const auto* c = std::get_if<cancel_job>(&what))
    return with(domain::decide(live_.jobs[0].find(c->id), *c, context),
                {stores::stream_key(c->id)});
  return decide_jobs(std::get<add_jobs>(what), context);
}

expected<node::decided> node::decide_jobs(add_jobs jobs, const domain::decision_context& context) {
  std::vector<stores::key> guards;
  for (auto& job : jobs.jobs) {
    if (live_.tasks.find(job.task) == nullptr)
      return refuse(errc::not_found, "no such task", "task");
    job.id = w().random.id<job_id>();
    guards.push_back(key_of(job.task).front());
  }
  auto made = domain::decide(jobs, context);
  if (!made)
    return unexpected<error>{std::move(made).error()};
  return decided{std::move(*made), std::move(guards)};
}

} // namespace carillon::sim
