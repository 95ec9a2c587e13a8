#include "triggers/node.hpp"

#include "triggers/clock_change.hpp"
#include "triggers/recurrence_search.hpp"

#include <algorithm>

namespace carillon::triggers {

/// A recurrence set ready for searching. Wall-clock lists and instants are sorted.
struct recurrence_table {
  struct rule {
    recurrence_pattern pattern;
    std::optional<second_count> until; ///< UTC.
  };
  std::vector<rule> rules;
  std::vector<recurrence_pattern> except_rules;
  std::vector<second_count> dates;
  std::vector<second_count> date_instants;
  std::vector<second_count> except_dates;
  std::vector<second_count> except_instants;
  clock_policy policy;
  second_count first = 0; ///< UTC.
  second_count last = 0;  ///< UTC, inclusive.
};

namespace {

constexpr std::size_t rules_max = 32;
constexpr std::size_t dates_max = 10'000;

constexpr const char* start_field = "trigger.spec.dtstart_local";

expected<void> check_time(const when& literal, const std::string& field) {
  if (literal.at < instant_min || literal.at > instant_max)
    return refuse(errc::invalid_argument, field + " is outside the years 0000 to 9999", field);
  if (literal.at.time_since_epoch().count() % 1'000'000 != 0)
    return refuse(errc::invalid_argument,
                  field + " is " + to_rfc3339(literal.at) + ", which is no whole second", field);
  return {};
}

expected<void> resolve_rules(std::vector<std::string>& rules, second_count start,
                             const std::string& field) {
  if (rules.size() > rules_max)
    return refuse(errc::limit_exceeded,
                  std::to_string(rules.size()) + " rules are given, allowed are " +
                      std::to_string(rules_max),
                  field);
  for (auto& text : rules) {
    const auto rule = parse_recurrence(text, field);
    if (!rule)
      return unexpected<error>{rule.error()};
    if (auto pattern = make_pattern(*rule, start, field); !pattern)
      return unexpected<error>{std::move(pattern).error()};
    text = to_string(*rule);
  }
  return {};
}

expected<void> resolve_dates(std::vector<when>& dates, const std::string& field) {
  if (dates.size() > dates_max)
    return refuse(errc::limit_exceeded,
                  std::to_string(dates.size()) + " dates are given, allowed are " +
                      std::to_string(dates_max),
                  field);
  for (const auto& date : dates)
    if (auto ok = check_time(date, field); !ok)
      return ok;
  const auto order = [](const when& a, const when& b) {
    return std::pair{a.is_local, a.at} < std::pair{b.is_local, b.at};
  };
  std::sort(dates.begin(), dates.end(), order);
  dates.erase(std::unique(dates.begin(), dates.end()), dates.end());
  return {};
}

/// Sorted seconds of the wall-clock times, or of the instants, among `dates`.
std::vector<second_count> seconds_of(const std::vector<when>& dates, bool is_local) {
  std::vector<second_count> out;
  for (const auto& date : dates)
    if (date.is_local == is_local)
      out.push_back(floor_second(date.at));
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<second_count> first_of(const std::vector<second_count>& sorted, second_count from) {
  const auto found = std::lower_bound(sorted.begin(), sorted.end(), from);
  return found == sorted.end() ? std::nullopt : std::optional{*found};
}

bool contains(const std::vector<second_count>& sorted, second_count value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

/// One search through a set.
class recurrence_searcher {
public:
  recurrence_searcher(const recurrence_table& table, const time_zone& zone, int& steps)
      : table_{table}, zone_{zone}, steps_{steps} {}

  /// The first fire time at or after the UTC second `from`.
  std::optional<second_count> first_from(second_count from) {
    std::optional<second_count> out;
    const auto offer = [&](std::optional<second_count> at) {
      if (at && (!out || *at < *out))
        out = at;
    };
    for (const auto& rule : table_.rules) {
      const auto at = instant_from(
          from, [&](second_count wall) { return next_occurrence(rule.pattern, wall, steps_); });
      if (at && (!rule.until || *at <= *rule.until))
        offer(at);
    }
    if (!table_.dates.empty())
      offer(instant_from(from, [&](second_count wall) { return first_of(table_.dates, wall); }));
    offer(date_from(from));
    return out;
  }

private:
  /// `next_wall` without what is left out, on the zone's clock.
  template <class NextWall>
  std::optional<second_count> instant_from(second_count from, const NextWall& next_wall) {
    const auto next_kept = [&](second_count wall) {
      auto found = next_wall(wall);
      while (found && is_left_out(*found))
        found = steps_-- > 0 ? next_wall(*found + 1) : std::nullopt;
      return found;
    };
    auto at = first_instant(zone_, table_.policy, from, next_kept);
    while (at && contains(table_.except_instants, *at))
      at = steps_-- > 0 ? first_instant(zone_, table_.policy, *at + 1, next_kept) : std::nullopt;
    return at;
  }

  std::optional<second_count> date_from(second_count from) {
    auto at = first_of(table_.date_instants, from);
    while (at && (contains(table_.except_instants, *at) ||
                  is_left_out(*at + zone_.period_at(*at).offset)))
      at = first_of(table_.date_instants, *at + 1);
    return at;
  }

  bool is_left_out(second_count wall) {
    return contains(table_.except_dates, wall) ||
           std::any_of(
               table_.except_rules.begin(), table_.except_rules.end(),
               [&](const auto& rule) { return next_occurrence(rule, wall, steps_) == wall; });
  }

  const recurrence_table& table_;
  const time_zone& zone_;
  int& steps_;
};

} // namespace

expected<void> resolve_recurrence(recurrence& kind, trigger_spec&, const time_zone& zone,
                                  const resolve_context&) {
  if (auto ok = check_time(kind.start, start_field); !ok)
    return ok;
  if (!kind.start.is_local) {
    const auto utc = floor_second(kind.start.at);
    kind.start = {at_second(utc + zone.period_at(utc).offset), true};
  }
  if (kind.rules.empty() && kind.dates.empty())
    return refuse(errc::invalid_argument, "neither rrule nor rdate is given", "trigger.spec.rrule");
  const auto start = floor_second(kind.start.at);
  if (auto ok = resolve_rules(kind.rules, start, "trigger.spec.rrule"); !ok)
    return ok;
  if (auto ok = resolve_rules(kind.except_rules, start, "trigger.spec.exrule"); !ok)
    return ok;
  if (auto ok = resolve_dates(kind.dates, "trigger.spec.rdate"); !ok)
    return ok;
  return resolve_dates(kind.except_dates, "trigger.spec.exdate");
}

expected<rule_variant> compile_recurrence(const recurrence& kind, const trigger_spec& outer,
                                          const time_zone& zone) {
  auto table = std::make_shared<recurrence_table>();
  const auto start = floor_second(kind.start.at);
  const auto until_of = [](const recurrence_text& rule) {
    return rule.until && !rule.until->is_local ? std::optional{floor_second(rule.until->at)}
                                               : std::nullopt;
  };
  for (const bool is_except : {false, true})
    for (const auto& text : is_except ? kind.except_rules : kind.rules) {
      const std::string field = is_except ? "trigger.spec.exrule" : "trigger.spec.rrule";
      const auto rule = parse_recurrence(text, field);
      if (!rule)
        return unexpected<error>{rule.error()};
      auto pattern = make_pattern(*rule, start, field);
      if (!pattern)
        return unexpected<error>{std::move(pattern).error()};
      const auto until = until_of(*rule);
      if (!is_except) {
        table->rules.push_back({std::move(*pattern), until});
        continue;
      }
      if (until)
        pattern->last = std::min(pattern->last, *until + zone.period_at(*until).offset);
      table->except_rules.push_back(std::move(*pattern));
    }
  table->dates = seconds_of(kind.dates, true);
  table->date_instants = seconds_of(kind.dates, false);
  table->except_dates = seconds_of(kind.except_dates, true);
  table->except_instants = seconds_of(kind.except_dates, false);
  table->policy = policy_of(outer, {.fold = fold_policy::first});
  table->first = ceil_second(outer.start_time ? outer.start_time->at : instant_min);
  table->last =
      floor_second(outer.end_time ? std::min(outer.end_time->at, instant_max) : instant_max);
  return rule_variant{recurrence_rule{std::move(table)}};
}

expected<std::optional<time_point>> advance_recurrence(const recurrence_rule& rule,
                                                       const time_zone& zone, time_point from,
                                                       step_budget& budget) {
  const auto& table = *rule.table;
  const auto allowed = static_cast<int>(std::min<std::int64_t>(recurrence_steps_max, budget.left));
  int steps = allowed;
  const auto at =
      recurrence_searcher{table, zone, steps}.first_from(std::max(ceil_second(from), table.first));
  budget.left -= allowed - steps;
  if (steps < 0)
    return refuse(errc::limit_exceeded,
                  "the rule has no fire time within " + std::to_string(allowed) + " steps");
  return at && *at <= table.last ? std::optional{at_second(*at)} : std::nullopt;
}

} // namespace carillon::triggers
