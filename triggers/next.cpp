#include "triggers/next.hpp"

#include "triggers/node.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

template <class... Ts> struct overloaded : Ts... { using Ts::operator()...; };
template <class... Ts> overloaded(Ts...) -> overloaded<Ts...>;

constexpr duration tick{1};
/// Triggers whose cursors, copied by those above them, take as long as one step.
constexpr std::int64_t nodes_a_step = 2;

expected<compiled_trigger> compile_at(const trigger_spec& spec, int depth);

expected<std::vector<compiled_trigger>> compile_children(const std::vector<trigger_spec>& specs,
                                                         int depth) {
  if (specs.size() > children_max)
    return refuse(errc::limit_exceeded,
                  std::to_string(specs.size()) + " triggers are combined, allowed are " +
                      std::to_string(children_max),
                  "trigger.spec.triggers");
  std::vector<compiled_trigger> out;
  for (const auto& spec : specs) {
    auto child = compile_at(spec, depth + 1);
    if (!child)
      return unexpected<error>{std::move(child).error()};
    out.push_back(std::move(*child));
  }
  return out;
}

time_point end_of(const trigger_spec& spec) {
  return spec.end_time ? std::min(spec.end_time->at, instant_max) : instant_max;
}

time_point start_of(const trigger_spec& spec) {
  return spec.start_time ? std::max(spec.start_time->at, instant_min) : instant_min;
}

expected<rule_variant> rule_of(const once& kind, const trigger_spec&, const time_zone&,
                               int) {
  return rule_variant{once_rule{kind.run_time.at}};
}

expected<rule_variant> rule_of(const interval& kind, const trigger_spec& spec, const time_zone&,
                               int) {
  if (kind.every <= duration{0})
    return refuse(errc::invalid_argument,
                  "the time interval is " + carillon::to_string(kind.every) +
                      ", it must be positive",
                  "trigger.spec");
  return rule_variant{interval_rule{start_of(spec), end_of(spec), kind.every}};
}

expected<rule_variant> rule_of(const calendar_interval& kind, const trigger_spec& spec,
                               const time_zone&, int) {
  calendar_rule out;
  out.months = std::int64_t{kind.years} * 12 + kind.months;
  out.days = std::int64_t{kind.weeks} * 7 + kind.days;
  out.time_of_day = kind.hour * 3600 + kind.minute * 60 + kind.second;
  if (out.months == 0 && out.days == 0)
    return refuse(errc::invalid_argument,
                  "years, months, weeks and days are all 0; at least one must be higher",
                  "trigger.spec");
  if (!kind.start_date)
    return refuse(errc::invalid_argument, "start_date is not set; resolve fills it",
                  "trigger.spec.start_date");
  out.start_day = day_number(*kind.start_date);
  out.end_day = day_number(kind.end_date.value_or(civil_date{9999, 12, 31}));
  out.clamp_day = kind.clamp_day;
  out.policy = policy_of(spec, {.fold = fold_policy::first});
  return rule_variant{out};
}

clock_defaults clock_defaults_of(cron_dialect dialect, const cron_table& table) {
  clock_defaults out;
  out.is_gap_automatic = dialect == cron_dialect::vixie || dialect == cron_dialect::seconds;
  out.fold = out.is_gap_automatic              ? fold_policy::automatic
             : dialect == cron_dialect::quartz ? fold_policy::second
                                               : fold_policy::both;
  out.is_fixed_time = table.is_fixed_time;
  return out;
}

expected<rule_variant> rule_of(const cron& kind, const trigger_spec& spec, const time_zone&,
                               int) {
  auto table = compile_cron(kind);
  if (!table)
    return unexpected<error>{std::move(table).error()};
  const bool is_exclusive = kind.dialect != cron_dialect::apscheduler;
  const auto start = start_of(spec);
  const auto policy = policy_of(spec, clock_defaults_of(kind.dialect, *table));
  return rule_variant{cron_rule{std::move(*table), policy,
                                is_exclusive ? floor_second(start) + 1 : ceil_second(start),
                                floor_second(end_of(spec))}};
}

expected<rule_variant> rule_of(const any_of& kind, const trigger_spec&, const time_zone&,
                               int depth) {
  auto children = compile_children(kind.triggers, depth);
  if (!children)
    return unexpected<error>{std::move(children).error()};
  return rule_variant{any_rule{std::move(*children)}};
}

expected<rule_variant> rule_of(const all_of& kind, const trigger_spec&, const time_zone&,
                               int depth) {
  auto children = compile_children(kind.triggers, depth);
  if (!children)
    return unexpected<error>{std::move(children).error()};
  if (children->empty())
    return refuse(errc::invalid_argument, "'and' needs at least one trigger",
                  "trigger.spec.triggers");
  return rule_variant{all_rule{std::move(*children), kind.threshold, kind.iterations_max}};
}

expected<rule_variant> rule_of(const on_calendar& kind, const trigger_spec& spec, const time_zone&,
                               int) {
  return compile_on_calendar(kind, spec);
}

expected<rule_variant> rule_of(const recurrence& kind, const trigger_spec& spec,
                               const time_zone& zone, int) {
  return compile_recurrence(kind, spec, zone);
}

expected<rule_variant> rule_of(const repeating_interval& kind, const trigger_spec& spec,
                               const time_zone& zone, int) {
  return compile_repeating(kind, spec, zone);
}

expected<rule_variant> rule_of(const filtered& kind, const trigger_spec&, const time_zone&,
                               int depth) {
  auto children = compile_children(kind.triggers, depth);
  if (!children)
    return unexpected<error>{std::move(children).error()};
  return compile_filtered(kind, std::move(*children));
}

expected<rule_variant> rule_of(const custom_rule& kind, const trigger_spec& spec, const time_zone&,
                               int) {
  return compile_custom(kind, spec);
}

