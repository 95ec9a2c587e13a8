#include "actors/schedule_decisions.hpp"

#include "domain/calendar_aggregate.hpp"
#include "triggers/outside_rules.hpp"

#include <iterator>
#include <type_traits>

namespace carillon::actors {
namespace {

/// Finished schedules purged by one clean_up per owner.
constexpr std::size_t purged_per_clean_up_max = 1'000;

stores::key task_key(const task_id& id) {
  return stores::stream_key(stream_category::task, id.value);
}

stores::key calendar_key(const calendar_id& id) {
  return stores::stream_key(stream_category::calendar, id.value);
}

unexpected<error> no_task(const task_id& id) {
  return refuse(errc::not_found,
                "task '" + id.value + "' does not exist; add it first, or name a command", "task");
}

/// The task settings that a schedule of `id` starts from.
expected<task_settings> settings_of(const schedule_ground& on, const task_id& id) {
  const auto task = on.node.tasks.find(id);
  if (task == nullptr)
    return no_task(id);
  return task->settings;
}

expected<prepared> decide_on(const schedule_ground& on, const configure_task& command) {
  const auto task = on.node.tasks.find(command.id);
  return prepare(domain::decide(task.get(), command, on.node.options.task_defaults),
                 {task_key(command.id)});
}

expected<prepared> decide_on(const schedule_ground& on, const remove_task& command,
                             const domain::task_usage& usage) {
  const auto task = on.node.tasks.find(command.id);
  return prepare(domain::decide(task.get(), command, usage),
                 {task_key(command.id), stores::task_use_key(command.id)});
}

expected<prepared> decide_on(const schedule_ground& on, const add_schedule& command) {
  const auto& task_name = command.spec.task;
  std::vector<event> task_events;
  auto task = on.node.tasks.find(task_name);
  task_settings settings;
  if (task != nullptr)
    settings = task->settings;
  if (command.task) {
    auto configured = domain::decide(task.get(), configure_task{task_name, *command.task},
                                     on.node.options.task_defaults);
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
  const auto current = on.table.find(command.spec.id);
  auto decided =
      domain::decide(current ? &*current : nullptr, command, settings, context_of(on.node));
  if (decided && decided->reply.what == change::kept)
    task_events.clear(); // the schedule stays as it is, and so does its task
  if (decided)
    decided->events.insert(decided->events.begin(), std::make_move_iterator(task_events.begin()),
                           std::make_move_iterator(task_events.end()));
  return prepare(std::move(decided), {task_key(task_name), schedule_key(command.spec.id)},
                 current ? &*current : nullptr);
}

expected<prepared> decide_on(const schedule_ground& on, const update_schedule& command) {
  const auto current = on.table.find(command.id);
  std::vector guards{schedule_key(command.id)};
  task_settings settings;
  if (current) {
    const auto& name = command.changes.task ? *command.changes.task : current->settings.task;
    auto found = settings_of(on, name);
    if (!found)
      return unexpected<error>{std::move(found).error()};
    settings = std::move(*found);
    guards.push_back(task_key(name));
  }
  const auto* known = current ? &*current : nullptr;
  return prepare(domain::decide(known, command, settings, context_of(on.node)), std::move(guards),
                 known);
}

expected<prepared> decide_on(const schedule_ground& on, const trigger_schedule& command) {
  const auto current = on.table.find(command.id);
  const auto context = context_of(on.node);
  return prepare(
      domain::decide(current ? &*current : nullptr, command, on.ids.job(context.now), context),
      {schedule_key(command.id)});
}

template <class Command>
requires(std::is_same_v<Command, pause_schedule> || std::is_same_v<Command, resume_schedule> ||
         std::is_same_v<Command, remove_schedule>)
    expected<prepared> decide_on(const schedule_ground& on, const Command& command) {
  const auto current = on.table.find(command.id);
  const auto* known = current ? &*current : nullptr;
  return prepare(domain::decide(known, command, context_of(on.node)), {schedule_key(command.id)},
                 known);
}

domain::calendar_ptr find_calendar(const schedule_ground& on, const calendar_id& id) {
  return on.node.rules.read_calendars([&](const auto& table) { return table.find(id); });
}

expected<prepared> decide_on(const schedule_ground& on, const set_calendar& command) {
  return prepare(domain::decide(find_calendar(on, command.id).get(), command),
                 {calendar_key(command.id)});
}

expected<prepared> decide_on(const schedule_ground& on, const remove_calendar& command) {
  const auto users =
      on.node.rules.read_calendars([&](const auto& table) { return table.users_of(command.id); });
  return prepare(domain::decide(find_calendar(on, command.id).get(), command, users),
                 {calendar_key(command.id), stores::calendar_use_key(command.id)});
}

expected<prepared> decide_on(const schedule_ground& on, const clean_up& command) {
  prepared out;
  const auto context = context_of(on.node);
  on.table.for_each([&](const domain::schedule_state& schedule) {
    if (out.guards.size() >= purged_per_clean_up_max)
      return;
    auto decided = domain::decide(schedule, command, context);
    if (decided.events.empty())
      return;
    out.guards.push_back(schedule_key(schedule.id));
    out.touches.push_back(stores::task_use_key(schedule.settings.task));
    for (auto& e : decided.events)
      out.decision.events.push_back(std::move(e));
  });
  return out;
}

} // namespace

domain::decision_context context_of(const node_context& node) {
  const auto now = node.now();
  const auto& sharing = node.sharing;
  return {sharing == nullptr ? now : sharing->agreed_now(now), node.node, node.zone,
          node.rules.calendars()};
}

stores::key schedule_key(const schedule_id& id) {
  return stores::stream_key(stream_category::schedule, id.value);
}

expected<prepared> prepare(expected<domain::decision> decided, std::vector<stores::key> guards,
                           const domain::schedule_state* current) {
  if (!decided)
    return unexpected<error>{std::move(decided).error()};
  prepared out{std::move(*decided), std::move(guards)};
  const auto rely_on = [&](const trigger_spec& trigger, bool is_new) {
    for (const auto& name : triggers::calendars_of(trigger)) {
      out.guards.push_back(calendar_key(calendar_id{name}));
      if (is_new) // whoever removes the calendar has to know of it
        out.touches.push_back(stores::calendar_use_key(calendar_id{name}));
    }
  };
  if (current != nullptr)
    rely_on(current->settings.trigger, false);
  const auto* task = current != nullptr ? &current->settings.task : nullptr; // in use now
  const auto use = [&](const task_id* next) {
    if (task != nullptr && next != nullptr && *task == *next)
      return;
    for (const auto* each : {task, next})
      if (each != nullptr)
        out.touches.push_back(stores::task_use_key(*each));
    task = next;
  };
  for (const auto& e : out.decision.events)
    if (const auto* job = std::get_if<job_added>(&e)) {
      out.guards.push_back(stores::stream_key(job->id));
    } else if (const auto* added = std::get_if<schedule_added>(&e)) {
      rely_on(added->settings->trigger, true);
      use(&added->settings->task);
    } else if (const auto* updated = std::get_if<schedule_updated>(&e)) {
      rely_on(updated->settings->trigger, true);
      use(&updated->settings->task);
    } else if (std::holds_alternative<schedule_removed>(e)) {
      use(nullptr);
    }
  out.not_before = domain::settled_until(out.decision.events);
  return out;
}

stores::commit to_commit(prepared ready, commit_id id, position known, commit_meta meta) {
  stores::commit out;
  out.id = id;
  out.known = known;
  out.guards = std::move(ready.guards);
  out.touches = std::move(ready.touches);
  out.not_before = ready.not_before;
  out.meta = std::move(meta);
  out.events = std::move(ready.decision.events);
  return out;
}

expected<prepared> decide_command(const schedule_ground& on, const pending_command& asked) {
  return std::visit(
      [&](const auto& what) -> expected<prepared> {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, remove_task>)
          return decide_on(on, what, asked.usage);
        else if constexpr (requires { decide_on(on, what); })
          return decide_on(on, what);
        else
          return refuse(errc::internal, "a job command reached a schedule actor");
      },
      asked.what);
}

} // namespace carillon::actors
