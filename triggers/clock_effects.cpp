#include "triggers/clock_effects.hpp"

#include "triggers/preview.hpp"
#include "triggers/repeating_text.hpp"
#include "triggers/words.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

constexpr second_count year_seconds = 31'556'952; // a 400th of 400 years
constexpr second_count hour_seconds = 3600;
constexpr int changes_max = 200;

bool has_wall_clock(const trigger_spec& spec) {
  struct visitor {
    bool operator()(const once&) const { return false; }
    bool operator()(const interval&) const { return false; }
    bool operator()(const calendar_interval&) const { return true; }
    bool operator()(const cron&) const { return true; }
    bool operator()(const any_of&) const { return false; }
    bool operator()(const all_of&) const { return false; }
    bool operator()(const on_calendar&) const { return true; }
    bool operator()(const recurrence&) const { return true; }
    bool operator()(const repeating_interval& kind) const {
      const auto text = parse_repeating(kind.text);
      // With an offset in its text the clock is one that never changes.
      return text && is_on_wall_clock(*text) && !anchor_of(*text).offset;
    }
    bool operator()(const filtered&) const { return false; }
    bool operator()(const custom_rule&) const { return false; }
  };
  return std::visit(visitor{}, spec.kind);
}

/// The instant whose UTC reading is the wall clock's of `t`.
void to_wall(when& t, const time_zone& zone) {
  if (!t.is_local)
    t.at += std::chrono::seconds{zone.period_at(floor_second(t.at)).offset};
  t.is_local = false;
}

/// The same trigger in a zone without clock changes: its fire times are the wall-clock times.
trigger_spec wall_twin(trigger_spec spec, const time_zone& zone) {
  spec.timezone = "UTC";
  spec.gap = gap_policy::by_kind;
  spec.fold = fold_policy::by_kind;
  if (spec.start_time)
    to_wall(*spec.start_time, zone);
  if (spec.end_time)
    to_wall(*spec.end_time, zone);
  if (auto* rule = std::get_if<recurrence>(&spec.kind)) {
    to_wall(rule->start, zone);
    for (auto* dates : {&rule->dates, &rule->except_dates})
      for (auto& date : *dates)
        to_wall(date, zone);
  }
  return spec;
}

/// Looks at the changes of one trigger's zone.
class change_watcher {
public:
  change_watcher(const compiled_trigger& real, const compiled_trigger& twin, const time_zone& zone)
      : real_{real}, twin_{twin}, zone_{zone} {}

  expected<std::vector<clock_effect>> run(second_count from, second_count until) {
    std::vector<clock_effect> out;
    auto period = zone_.period_at(from);
    for (int i = 0; i < changes_max && period.end < until; ++i) {
      const auto next = zone_.period_at(period.end);
      auto found = look({.begin = next.begin, .before = period.offset, .after = next.offset});
      if (!found)
        return unexpected<error>{std::move(found).error()};
      if (*found)
        out.push_back(std::move(**found));
      period = next;
    }
    return out;
  }

private:
  struct change {
    second_count begin;
    std::int32_t before;
    std::int32_t after;
  };

  expected<std::optional<clock_effect>> look(const change& c) const {
    const auto begin = c.begin + std::min(c.before, c.after);
    const auto end = c.begin + std::max(c.before, c.after);
    auto first = seek(twin_, {}, at_second(begin));
    if (!first)
      return unexpected<error>{std::move(first).error()};
    if (!first->at || *first->at >= at_second(end))
      return std::optional<clock_effect>{};
    auto hourly = is_hourly(begin, end);
    if (!hourly)
      return unexpected<error>{std::move(hourly).error()};
    if (*hourly)
      return std::optional<clock_effect>{};
    clock_effect out;
    out.wall = floor_second(*first->at);
    out.is_gap = c.after > c.before;
    auto done = out.is_gap ? fill_gap(out, c) : fill_fold(out, c);
    if (!done)
      return unexpected<error>{std::move(done).error()};
    return std::optional{std::move(out)};
  }

  /// Whether every hour around has a fire time.
  expected<bool> is_hourly(second_count begin, second_count end) const {
    for (auto wall = begin - 12 * hour_seconds; wall < end + 12 * hour_seconds;
         wall += hour_seconds / 2) {
      auto found = seek(twin_, {}, at_second(wall));
      if (!found)
        return unexpected<error>{std::move(found).error()};
      if (!found->at || *found->at >= at_second(wall + hour_seconds))
        return false;
    }
    return true;
  }

  /// A skipped time may fire as much after the gap as it lay after the gap's begin, or at its end,
  /// unless that instant is a fire time of its own.
  expected<void> fill_gap(clock_effect& out, const change& c) const {
    for (const auto utc : {out.wall - c.before, c.begin}) {
      auto own = fires_at(twin_, at_second(utc + c.after));
      if (!own)
        return unexpected<error>{std::move(own).error()};
      auto fires = fires_at(real_, at_second(utc));
      if (!fires)
        return unexpected<error>{std::move(fires).error()};
      if (*fires && !*own) {
        out.fires_at = {at_second(utc)};
        return {};
      }
    }
    return {};
  }

  expected<void> fill_fold(clock_effect& out, const change& c) const {
    for (const auto offset : {c.before, c.after}) {
      const auto t = at_second(out.wall - offset);
      auto fires = fires_at(real_, t);
      if (!fires)
        return unexpected<error>{std::move(fires).error()};
      if (!*fires)
        continue;
      out.fires_at.push_back(t);
      out.is_first = out.is_first || offset == c.before;
    }
    return {};
  }

  const compiled_trigger& real_;
  const compiled_trigger& twin_;
  const time_zone& zone_;
};

} // namespace

expected<std::vector<clock_effect>> clock_effects(const trigger_spec& spec, time_point from,
                                                  int years) {
  if (!has_wall_clock(spec))
    return std::vector<clock_effect>{};
  const auto zone = find_zone(spec.timezone);
  if (!zone)
    return unexpected<error>{zone.error()};
  const auto real = compile(spec);
  if (!real)
    return unexpected<error>{real.error()};
  const auto twin = compile(wall_twin(spec, **zone));
  if (!twin)
    return unexpected<error>{twin.error()};
  const auto begin = floor_second(std::clamp(from, instant_min, instant_max));
  return change_watcher{*real, *twin, **zone}.run(begin, begin + years * year_seconds);
}

std::string to_words(const clock_effect& effect, const time_zone& zone) {
  const auto day = floor_div(effect.wall, day_seconds);
  const auto date = date_words(date_of(day));
  const auto time = time_of_day(effect.wall - day * day_seconds);
  if (effect.is_gap) {
    const auto why = ", when " + time + " does not exist";
    if (effect.fires_at.empty())
      return "skipped on " + date + why;
    const auto utc = floor_second(effect.fires_at.front());
    const auto wall = utc + zone.period_at(utc).offset;
    return "at " + time_of_day(wall - floor_div(wall, day_seconds) * day_seconds) + " on " + date +
           why;
  }
  const auto why = ", when " + time + " occurs twice";
  if (effect.fires_at.empty())
    return "skipped on " + date + why;
  if (effect.fires_at.size() == 2)
    return "twice on " + date + why;
  return std::string{"only the "} + (effect.is_first ? "first" : "second") + " time on " + date +
         why;
}

} // namespace carillon::triggers
