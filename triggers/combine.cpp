#include "triggers/meeting.hpp"
#include "triggers/node.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

constexpr duration tick{1};
// How hard `quiet_point` looks, for a seek and between two steps.
constexpr int looks_of_seek = 12;
constexpr int looks_of_step = 2;
constexpr int values_per_look_max = 64;
constexpr std::uint32_t steps_per_look = 64;
constexpr int worth_a_look = 10; // thresholds ahead
// Steps, and matches before the instant sought, after which `and` starts anew near its target
// although its children leave no pause there; many children cost more, hence half of all steps.
constexpr std::uint32_t dense_steps_max = 1'000;
constexpr std::uint32_t early_matches_max = 10'000;
constexpr std::int64_t early_steps_max = steps_max / 2;

/// Where a child stands, a fresh cursor when nothing was produced yet. Not a copy: cursors of
/// triggers within each other are as deep as these.
const trigger_cursor& child_cursor(const trigger_cursor& cursor, std::size_t child) {
  static const trigger_cursor fresh;
  return child < cursor.children.size() ? cursor.children[child] : fresh;
}

expected<std::vector<fire>> draw_all(const std::vector<compiled_trigger>& children,
                                     const trigger_cursor& cursor, time_point from,
                                     step_budget& budget) {
  std::vector<fire> out;
  out.reserve(children.size());
  for (std::size_t i = 0; i < children.size(); ++i) {
    auto drawn = advance(children[i], child_cursor(cursor, i), from, budget);
    if (!drawn)
      return unexpected<error>{std::move(drawn).error()};
    out.push_back(std::move(*drawn));
  }
  return out;
}

bool earlier(const fire& a, const fire& b) { return a.at < b.at; }
bool is_finished(const fire& f) { return !f.at; }

/// A child of an all_of and where it stands.
struct member {
  const compiled_trigger* trigger;
  const trigger_cursor* cursor;
};

/// An instant before which no child fired for `threshold`.
struct pause {
  time_point at;
  std::vector<fire> next; ///< Of each child, the first from there on; empty = one has ended.
};

/// all_of depends on how its children were paired before, so it cannot start anywhere. It can where
/// no child fired during the last `threshold`: nothing before such an instant is ever paired with
/// anything after it. Looks for one from `earliest` on, shortly before `target`; none = not found.
expected<std::optional<pause>> quiet_point(const std::vector<member>& children, duration threshold,
                                           time_point earliest, time_point target, int looks,
                                           step_budget& budget) {
  std::vector<fire> drawn;
  auto span = threshold + tick;
  for (int look = 0; look < looks && span < target - instant_min; ++look, span *= 4) {
    auto at = std::max(earliest, target - span);
    for (int i = 0; i < values_per_look_max && at <= target; ++i) {
      drawn.clear();
      auto first = instant_max;
      for (const auto& child : children) {
        auto each = advance(*child.trigger, *child.cursor, at - threshold, budget);
        if (!each)
          return unexpected<error>{std::move(each).error()};
        if (!each->at)
          return std::optional{pause{target, {}}}; // nothing can match from here on
        first = std::min(first, *each->at);
        drawn.push_back(std::move(*each));
      }
      if (first >= at)
        return std::optional{pause{at, std::move(drawn)}};
      at = first + threshold + tick;
    }
    if (target - span <= earliest)
      break;
  }
  return std::optional<pause>{};
}

/// Moves those of `pending` that lie before `target` to their first fire time from there on.
expected<void> move_to(const all_rule& rule, std::vector<fire>& pending, time_point target,
                       step_budget& budget) {
  for (std::size_t i = 0; i < pending.size(); ++i) {
    if (!pending[i].at || *pending[i].at >= target)
      continue;
    auto moved = advance(rule.children[i], pending[i].cursor, target, budget);
    if (!moved)
      return unexpected<error>{std::move(moved).error()};
    pending[i] = std::move(*moved);
  }
  return {};
}

