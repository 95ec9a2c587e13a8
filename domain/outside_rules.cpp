#include "domain/outside_rules.hpp"

#include "triggers/outside_rules.hpp"

#include <algorithm>

namespace carillon::domain {
namespace {

/// How many calendars an error names.
constexpr std::size_t calendars_named_max = 20;

const calendar_state* find(const decision_context& ctx, std::string_view name) {
  if (ctx.calendars == nullptr)
    return nullptr;
  const auto found = ctx.calendars->find(name);
  return found == ctx.calendars->end() ? nullptr : found->second.get();
}

std::string what_there_is(const decision_context& ctx) {
  if (ctx.calendars == nullptr || ctx.calendars->empty())
    return "there is none";
  std::string out = "there are ";
  std::size_t count = 0;
  for (const auto& [name, calendar] : *ctx.calendars) {
    if (count == calendars_named_max)
      return out + " and " + std::to_string(ctx.calendars->size() - count) + " more";
    out += (count == 0 ? "'" : ", '") + name + "'";
    ++count;
  }
  return out;
}

/// The newest due time that was settled; none when that was one of an earlier trigger, since which
/// this one reaches back further.
std::optional<time_point> settled_by_trigger(const schedule_state& state) {
  const bool is_older =
      state.next_fire && state.last_due_time && *state.next_fire <= *state.last_due_time;
  return is_older ? std::nullopt : state.last_due_time;
}

/// The calendar of the trigger that was set last; nullptr when it names none.
const calendar_state* newest_calendar(const trigger_spec& spec, const decision_context& ctx) {
  const calendar_state* out = nullptr;
  for (const auto& name : triggers::calendars_of(spec))
    if (const auto* each = find(ctx, name))
      if (out == nullptr || out->revision < each->revision)
        out = each;
  return out;
}

} // namespace

expected<void> check_calendars(const trigger_spec& spec, const decision_context& ctx) {
  for (const auto& name : triggers::calendars_of(spec))
    if (find(ctx, name) == nullptr)
      return refuse(errc::invalid_argument,
                    "calendar '" + name + "' does not exist; " + what_there_is(ctx) +
                        ", or give days beside its name",
                    "trigger.spec.exclude");
  return {};
}

trigger_spec with_calendars(const trigger_spec& spec, const decision_context& ctx) {
  return triggers::with_days(spec, [&](std::string_view name) -> const std::vector<date_range>* {
    const auto* found = find(ctx, name);
    return found == nullptr ? nullptr : &found->days;
  });
}

expected<triggers::compiled_trigger> compile_stored(const trigger_spec& spec,
                                                    const decision_context& ctx) {
  if (triggers::calendars_of(spec).empty())
    return triggers::compile(spec);
  return triggers::compile(with_calendars(spec, ctx));
}

bool is_outdated(const schedule_state& state, const decision_context& ctx) {
  const auto* newest = newest_calendar(state.settings.trigger, ctx);
  return newest != nullptr && newest->revision > state.revision;
}

expected<std::optional<schedule_recomputed>>
recompute(const schedule_state& state, const outside_change& why, const decision_context& ctx) {
  using result = std::optional<schedule_recomputed>;
  if (!state.fault.empty())
    return result{};
  const auto* newest = newest_calendar(state.settings.trigger, ctx);
  auto settled = settled_by_trigger(state);
  if (newest != nullptr) {
    if (state.next_fire && *state.next_fire <= newest->changed_at)
      return result{};
    settled = std::max(settled.value_or(newest->changed_at), newest->changed_at);
  }
  const auto trigger = compile_stored(state.settings.trigger, ctx);
  if (!trigger)
    return unexpected<error>{trigger.error()};
  auto fresh = triggers::recompute(*trigger, settled);
  if (!fresh)
    return unexpected<error>{std::move(fresh).error()};
  if (fresh->at == state.next_fire)
    return result{};
  const bool is_calendar = why.cause == recompute_cause::calendar && newest != nullptr;
  return result{schedule_recomputed{.id = state.id,
                                    .cause = why.cause,
                                    .rules = is_calendar ? newest->id.value : why.zone_table,
                                    .previous = state.next_fire,
                                    .next_fire = fresh->at,
                                    .cursor = std::move(fresh->cursor)}};
}

} // namespace carillon::domain
