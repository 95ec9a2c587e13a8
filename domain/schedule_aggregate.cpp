#include "domain/schedule_aggregate.hpp"

#include "domain/checks.hpp"
#include "domain/outside_rules.hpp"
#include "domain/settle.hpp"
#include "triggers/next.hpp"
#include "triggers/outside_rules.hpp"
#include "triggers/resolve.hpp"
#include "values/stable_hash.hpp"

#include <algorithm>
#include <utility>

namespace carillon::domain {
namespace {

unexpected<error> no_such_schedule(const schedule_id& id) {
  return refuse(errc::not_found, "schedule '" + id.value + "' does not exist", "id");
}

unexpected<error> of_trigger(error e) {
  if (e.field.empty())
    e.field = "trigger";
  return unexpected{std::move(e)};
}

/// A trigger as it will be stored, and where it stands.
struct ready_trigger {
  trigger_spec spec = {once{}};
  std::optional<time_point> next_fire = {};
  trigger_cursor cursor = {};
  bool is_new = true; ///< It starts over: a new incarnation.
};

/// A number drawn with this seed is another one at the next change of the same schedule.
triggers::resolve_context resolve_context_of(const schedule_id& id, const decision_context& ctx) {
  const auto now = static_cast<std::uint64_t>(ctx.now.time_since_epoch().count());
  return {.now = ctx.now,
          .default_zone = ctx.default_zone,
          .schedule = id.value,
          .draw = stable_hash(id.value) ^ now};
}

/// As it is stored: the days of calendars stay with them.
expected<trigger_spec> resolve_stored(const schedule_id& id, const trigger_spec& spec,
                                      const decision_context& ctx) {
  auto resolved = triggers::resolve(with_calendars(spec, ctx), resolve_context_of(id, ctx));
  if (!resolved)
    return resolved;
  return triggers::without_days(std::move(*resolved), spec);
}

expected<ready_trigger> start_trigger(const schedule_id& id, const trigger_spec& spec,
                                      const decision_context& ctx) {
  if (auto known = check_calendars(spec, ctx); !known)
    return unexpected{std::move(known).error()};
  auto resolved = resolve_stored(id, spec, ctx);
  if (!resolved)
    return of_trigger(std::move(resolved).error());
  const auto compiled = compile_stored(*resolved, ctx);
  if (!compiled)
    return of_trigger(compiled.error());
  auto first = triggers::next(*compiled, {});
  if (!first)
    return of_trigger(std::move(first).error());
  return ready_trigger{
      .spec = std::move(*resolved), .next_fire = first->at, .cursor = std::move(first->cursor)};
}

/// `spec` with the old values where it leaves the start or a number to be drawn open, so that
/// writing the same trigger again does not make it start over.
trigger_spec adopt_start(trigger_spec spec, const trigger_spec& old);

void adopt_children(std::vector<trigger_spec>& children, const std::vector<trigger_spec>& old) {
  for (std::size_t i = 0; i < children.size() && i < old.size(); ++i)
    children[i] = adopt_start(std::move(children[i]), old[i]);
}

trigger_spec adopt_start(trigger_spec spec, const trigger_spec& old) {
  if (spec.kind.index() != old.kind.index())
    return spec;
  if (!spec.start_time)
    spec.start_time = old.start_time;
  if (auto* calendar = std::get_if<calendar_interval>(&spec.kind)) {
    if (!calendar->start_date)
      calendar->start_date = std::get<calendar_interval>(old.kind).start_date;
  } else if (auto* expression = std::get_if<cron>(&spec.kind)) {
    *expression = triggers::keep_draws(std::move(*expression), std::get<cron>(old.kind));
  } else if (auto* any = std::get_if<any_of>(&spec.kind)) {
    adopt_children(any->triggers, std::get<any_of>(old.kind).triggers);
  } else if (auto* all = std::get_if<all_of>(&spec.kind)) {
    adopt_children(all->triggers, std::get<all_of>(old.kind).triggers);
  } else if (auto* rest = std::get_if<filtered>(&spec.kind)) {
    adopt_children(rest->triggers, std::get<filtered>(old.kind).triggers);
  }
  return spec;
}

/// The current trigger where it stands after `settled`; one that broke is asked again.
expected<ready_trigger> go_on(const schedule_state& current, const settlement& settled,
                              const decision_context& ctx) {
  ready_trigger result{.spec = current.settings.trigger,
                       .next_fire = settled.next_fire,
                       .cursor = settled.cursor,
                       .is_new = false};
  if (!settled.faulted || settled.next_fire)
    return result;
  const auto compiled = compile_stored(result.spec, ctx);
  if (!compiled)
    return of_trigger(compiled.error());
  auto following = triggers::next(*compiled, result.cursor);
  if (!following)
    return of_trigger(std::move(following).error());
  result.next_fire = following->at;
  result.cursor = std::move(following->cursor);
  return result;
}

bool is_same_trigger(const schedule_state& current, const trigger_spec& spec,
                     const decision_context& ctx) {
  const auto adopted =
      resolve_stored(current.id, adopt_start(spec, current.settings.trigger), ctx);
  return adopted && *adopted == current.settings.trigger;
}

expected<void> check_settings(const schedule_settings& settings) {
  if (auto ok = check_name(settings.task.value, "task"); !ok)
    return ok;
  if (!settings.executor.empty()) {
    if (auto ok = check_name(settings.executor, "executor"); !ok)
      return ok;
  }
  if (auto ok = check_span(settings.misfire_grace_time, span_floor::zero, "misfire_grace_time");
      !ok)
    return ok;
  if (auto ok = check_span(settings.max_jitter, span_floor::zero, "max_jitter"); !ok)
    return ok;
  if (auto ok =
          check_span(settings.result_expiration, span_floor::zero, "job_result_expiration_time");
      !ok)
    return ok;
  return check_metadata(settings.meta, "metadata");
}

/// What a new schedule takes from its task stays with it when the task changes (TSK-06).
schedule_settings settings_of(const schedule_spec& spec, const task_settings& task) {
  return {.task = spec.task,
          .trigger = spec.trigger,
          .args = spec.args,
          .coalesce = spec.coalesce,
          .misfire_grace_time = spec.misfire_grace_time.value_or(task.misfire_grace_time),
          .max_jitter = spec.max_jitter,
          .executor = spec.executor,
          .result_expiration = spec.result_expiration,
          .meta = merge(task.meta, spec.meta),
          .jitter = spec.jitter};
}

template <class T> void overlay(T& value, const std::optional<T>& change) {
  if (change)
    value = *change;
}

schedule_settings apply_changes(schedule_settings settings, const schedule_changes& changes,
                                const task_settings& task) {
  overlay(settings.task, changes.task);
  overlay(settings.args, changes.args);
  overlay(settings.coalesce, changes.coalesce);
  overlay(settings.misfire_grace_time, changes.misfire_grace_time);
  overlay(settings.max_jitter, changes.max_jitter);
  overlay(settings.jitter, changes.jitter);
  overlay(settings.executor, changes.executor);
  overlay(settings.result_expiration, changes.result_expiration);
  if (changes.meta)
    settings.meta = merge(task.meta, *changes.meta);
  return settings;
}

/// A reply about `id` as it is now.
decision answered(const schedule_id& id, change what, std::optional<time_point> next_fire) {
  decision result;
  result.reply = {.what = what, .id = id.value, .next_fire = next_fire};
  return result;
}

/// An answer that starts with what was settled.
decision after(settlement&& settled, const schedule_id& id, change what) {
  auto result = answered(id, what, settled.next_fire);
  result.events = std::move(settled.events);
  result.reply.jobs = std::move(settled.jobs);
  return result;
}

/// Settings to put in place of the current ones.
struct replacement {
  schedule_settings settings;
  std::optional<ready_trigger> trigger = {}; ///< None: the current one goes on.
  bool paused = false;
  change what = change::updated;
};

/// Settles what is due under the old settings, then puts the new ones in place.
expected<decision> put(const schedule_state& current, replacement next,
                       const decision_context& ctx) {
  const bool starts_over = next.trigger.has_value();
  auto settled = settle_all(current, ctx, starts_over ? leave_out{"replaced"} : std::nullopt);
  auto trigger = starts_over ? expected{std::move(*next.trigger)} : go_on(current, settled, ctx);
  if (!trigger)
    return unexpected{std::move(trigger).error()};
  next.settings.trigger = std::move(trigger->spec);
  auto result = after(std::move(settled), current.id, next.what);
  result.reply.next_fire = trigger->next_fire;
  result.events.push_back(schedule_updated{.id = current.id,
                                           .settings = std::move(next.settings),
                                           .paused = next.paused,
                                           .trigger_reset = trigger->is_new,
                                           .next_fire = trigger->next_fire,
                                           .cursor = std::move(trigger->cursor)});
  return result;
}

/// `put` with the current trigger kept, if that changes anything.
expected<decision> put_if_changed(const schedule_state& current, replacement next,
                                  const decision_context& ctx) {
  next.settings.trigger = current.settings.trigger;
  if (next.settings == current.settings && next.paused == current.paused && current.fault.empty())
    return answered(current.id, change::kept, current.next_fire);
  return put(current, std::move(next), ctx);
}

} // namespace

expected<decision> decide(const schedule_state* current, const add_schedule& command,
                          const task_settings& task, const decision_context& ctx) {
  // 1. Bad input is refused whether or not the id is taken.
  const auto& spec = command.spec;
  if (auto ok = check_name(spec.id.value, "id"); !ok)
    return unexpected{std::move(ok).error()};
  auto settings = settings_of(spec, task);
  if (auto ok = check_settings(settings); !ok)
    return unexpected{std::move(ok).error()};
  auto trigger = start_trigger(spec.id, spec.trigger, ctx);
  if (!trigger)
    return unexpected{std::move(trigger).error()};
  if (spec.strict && !trigger->next_fire)
    return refuse(errc::invalid_argument,
                  "the trigger never fires, which a strict schedule does not accept", "trigger");

  // 2. A new id.
  if (!current) {
    auto result = answered(spec.id, change::created, trigger->next_fire);
    settings.trigger = std::move(trigger->spec);
    result.events = {schedule_added{.id = spec.id,
                                    .settings = std::move(settings),
                                    .paused = spec.paused,
                                    .next_fire = trigger->next_fire,
                                    .cursor = std::move(trigger->cursor)}};
    return result;
  }

  // 3. The id is taken.
  replacement next{.settings = std::move(settings), .paused = spec.paused};
  switch (spec.on_conflict) {
  case conflict_policy::do_nothing: return answered(spec.id, change::kept, current->next_fire);
  case conflict_policy::exception:
    return refuse(errc::conflict,
                  "schedule '" + spec.id.value + "' exists, its last record is " +
                      std::to_string(current->revision),
                  "id");
  case conflict_policy::update:
    // Describing a schedule again does not undo its operator's pause.
    next.paused = spec.paused || current->paused;
    if (is_same_trigger(*current, spec.trigger, ctx))
      return put_if_changed(*current, std::move(next), ctx);
    break;
  case conflict_policy::replace: next.what = change::replaced; break;
  }
  next.trigger = std::move(*trigger);
  return put(*current, std::move(next), ctx);
}

expected<decision> decide(const schedule_state* current, const update_schedule& command,
                          const task_settings& task, const decision_context& ctx) {
  if (!current)
    return no_such_schedule(command.id);
  if (command.if_revision && *command.if_revision != current->revision)
    return refuse(errc::conflict,
                  "schedule '" + command.id.value + "' stands at " +
                      std::to_string(current->revision) + ", expected " +
                      std::to_string(*command.if_revision),
                  "revision");
  const auto& changes = command.changes;
  replacement next{.settings = apply_changes(current->settings, changes, task),
                   .paused = current->paused};
  if (auto ok = check_settings(next.settings); !ok)
    return unexpected{std::move(ok).error()};
  if (!changes.trigger || is_same_trigger(*current, *changes.trigger, ctx))
    return put_if_changed(*current, std::move(next), ctx);
  auto trigger = start_trigger(current->id, *changes.trigger, ctx);
  if (!trigger)
    return unexpected{std::move(trigger).error()};
  next.trigger = std::move(*trigger);
  return put(*current, std::move(next), ctx);
}

expected<decision> decide(const schedule_state* current, const pause_schedule& command,
                          const decision_context& ctx) {
  if (!current)
    return no_such_schedule(command.id);
  if (current->paused)
    return answered(command.id, change::none, current->next_fire);
  auto result = after(settle_all(*current, ctx, "paused"), command.id, change::updated);
  result.events.push_back(schedule_paused{.id = command.id});
  return result;
}

expected<decision> decide(const schedule_state* current, const resume_schedule& command,
                          const decision_context& ctx) {
  if (!current)
    return no_such_schedule(command.id);
  if (!current->paused)
    return answered(command.id, change::none, current->next_fire);
  auto skipped = command.mode == resume_schedule::from::next_fire_time
                     ? settle_nothing(*current, ctx)
                     : skip_paused(*current, ctx,
                                   command.mode == resume_schedule::from::now ? ctx.now
                                                                              : command.instant);
  auto result = answered(command.id, change::updated, skipped.next_fire);
  schedule_resumed resumed{
      .id = command.id, .next_fire = skipped.next_fire, .cursor = std::move(skipped.cursor)};
  std::optional<schedule_faulted> fault;
  for (auto& e : skipped.events) {
    if (std::holds_alternative<schedule_recomputed>(e))
      result.events.push_back(std::move(e));
    else if (auto* fired = std::get_if<schedule_fired>(&e))
      resumed.fates = std::move(fired->fates);
    else if (auto* faulted = std::get_if<schedule_faulted>(&e))
      fault = std::move(*faulted);
  }
  result.events.push_back(std::move(resumed));
  if (fault)
    result.events.push_back(std::move(*fault));
  return result;
}

expected<decision> decide(const schedule_state* current, const remove_schedule& command,
                          const decision_context& ctx) {
  if (!current)
    return answered(command.id, change::none, std::nullopt);
  auto result = after(settle_all(*current, ctx, "removed"), command.id, change::removed);
  result.reply.next_fire.reset();
  result.events.push_back(schedule_removed{.id = command.id});
  return result;
}

expected<decision> decide(const schedule_state* current, const trigger_schedule& command,
                          const job_id& id, const decision_context&) {
  if (!current)
    return no_such_schedule(command.id);
  const auto& settings = current->settings;
  auto result = answered(command.id, change::updated, current->next_fire);
  result.reply.jobs = {id};
  result.events = {job_added{.id = id,
                             .task = settings.task,
                             .schedule = command.id,
                             .args = settings.args,
                             .executor = settings.executor,
                             .result_expiration = settings.result_expiration,
                             .meta = settings.meta}};
  return result;
}

decision decide(const schedule_state& current, const fire_schedule& command,
                const decision_context& ctx) {
  auto settled = settle_round(current, ctx);
  const bool more = settled.more;
  auto left_alone = std::move(settled.left_alone);
  const auto what = settled.events.empty() ? change::none : change::updated;
  auto result = after(std::move(settled), command.id, what);
  result.more = more;
  result.left_alone = std::move(left_alone);
  return result;
}

decision decide(const schedule_state& current, const recompute_schedule& command,
                const decision_context& ctx) {
  if (command.cause == recompute_cause::calendar && !is_outdated(current, ctx))
    return answered(current.id, change::none, current.next_fire);
  auto fresh = recompute(current, {command.cause, command.zone_table}, ctx);
  if (fresh && !*fresh)
    return answered(current.id, change::none, current.next_fire);
  if (!fresh && fresh.error().code == errc::unsupported) {
    auto result = answered(current.id, change::none, current.next_fire);
    result.left_alone = fresh.error().message;
    return result;
  }
  auto result = answered(current.id, change::updated, std::nullopt);
  if (fresh) {
    result.reply.next_fire = (*fresh)->next_fire;
    result.events = {std::move(**fresh)};
  } else {
    result.events = {fault_of(current.id, fresh.error())};
  }
  return result;
}

decision decide(const schedule_state& current, const clean_up&, const decision_context&) {
  const bool finished = !current.next_fire && current.fault.empty() && current.open_jobs == 0;
  if (!finished)
    return answered(current.id, change::none, current.next_fire);
  auto result = answered(current.id, change::removed, std::nullopt);
  result.events = {schedule_removed{.id = current.id, .finished = true}};
  return result;
}

std::optional<time_point> settled_until(const std::vector<event>& events) {
  std::optional<time_point> last;
  for (const auto& e : events)
    if (const auto* fired = std::get_if<schedule_fired>(&e))
      for (const auto& f : fired->fates)
        last = last ? std::max(*last, f.last) : f.last;
  return last;
}

} // namespace carillon::domain