/// Where intervals meet next is arithmetic: two with any threshold, any number without one. Moves
/// `pending` there (or past an end) and answers true; false = these are not such triggers.
/// Errors: limit_exceeded (they never meet).
expected<bool> meet(const all_rule& rule, std::vector<fire>& pending, step_budget& budget) {
  const auto tolerance = rule.threshold.count();
  if (pending.size() != 2 && tolerance != 0)
    return false;
  std::optional<progression> all;
  progression last;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    const auto* each = std::get_if<interval_rule>(&rule.children[i].node().rule);
    if (each == nullptr)
      return false;
    const bool is_first = i == 0;
    const bool is_last = i + 1 == pending.size();
    last = {pending[i].at->time_since_epoch().count(), each->step.count()};
    if (is_first)
      all = last;
    else if (is_last && all->first != beyond_int64)
      if (const auto first = first_within(*all, last, tolerance))
        all->first = *first;
      else
        all = std::nullopt;
    else if (all->first != beyond_int64)
      all = common(*all, last);
    if (!all)
      return refuse(errc::limit_exceeded, "the intervals of 'and' never meet");
  }
  const auto target = all->first > instant_max.time_since_epoch().count()
                          ? instant_max + tick
                          : time_point{duration{all->first}};
  for (std::size_t i = 0; i < pending.size(); ++i) {
    const auto from = i == 0 ? target : target - rule.threshold;
    if (*pending[i].at >= from)
      continue;
    auto moved = advance(rule.children[i], pending[i].cursor, from, budget);
    if (!moved)
      return unexpected<error>{std::move(moved).error()};
    pending[i] = std::move(*moved);
  }
  return true;
}

/// Goes from one set of pending fire times to the next, as APScheduler does: all that lie within
/// the threshold of the earliest move on by one (CMB-02). Where that leads nowhere for long, leaps.
class stepper {
public:
  stepper(const all_rule& rule, std::vector<fire>& pending, step_budget& budget)
      : rule_{rule}, pending_{pending}, budget_{budget} {}

  expected<void> step() {
    const auto [first, last] = std::minmax_element(pending_.begin(), pending_.end(), earlier);
    const auto earliest = *first->at;
    const auto latest = *last->at;
    auto leader = instant_max; // the earliest of those that do not move
    std::size_t moving = 0;
    for (const auto& each : pending_)
      if (*each.at - earliest <= rule_.threshold)
        ++moving;
      else
        leader = std::min(leader, *each.at);
    if (moving == pending_.size())
      return one_step(earliest);
    // Nothing before the last one's time, less the threshold, can have company of all.
    if (++steps_ > dense_steps_max) {
      steps_ = 0;
      const auto target = latest - rule_.threshold;
      auto quiet = pause_of(latest, earliest, target);
      if (!quiet)
        return unexpected<error>{std::move(quiet).error()};
      return leap(quiet->value_or(target));
    }
    // Nor can anything before this have company of the leader.
    const auto target = leader - rule_.threshold;
    // One that is alone stays so until then, and is exactly there after as many single steps.
    if (moving == 1)
      return leap(target);
    if (steps_ % steps_per_look == 1 &&
        target - earliest > worth_a_look * (rule_.threshold + tick)) {
      auto quiet = pause_of(earliest + rule_.threshold + tick, earliest, target);
      if (!quiet)
        return unexpected<error>{std::move(quiet).error()};
      if (*quiet)
        return leap(**quiet);
    }
    return one_step(earliest);
  }

private:
  /// A quiet point shortly before `target` for the children whose times lie before `bound`.
  expected<std::optional<time_point>> pause_of(time_point bound, time_point earliest,
                                               time_point target) {
    std::vector<member> some;
    for (std::size_t i = 0; i < pending_.size(); ++i)
      if (*pending_[i].at < bound)
        some.push_back({&rule_.children[i], &pending_[i].cursor});
    auto quiet = quiet_point(some, rule_.threshold, earliest + 2 * rule_.threshold + tick, target,
                             looks_of_step, budget_);
    if (!quiet)
      return unexpected<error>{std::move(quiet).error()};
    return *quiet ? std::optional{(*quiet)->at} : std::nullopt;
  }

  expected<void> leap(time_point target) { return move_to(rule_, pending_, target, budget_); }

