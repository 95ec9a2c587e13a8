#include "triggers/describe.hpp"

#include "triggers/clock_effects.hpp"
#include "triggers/cron_words.hpp"
#include "triggers/node.hpp"
#include "triggers/recurrence_words.hpp"
#include "triggers/repeating_text.hpp"
#include "triggers/repeating_words.hpp"
#include "triggers/words.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

constexpr std::uint64_t all_hours_seconds = 86'400;

std::string described(const trigger_spec& spec);

std::string listed(const std::vector<trigger_spec>& triggers) {
  std::string out;
  for (std::size_t i = 0; i < triggers.size(); ++i)
    out += (i == 0 ? "(" : "; (") + std::to_string(i + 1) + ") " + described(triggers[i]);
  return out;
}

/// "from 09:00 to 17:00 on Monday to Friday".
std::string window_words(const time_window& window) {
  std::string out;
  if (window.begin != 0 || window.end != all_hours_seconds) {
    out = "from " + time_of_day(window.begin) + " to " + time_of_day(window.end);
    if (window.end <= window.begin)
      out += " the next day";
  }
  constexpr std::uint8_t every_weekday = 0x7f;
  if (window.weekdays != every_weekday)
    out += (out.empty()                  ? "on "
            : window.end <= window.begin ? ", beginning on "
                                         : " on ") +
           run_words(window.weekdays, [](int day) { return weekday_name(day); });
  return out.empty() ? "at any time" : out;
}

std::string range_words(const date_range& days) {
  const auto& [first, last] = days;
  return date_words(first) + (first == last ? "" : " to " + date_words(last));
}

/// The days of a calendar: their number, the first and the last.
std::string calendar_words(const exclusion& out_of) {
  std::int64_t count = 0;
  auto first = out_of.days.front().first;
  auto last = out_of.days.front().last;
  for (const auto& days : out_of.days) {
    count += day_number(days.last) - day_number(days.first) + 1;
    first = std::min(first, days.first);
    last = std::max(last, days.last);
  }
  return "on the days of calendar '" + out_of.calendar + "' (" + std::to_string(count) +
         (count == 1 ? " day, " : " days, ") + range_words({first, last}) + ")";
}

/// What one exclusion leaves out, each part with its preposition.
std::vector<std::string> exclusion_words(const exclusion& out_of) {
  std::vector<std::string> out;
  if (!out_of.calendar.empty() && !out_of.days.empty()) {
    out.push_back(calendar_words(out_of));
  } else if (!out_of.calendar.empty()) {
    out.push_back("on the days of calendar '" + out_of.calendar + "'");
  } else if (!out_of.days.empty()) {
    std::vector<std::string> days;
    constexpr std::size_t ranges_shown = 4;
    for (std::size_t i = 0; i < out_of.days.size() && i < ranges_shown; ++i)
      days.push_back(range_words(out_of.days[i]));
    if (out_of.days.size() > ranges_shown)
      days.push_back(std::to_string(out_of.days.size() - ranges_shown) + " more dates");
    out.push_back("on " + joined(days));
  }
  if (out_of.pattern)
    if (const auto table = compile_exclusion(*out_of.pattern))
      out.push_back(stretch_words(*table));
  return out;
}

/// One overload a kind; each answers the rule without zone and bounds.
class describer {
public:
  describer(const trigger_spec& spec, const time_zone& zone) : spec_{spec}, zone_{zone} {}

  std::string operator()(const once& kind) const { return "once, on " + instant(kind.run_time); }

  std::string operator()(const interval& kind) const {
    auto out = "every " + span_words(kind.every) + " of elapsed time";
    if (kind.phase)
      out += ", counted from 1970-01-01T00:00:00Z" +
             (*kind.phase == duration{0} ? std::string{} : " plus " + span_words(*kind.phase));
    return out;
  }

  std::string operator()(const calendar_interval& kind) const {
    std::vector<std::string> steps;
    const auto add = [&](std::uint32_t n, std::string_view unit) {
      if (n != 0)
        steps.push_back(multiple(n, unit));
    };
    add(kind.years, "year");
    add(kind.months, "month");
    add(kind.weeks, "week");
    add(kind.days, "day");
    auto out = "every " + joined(steps) + " at " +
               time_of_day(kind.hour * 3600 + kind.minute * 60 + kind.second);
    if (kind.start_date) {
      out += ", counted from " + date_words(*kind.start_date);
      const bool has_months = kind.years != 0 || kind.months != 0;
      if (has_months && kind.start_date->day > 28)
        out += kind.clamp_day
                   ? "; in shorter months on their last day"
                   : "; months without a " + ordinal(kind.start_date->day) + " are left out";
    }
    if (kind.end_date)
      out += ", until " + date_words(*kind.end_date);
    return out;
  }

