#include "carillon/fire_times.hpp"

#include "triggers/civil_time.hpp"
#include "triggers/describe.hpp"
#include "triggers/lint.hpp"
#include "triggers/open_numbers.hpp"
#include "triggers/preview.hpp"
#include "triggers/recurrence_text.hpp"
#include "triggers/resolve.hpp"

#include <algorithm>

namespace carillon {
namespace {

using triggers::instant_min;

/// The triggers inside of any_of and filtered; those of all_of are not reached: where its children
/// begin decides how they pair up.
std::vector<trigger_spec>* free_children(trigger_spec& spec) {
  if (auto* any = std::get_if<any_of>(&spec.kind))
    return &any->triggers;
  if (auto* inner = std::get_if<filtered>(&spec.kind))
    return &inner->triggers;
  return nullptr;
}

/// Whether its rule alone says when it fires, however far back.
bool can_reach_back(const trigger_spec& spec) {
  const auto* steps = std::get_if<interval>(&spec.kind);
  return std::holds_alternative<cron>(spec.kind) ||
         std::holds_alternative<on_calendar>(spec.kind) || (steps != nullptr && steps->phase);
}

/// Lets triggers without a start_time begin with time itself.
void open_starts(trigger_spec& spec) {
  if (!spec.start_time && can_reach_back(spec))
    spec.start_time = when{instant_min, false};
  if (auto* children = free_children(spec))
    for (auto& child : *children)
      open_starts(child);
}

/// Takes out again what `open_starts` set in `given`.
void close_starts(trigger_spec& resolved, trigger_spec& given) {
  if (!given.start_time && can_reach_back(given))
    resolved.start_time.reset();
  auto* children = free_children(given);
  auto* ours = free_children(resolved);
  for (std::size_t i = 0; children != nullptr && i < children->size(); ++i)
    close_starts((*ours)[i], (*children)[i]);
}

expected<trigger_spec> read(std::string_view text, trigger_notation notation,
                            const trigger_context& context) {
  const auto of_kind = [](auto parsed) -> expected<trigger_spec> {
    if (!parsed)
      return unexpected<error>{std::move(parsed).error()};
    return trigger_spec{std::move(*parsed)};
  };
  switch (notation) {
  case trigger_notation::crontab:
    return of_kind(cron_from_crontab(text, cron_dialect::apscheduler));
  case trigger_notation::vixie: return trigger_from_crontab(text, cron_dialect::vixie);
  case trigger_notation::seconds: return trigger_from_crontab(text, cron_dialect::seconds);
  case trigger_notation::jenkins: return trigger_from_crontab(text, cron_dialect::jenkins);
  case trigger_notation::quartz: return of_kind(cron_from_quartz(text));
  case trigger_notation::systemd: return trigger_spec{on_calendar{std::string{text}}};
  case trigger_notation::iso8601: return trigger_spec{repeating_interval{std::string{text}}};
  case trigger_notation::rrule:
    return triggers::recurrence_from_text(
        text, {std::chrono::floor<std::chrono::seconds>(context.now), false});
  case trigger_notation::every: {
    const auto every = parse_duration(text);
    if (!every)
      return refuse(every.error().code, every.error().message, "trigger.spec");
    return trigger_spec{interval{*every}};
  }
  case trigger_notation::at: break;
  }
  if (const auto at = parse_instant(text))
    return trigger_spec{once{{*at, false}}};
  const auto wall = parse_instant(std::string{text} + 'Z');
  if (!wall)
    return refuse(errc::invalid_argument, parse_instant(text).error().message,
                  "trigger.spec.run_time");
  return trigger_spec{once{{*wall, true}}};
}

} // namespace

struct fire_times::state {
  trigger_spec spec;
  triggers::compiled_trigger trigger;
  std::vector<trigger_warning> open_numbers; ///< What `H` and `a~b` leave open.
};

expected<fire_times> fire_times::of(const trigger_spec& spec, const trigger_context& context) {
  auto opened = spec;
  open_starts(opened);
  auto resolved = triggers::resolve(opened, {context.now, context.default_zone, context.schedule});
  if (!resolved)
    return unexpected<error>{std::move(resolved).error()};
  auto compiled = triggers::compile(*resolved);
  if (!compiled)
    return unexpected<error>{std::move(compiled).error()};
  auto given = spec;
  close_starts(*resolved, given);
  return fire_times{std::make_shared<const state>(
      state{std::move(*resolved), std::move(*compiled),
            triggers::open_numbers(spec, !context.schedule.empty())})};
}

expected<fire_times> fire_times::parse(std::string_view text, trigger_notation notation,
                                       const trigger_context& context) {
  auto spec = read(text, notation, context);
  if (!spec)
    return unexpected<error>{std::move(spec).error()};
  if (notation == trigger_notation::at)
    spec->timezone = context.default_zone; // a wall clock is read there
  return of(*spec, context);
}

expected<std::optional<time_point>> fire_times::next(time_point after) const {
  auto found =
      triggers::seek(state_->trigger, {}, std::min(after, triggers::instant_max) + duration{1});
  if (!found)
    return unexpected<error>{std::move(found).error()};
  return found->at;
}

expected<std::optional<time_point>> fire_times::previous(time_point before) const {
  return triggers::previous(state_->trigger, before);
}

expected<fire_list> fire_times::preview(std::size_t n, time_point from) const {
  return triggers::preview(state_->trigger, n, from);
}

expected<std::uint64_t> fire_times::count(time_point from, time_point to,
                                          std::uint64_t limit) const {
  return triggers::count(state_->trigger, from, to, limit);
}

std::string fire_times::describe(time_point from) const {
  return triggers::describe(state_->spec, from);
}

std::vector<trigger_warning> fire_times::lint(time_point from) const {
  auto out = triggers::lint(state_->spec, from);
  out.insert(out.end(), state_->open_numbers.begin(), state_->open_numbers.end());
  return out;
}

const trigger_spec& fire_times::spec() const noexcept { return state_->spec; }

std::string fire_times::to_text(time_point t) const {
  const auto offset = triggers::offset_at(state_->trigger, t);
  // RFC 3339 has no seconds in an offset; zones of long ago had.
  return offset.count() % 60 == 0 && offset.count() != 0 ? to_rfc3339(t, offset) : to_rfc3339(t);
}

} // namespace carillon