  expected<void> one_step(time_point earliest) {
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      if (*pending_[i].at - earliest > rule_.threshold)
        continue;
      auto moved = advance(rule_.children[i], pending_[i].cursor, instant_min, budget_);
      if (!moved)
        return unexpected<error>{std::move(moved).error()};
      pending_[i] = std::move(*moved);
    }
    return {};
  }

  const all_rule& rule_;
  std::vector<fire>& pending_;
  step_budget& budget_;
  std::uint32_t steps_ = 0; // without a match since the last leap to the latest
};

/// Where the children of `rule` stand when its next fire time is sought, from `from` on.
expected<std::vector<fire>> first_draw(const all_rule& rule, const trigger_cursor& cursor,
                                       time_point from, step_budget& budget) {
  if (from <= (cursor.last ? *cursor.last + tick : instant_min))
    return draw_all(rule.children, cursor, instant_min, budget);
  std::vector<member> all;
  for (std::size_t i = 0; i < rule.children.size(); ++i)
    all.push_back({&rule.children[i], &child_cursor(cursor, i)});
  const auto earliest = cursor.last ? *cursor.last + rule.threshold : instant_min;
  auto quiet = quiet_point(all, rule.threshold, earliest, from, looks_of_seek, budget);
  if (!quiet)
    return unexpected<error>{std::move(quiet).error()};
  // Drawn once: `and`s within each other would double the work at each level.
  if (*quiet && !(*quiet)->next.empty())
    return std::move((*quiet)->next);
  return draw_all(rule.children, cursor, *quiet ? (*quiet)->at : instant_min, budget);
}

fire matched(time_point at, std::vector<fire>& pending) {
  fire out;
  out.at = at;
  out.cursor.last = at;
  out.cursor.children.reserve(pending.size());
  for (auto& each : pending)
    out.cursor.children.push_back(std::move(each.cursor));
  return out;
}

} // namespace

expected<fire> advance_any(const any_rule& rule, const trigger_cursor& cursor, time_point from,
                           step_budget& budget) {
  auto drawn = draw_all(rule.children, cursor, from, budget);
  if (!drawn)
    return unexpected<error>{std::move(drawn).error()};
  std::optional<time_point> first;
  for (const auto& each : *drawn)
    if (each.at && (!first || *each.at < *first))
      first = each.at;
  if (!first)
    return fire{std::nullopt, cursor};
  fire out{first, {first, {}}};
  out.cursor.children.reserve(drawn->size());
  for (std::size_t i = 0; i < drawn->size(); ++i)
    if (auto& each = (*drawn)[i]; each.at == first)
      out.cursor.children.push_back(std::move(each.cursor));
    else
      out.cursor.children.push_back(child_cursor(cursor, i));
  return out;
}

expected<fire> advance_all(const all_rule& rule, const trigger_cursor& cursor, time_point from,
                           step_budget& budget) {
  auto drawn = first_draw(rule, cursor, from, budget);
  if (!drawn)
    return unexpected<error>{std::move(drawn).error()};
  auto& pending = *drawn;
  stepper steps{rule, pending, budget};
  std::uint32_t early = 0;
  bool has_leapt = false;
  for (std::uint32_t i = 0; i < rule.iterations_max; ++i) {
    if (std::any_of(pending.begin(), pending.end(), is_finished))
      return fire{std::nullopt, cursor};
    const auto [first, last] = std::minmax_element(pending.begin(), pending.end(), earlier);
    const auto at = *first->at;
    if (*last->at - at <= rule.threshold) {
      if (at >= from)
        return matched(at, pending);
      i = 0; // a match before `from`: the count of steps without one starts over
      if (!has_leapt && (++early == early_matches_max || budget.left < early_steps_max)) {
        has_leapt = true;
        if (auto moved = move_to(rule, pending, from - rule.threshold, budget); !moved)
          return unexpected<error>{std::move(moved).error()};
        continue;
      }
    } else {
      auto met = meet(rule, pending, budget);
      if (!met)
        return unexpected<error>{std::move(met).error()};
      if (*met)
        continue;
    }
    if (auto moved = steps.step(); !moved)
      return unexpected<error>{std::move(moved).error()};
  }
  return refuse(errc::limit_exceeded, "the triggers of 'and' did not meet within " +
                                          std::to_string(rule.iterations_max) + " steps");
}

} // namespace carillon::triggers
