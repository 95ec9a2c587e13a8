#include "triggers/clock_change.hpp"
#include "triggers/day_list.hpp"
#include "triggers/node.hpp"

#include <algorithm>
#include <utility>

namespace carillon::triggers {

/// What `filtered` leaves in, as a function of the wall clock.
struct filter_table {
  /// A stretch [begin, end), in seconds of a week that begins on Monday, or in days since 1970.
  using stretch = std::pair<std::int64_t, std::int64_t>;

  std::vector<stretch> windows; ///< Sorted and apart; empty = all the week.
  std::vector<stretch> days;    ///< Left out; sorted and apart.
  std::vector<cron_table> patterns;
};

namespace {

using stretch = filter_table::stretch;

constexpr second_count week_seconds = 7 * day_seconds;
constexpr std::uint8_t every_weekday = 0x7f;
constexpr std::size_t exclusions_max = 100;
constexpr std::size_t windows_max = 100;

std::vector<stretch> week_of(const std::vector<time_window>& windows) {
  std::vector<stretch> out;
  for (const auto& window : windows) {
    const std::int64_t length =
        std::int64_t{window.end} - window.begin + (window.end > window.begin ? 0 : day_seconds);
    for (int weekday = 0; weekday < 7; ++weekday) {
      if ((window.weekdays >> weekday & 1) == 0)
        continue;
      const auto begin = weekday * day_seconds + window.begin;
      out.emplace_back(begin, std::min(begin + length, week_seconds));
      if (begin + length > week_seconds) // over the midnight after Sunday
        out.emplace_back(0, begin + length - week_seconds);
    }
  }
  return joined(std::move(out));
}

/// The first wall-clock second at or after `wall` within a window.
second_count into_window(const std::vector<stretch>& windows, second_count wall) {
  if (windows.empty())
    return wall;
  constexpr second_count first_monday = 4 * day_seconds; // 1970-01-05
  const auto week = floor_div(wall - first_monday, week_seconds) * week_seconds + first_monday;
  const auto found =
      std::upper_bound(windows.begin(), windows.end(), wall - week,
                       [](second_count at, const stretch& each) { return at < each.second; });
  if (found == windows.end())
    return week + week_seconds + windows.front().first;
  return std::max(wall, week + found->first);
}

/// The first wall-clock second at or after `wall` on a day that is not left out.
second_count past_days(const std::vector<stretch>& days, second_count wall) {
  const auto day = floor_div(wall, day_seconds);
  const auto found =
      std::upper_bound(days.begin(), days.end(), day,
                       [](std::int64_t at, const stretch& each) { return at < each.second; });
  return found == days.end() || day < found->first ? wall : found->second * day_seconds;
}

error too_many_steps() {
  return {errc::limit_exceeded,
          "windows and exclusions leave nothing in for " + std::to_string(steps_max) + " steps",
          "trigger.spec"};
}

constexpr second_count last_second = floor_second(instant_max);

/// The first wall-clock second at or after `wall` that is left in; none until the year 9999.
expected<std::optional<second_count>> admitted_from(const filter_table& table, second_count wall,
                                                    step_budget& budget) {
  while (wall <= last_second + jump_seconds_max) {
    const auto begin = wall;
    wall = past_days(table.days, into_window(table.windows, wall));
    for (const auto& pattern : table.patterns)
      wall = first_unmatched(pattern, wall);
    if (wall == begin)
      return std::optional{wall};
    budget.left -= 1 + static_cast<std::int64_t>(table.patterns.size());
    if (budget.left < 0)
      return unexpected<error>{too_many_steps()};
  }
  return std::optional<second_count>{};
}

/// The first instant at or after the UTC second `from` whose wall clock is left in.
expected<std::optional<second_count>> admitted_instant(const filter_table& table,
                                                       const time_zone& zone, second_count from,
                                                       step_budget& budget) {
  std::optional<error> failure;
  const auto found = first_instant(zone, clock_policy{}, from,
                                   [&](second_count wall) -> std::optional<second_count> {
                                     auto next = admitted_from(table, wall, budget);
                                     if (next)
                                       return *next;
                                     failure = std::move(next).error();
                                     return std::nullopt;
                                   });
  if (failure)
    return unexpected<error>{std::move(*failure)};
  return found;
}

error wrong(std::string message, const std::string& field) {
  return {errc::invalid_argument, std::move(message), "trigger.spec." + field};
}

error without_its_days(const std::string& calendar, const std::string& field) {
  return wrong("calendar '" + calendar + "' comes without its days; give them beside its name",
               field + ".calendar");
}

std::string at_index(const char* list, std::size_t i) {
  return std::string{list} + '[' + std::to_string(i) + ']';
}

expected<void> check_window(const time_window& window, const std::string& field) {
  if (window.begin >= day_seconds || window.end == 0 || window.end > day_seconds)
    return unexpected<error>{wrong("a window begins at second 0 to 86399 of the day and ends at 1 "
                                   "to 86400, not at " +
                                       std::to_string(window.begin) + " and " +
                                       std::to_string(window.end),
                                   field)};
  if (window.weekdays == 0 || window.weekdays > every_weekday)
    return unexpected<error>{wrong("a window needs some of seven weekdays", field)};
  return {};
}

/// What a pattern leaves open matches always: {"day_of_week": "sat"} is all of Saturday.
expected<cron> open_pattern(cron pattern) {
  if (pattern.dialect == cron_dialect::apscheduler)
    for (auto field : {&cron::year, &cron::month, &cron::day, &cron::week, &cron::day_of_week,
                       &cron::hour, &cron::minute, &cron::second})
      if (!(pattern.*field))
        pattern.*field = "*";
  return canonical_cron(pattern);
}

expected<void> resolve_exclusion(exclusion& each, const std::string& field) {
  if (each.calendar.empty() && each.days.empty() && !each.pattern)
    return unexpected<error>{wrong("an exclusion needs a calendar, days or a pattern", field)};
  if (!each.calendar.empty() && each.days.empty())
    return unexpected<error>{without_its_days(each.calendar, field)};
  if (auto ok = check_days(each.days, "trigger.spec." + field + ".days"); !ok)
    return ok;
  if (!each.pattern)
    return {};
  auto open = open_pattern(std::move(*each.pattern));
  if (!open) {
    auto failure = std::move(open).error();
    constexpr std::string_view prefix = "trigger.spec.";
    if (failure.field.starts_with(prefix))
      failure.field = failure.field.substr(prefix.size());
    failure.field = std::string{prefix} + field + ".cron." + failure.field;
    return unexpected<error>{std::move(failure)};
  }
  each.pattern = std::move(*open);
  return {};
}

} // namespace

expected<void> resolve_filtered(filtered& kind, const resolve_context&) {
  if (kind.exclude.size() > exclusions_max || kind.windows.size() > windows_max)
    return refuse(errc::limit_exceeded,
                  "allowed are " + std::to_string(exclusions_max) + " exclusions and " +
                      std::to_string(windows_max) + " windows",
                  kind.windows.size() > windows_max ? "trigger.spec.windows"
                                                    : "trigger.spec.exclude");
  for (std::size_t i = 0; i < kind.windows.size(); ++i)
    if (auto ok = check_window(kind.windows[i], at_index("windows", i)); !ok)
      return ok;
  for (std::size_t i = 0; i < kind.exclude.size(); ++i)
    if (auto ok = resolve_exclusion(kind.exclude[i], at_index("exclude", i)); !ok)
      return ok;
  return {};
}

expected<cron_table> compile_exclusion(const cron& pattern) {
  constexpr std::uint64_t every_second = (std::uint64_t{1} << 60) - 1;
  auto out = compile_cron(pattern);
  if (out && !pattern.second)
    out->seconds = every_second; // a crontab's unit is the minute
  return out;
}

expected<rule_variant> compile_filtered(const filtered& kind,
                                        std::vector<compiled_trigger> children) {
  if (children.size() != 1)
    return unexpected<error>{wrong(
        "'except' needs exactly one trigger, not " + std::to_string(children.size()), "trigger")};
  filter_table out;
  out.windows = week_of(kind.windows);
  for (std::size_t i = 0; i < kind.exclude.size(); ++i) {
    const auto& each = kind.exclude[i];
    if (!each.calendar.empty() && each.days.empty())
      return unexpected<error>{without_its_days(each.calendar, at_index("exclude", i))};
    for (const auto& [first, last] : each.days)
      out.days.emplace_back(day_number(first), day_number(last) + 1);
    if (!each.pattern)
      continue;
    auto table = compile_exclusion(*each.pattern);
    if (!table)
      return unexpected<error>{std::move(table).error()};
    out.patterns.push_back(std::move(*table));
  }
  out.days = joined(std::move(out.days));
  return rule_variant{
      filter_rule{std::move(children), std::make_shared<const filter_table>(std::move(out))}};
}

expected<fire> advance_filtered(const filter_rule& rule, const time_zone& zone,
                                const trigger_cursor& cursor, time_point from,
                                step_budget& budget) {
  auto inner = cursor.children.empty() ? trigger_cursor{} : cursor.children.front();
  while (true) {
    auto drawn = advance(rule.children.front(), inner, from, budget);
    if (!drawn)
      return drawn;
    if (!drawn->at)
      return fire{std::nullopt, cursor};
    const auto second = floor_second(*drawn->at);
    const auto admitted = admitted_instant(*rule.table, zone, second, budget);
    if (!admitted)
      return unexpected<error>{admitted.error()};
    if (!*admitted)
      return fire{std::nullopt, cursor};
    if (**admitted == second)
      return fire{drawn->at, {drawn->at, {std::move(drawn->cursor)}}};
    from = at_second(**admitted);
    inner = std::move(drawn->cursor);
  }
}

} // namespace carillon::triggers