  std::string operator()(const cron& kind) const {
    const auto table = compile_cron(kind);
    return table ? cron_words(*table) : "by a cron expression that is not valid";
  }

  std::string operator()(const on_calendar& kind) const {
    const auto rule = compile_on_calendar(kind, spec_);
    return rule ? cron_words(std::get<cron_rule>(*rule).table)
                : "by OnCalendar '" + kind.text + "', which is not valid";
  }

  std::string operator()(const recurrence& kind) const {
    std::vector<std::string> parts;
    for (const auto& rule : kind.rules)
      parts.push_back(rrule_words(rule));
    for (const auto& date : kind.dates)
      parts.push_back("on " + instant(date));
    auto out = joined(parts) + ", counted from " + instant(kind.start);
    std::vector<std::string> except;
    for (const auto& rule : kind.except_rules)
      except.push_back(rrule_words(rule));
    for (const auto& date : kind.except_dates)
      except.push_back(instant(date));
    return except.empty() ? out : out + ", except " + joined(except);
  }

  std::string operator()(const repeating_interval& kind) const {
    return repeating_words(kind.text, zone_);
  }

  std::string operator()(const custom_rule& kind) const {
    return "by the program's own rule '" + kind.type + "', version " + std::to_string(kind.version);
  }

  std::string operator()(const filtered& kind) const {
    auto out = listed(kind.triggers);
    if (kind.triggers.size() == 1)
      out = described(kind.triggers.front());
    std::vector<std::string> windows;
    for (const auto& window : kind.windows)
      windows.push_back(window_words(window));
    if (!windows.empty())
      out += "; only " + joined(windows, "or");
    std::vector<std::string> excluded;
    for (const auto& each : kind.exclude)
      for (auto& part : exclusion_words(each))
        excluded.push_back(std::move(part));
    for (const auto& each : excluded)
      out += "; except " + each;
    const bool is_elsewhere =
        kind.triggers.size() == 1 && kind.triggers.front().timezone != spec_.timezone;
    if (is_elsewhere && (!windows.empty() || !excluded.empty()))
      out += "; what is left out is read in " + zone_.name();
    return out;
  }

  std::string operator()(const any_of& kind) const {
    if (kind.triggers.empty())
      return "never: there is no trigger in it";
    return "whenever any of these fires: " + listed(kind.triggers);
  }

  std::string operator()(const all_of& kind) const {
    return "when all of these fire within " + span_words(kind.threshold) +
           " of each other, at the earliest of them: " + listed(kind.triggers);
  }

private:
  std::string instant(const when& t) const {
    return t.is_local ? wall_words(floor_second(t.at)) : instant_words(t.at, zone_);
  }

  const trigger_spec& spec_;
  const time_zone& zone_;
};

bool names_its_zone(const trigger_spec& spec) {
  if (const auto* kind = std::get_if<repeating_interval>(&spec.kind)) {
    const auto text = parse_repeating(kind->text);
    return !text || !anchor_of(*text).offset;
  }
  return !std::holds_alternative<any_of>(spec.kind) && !std::holds_alternative<all_of>(spec.kind) &&
         !std::holds_alternative<filtered>(spec.kind) &&
         !std::holds_alternative<custom_rule>(spec.kind);
}

std::string described(const trigger_spec& spec) {
  const auto zone = find_zone(spec.timezone.empty() ? "UTC" : spec.timezone);
  if (!zone)
    return zone.error().message;
  auto out = std::visit(describer{spec, **zone}, spec.kind);
  if (names_its_zone(spec))
    out += ", " + (*zone)->name();
  const auto bound = [&](const when& t) {
    return t.is_local ? wall_words(floor_second(t.at)) : instant_words(t.at, **zone);
  };
  if (spec.start_time)
    out += "; from " + bound(*spec.start_time);
  if (spec.end_time)
    out += "; until " + bound(*spec.end_time);
  return out;
}

} // namespace

std::string describe(const trigger_spec& spec, time_point from) {
  auto out = described(spec);
  constexpr int years = 1;
  const auto zone = find_zone(spec.timezone.empty() ? "UTC" : spec.timezone);
  const auto effects = clock_effects(spec, from, years);
  if (zone && effects)
    for (const auto& effect : *effects)
      out += "; " + to_words(effect, **zone);
  return out;
}

} // namespace carillon::triggers
