#include "triggers/node.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

constexpr duration tick{1};
// How hard `quiet_point` looks before plain stepping takes over.
constexpr int looks_max = 12;
constexpr int values_per_look_max = 256;

/// The cursors of the children, fresh ones when nothing was produced yet.
std::vector<trigger_cursor> child_cursors(const trigger_cursor& cursor, std::size_t count) {
  auto out = cursor.children;
  out.resize(count);
  return out;
}

expected<std::vector<fire>> draw_all(const std::vector<compiled_trigger>& children,
                                     const std::vector<trigger_cursor>& cursors, time_point from,
                                     step_budget& budget) {
  std::vector<fire> out;
  out.reserve(children.size());
  for (std::size_t i = 0; i < children.size(); ++i) {
    auto drawn = advance(children[i], cursors[i], from, budget);
    if (!drawn)
      return unexpected<error>{std::move(drawn).error()};
    out.push_back(std::move(*drawn));
  }
  return out;
}

bool earlier(const fire& a, const fire& b) { return a.at < b.at; }
bool is_finished(const fire& f) { return !f.at; }

/// all_of depends on how its children were paired before, so it cannot start anywhere. It can where
/// no child fired during the last `threshold`: nothing before such an instant is ever paired with
/// anything after it. Looks for one shortly before `from`; none = step from the cursor.
expected<std::optional<time_point>> quiet_point(const all_rule& rule, const trigger_cursor& cursor,
                                                const std::vector<trigger_cursor>& cursors,
                                                time_point from, step_budget& budget) {
  if (rule.threshold == duration{0})
    return std::optional{from};
  auto span = rule.threshold + tick;
  const auto earliest = cursor.last ? *cursor.last + rule.threshold : instant_min;
  for (int look = 0; look < looks_max && span < from - instant_min; ++look, span *= 4) {
    auto at = std::max(earliest, from - span);
    for (int i = 0; i < values_per_look_max && at <= from; ++i) {
      auto drawn = draw_all(rule.children, cursors, at - rule.threshold, budget);
      if (!drawn)
        return unexpected<error>{std::move(drawn).error()};
      if (std::any_of(drawn->begin(), drawn->end(), is_finished))
        return std::optional{from}; // nothing can match from here on
      const auto first = *std::min_element(drawn->begin(), drawn->end(), earlier)->at;
      if (first >= at)
        return std::optional{at};
      at = first + rule.threshold + tick;
    }
    if (from - span <= earliest)
      break;
  }
  return std::optional<time_point>{};
}

/// One iteration without a match: moves every child within the threshold of the earliest; one that
/// is alone there leaps to where it can next have company, which is where single steps lead.
expected<void> move_laggards(const all_rule& rule, std::vector<fire>& pending,
                             step_budget& budget) {
  const auto first = std::min_element(pending.begin(), pending.end(), earlier);
  const auto earliest = *first->at;
  auto second = instant_max;
  for (auto it = pending.begin(); it != pending.end(); ++it)
    if (it != first)
      second = std::min(second, *it->at);
  const bool is_alone = second - earliest > rule.threshold;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    if (*pending[i].at - earliest > rule.threshold)
      continue;
    const auto from = is_alone ? second - rule.threshold : instant_min;
    auto moved = advance(rule.children[i], pending[i].cursor, from, budget);
    if (!moved)
      return unexpected<error>{std::move(moved).error()};
    pending[i] = std::move(*moved);
  }
  return {};
}

fire matched(time_point at, const std::vector<fire>& pending) {
  fire out;
  out.at = at;
  out.cursor.last = at;
  for (const auto& each : pending)
    out.cursor.children.push_back(each.cursor);
  return out;
}

} // namespace

expected<fire> advance_any(const any_rule& rule, const trigger_cursor& cursor, time_point from,
                           step_budget& budget) {
  auto cursors = child_cursors(cursor, rule.children.size());
  auto drawn = draw_all(rule.children, cursors, from, budget);
  if (!drawn)
    return unexpected<error>{std::move(drawn).error()};
  std::optional<time_point> first;
  for (const auto& each : *drawn)
    if (each.at && (!first || *each.at < *first))
      first = each.at;
  if (!first)
    return fire{std::nullopt, cursor};
  for (std::size_t i = 0; i < cursors.size(); ++i)
    if ((*drawn)[i].at == first)
      cursors[i] = std::move((*drawn)[i].cursor);
  return fire{first, {first, std::move(cursors)}};
}

expected<fire> advance_all(const all_rule& rule, const trigger_cursor& cursor, time_point from,
                           step_budget& budget) {
  const auto cursors = child_cursors(cursor, rule.children.size());
  auto start = instant_min;
  if (from > (cursor.last ? *cursor.last + tick : instant_min)) {
    auto quiet = quiet_point(rule, cursor, cursors, from, budget);
    if (!quiet)
      return unexpected<error>{std::move(quiet).error()};
    start = quiet->value_or(instant_min);
  }
  auto drawn = draw_all(rule.children, cursors, start, budget);
  if (!drawn)
    return unexpected<error>{std::move(drawn).error()};
  auto& pending = *drawn;
  for (std::uint32_t i = 0; i < rule.iterations_max; ++i) {
    if (std::any_of(pending.begin(), pending.end(), is_finished))
      return fire{std::nullopt, cursor};
    const auto [first, last] = std::minmax_element(pending.begin(), pending.end(), earlier);
    const auto at = *first->at;
    if (*last->at - at <= rule.threshold) {
      if (at >= from)
        return matched(at, pending);
      i = 0; // a match before `from`: the count of steps without one starts over
    }
    auto moved = move_laggards(rule, pending, budget);
    if (!moved)
      return unexpected<error>{std::move(moved).error()};
  }
  return refuse(errc::limit_exceeded, "the triggers of 'and' did not meet within " +
                                          std::to_string(rule.iterations_max) + " steps");
}

} // namespace carillon::triggers