expected<compiled_trigger> compile_at(const trigger_spec& spec, int depth) {
  if (depth > trigger_depth_max)
    return refuse(errc::limit_exceeded,
                  "triggers are nested deeper than " + std::to_string(trigger_depth_max),
                  "trigger.spec.triggers");
  auto zone = find_zone(spec.timezone.empty() ? "UTC" : spec.timezone);
  if (!zone)
    return unexpected<error>{std::move(zone).error()};
  auto rule =
      std::visit([&](const auto& kind) { return rule_of(kind, spec, **zone, depth); }, spec.kind);
  if (!rule)
    return unexpected<error>{std::move(rule).error()};
  trigger_node node{std::move(*rule), std::move(*zone)};
  std::visit(
      [&](const auto& what) {
        if constexpr (requires { what.children; })
          for (const auto& child : what.children)
            node.nodes += child.node().nodes;
      },
      node.rule);
  return compiled_trigger{std::make_shared<const trigger_node>(std::move(node))};
}

std::optional<time_point> first_from(const cron_rule& rule, const time_zone& zone,
                                     time_point from) noexcept {
  const auto found =
      next_instant(rule.table, zone, rule.policy, std::max(rule.first, ceil_second(from)));
  return found && *found <= rule.last ? std::optional{at_second(*found)} : std::nullopt;
}

expected<fire> plain(std::optional<time_point> at, const trigger_cursor& cursor) {
  if (at)
    return fire{at, {at, {}}};
  return fire{at, cursor};
}

expected<fire> plain(expected<std::optional<time_point>> found, const trigger_cursor& cursor) {
  if (!found)
    return unexpected<error>{std::move(found).error()};
  return plain(*found, cursor);
}

} // namespace

expected<fire> advance(const compiled_trigger& trigger, const trigger_cursor& cursor,
                       time_point from, step_budget& budget) {
  const auto& node = trigger.node();
  budget.left -= 1 + node.nodes / nodes_a_step;
  if (budget.left < 0)
    return refuse(errc::limit_exceeded,
                  "the trigger took more than " + std::to_string(steps_max) + " steps");
  from = std::clamp(from, instant_min, instant_max + tick);
  if (cursor.last)
    from = std::max(from, *cursor.last + tick);
  // Most triggers are crons: in place, where it is known that the new cursor holds no memory.
  if (const auto* rule = std::get_if<cron_rule>(&node.rule)) {
    const auto at = first_from(*rule, *node.zone, from);
    if (at)
      return fire{at, {at, {}}};
    return fire{at, cursor};
  }
  return std::visit(
      overloaded{
          [&](const once_rule& rule) {
            return plain(rule.at >= from ? std::optional{rule.at} : std::nullopt, cursor);
          },
          [&](const interval_rule& rule) { return plain(first_from(rule, from), cursor); },
          [&](const calendar_rule& rule) {
            return plain(first_from(rule, *node.zone, from), cursor);
          },
          [&](const cron_rule& rule) { return plain(first_from(rule, *node.zone, from), cursor); },
          [&](const any_rule& rule) { return advance_any(rule, cursor, from, budget); },
          [&](const all_rule& rule) { return advance_all(rule, cursor, from, budget); },
          [&](const recurrence_rule& rule) {
            return plain(advance_recurrence(rule, *node.zone, from, budget), cursor);
          },
          [&](const repeating_rule& rule) {
            return plain(advance_repeating(rule, *node.zone, from, budget), cursor);
          },
          [&](const filter_rule& rule) {
            return advance_filtered(rule, *node.zone, cursor, from, budget);
          },
          [&](const custom_node& rule) {
            return plain(advance_custom(rule, from, budget), cursor);
          },
      },
      node.rule);
}

expected<compiled_trigger> compile(const trigger_spec& resolved) { return compile_at(resolved, 1); }

expected<fire> next(const compiled_trigger& trigger, const trigger_cursor& cursor) {
  step_budget budget;
  return advance(trigger, cursor, instant_min, budget);
}

expected<fire> seek(const compiled_trigger& trigger, const trigger_cursor& cursor,
                    time_point not_before) {
  step_budget budget;
  return advance(trigger, cursor, not_before, budget);
}

expected<fire> recompute(const compiled_trigger& trigger, std::optional<time_point> settled) {
  return seek(trigger, {}, settled ? *settled + tick : instant_min);
}

std::uint64_t zone_digest(const compiled_trigger& trigger) noexcept {
  const auto of_children = [](const std::vector<compiled_trigger>& children) {
    std::uint64_t out = 0;
    for (const auto& child : children)
      out = out * 31 + zone_digest(child);
    return out;
  };
  const auto& node = trigger.node();
  return std::visit(overloaded{
                        [](const once_rule&) { return std::uint64_t{0}; },
                        [](const interval_rule&) { return std::uint64_t{0}; },
                        [&](const any_rule& rule) { return of_children(rule.children); },
                        [&](const all_rule& rule) { return of_children(rule.children); },
                        // Exclusions and windows are read in its own zone.
                        [&](const filter_rule& rule) {
                          return of_children(rule.children) * 31 + node.zone->digest();
                        },
                        [&](const auto&) { return node.zone->digest(); },
                    },
                    node.rule);
}

std::chrono::seconds offset_at(const compiled_trigger& trigger, time_point t) noexcept {
  return std::chrono::seconds{trigger.node().zone->period_at(floor_second(t)).offset};
}

std::optional<duration> fixed_step(const compiled_trigger& trigger) noexcept {
  const auto* rule = std::get_if<interval_rule>(&trigger.node().rule);
  return rule == nullptr ? std::nullopt : std::optional{rule->step};
}

} // namespace carillon::triggers
