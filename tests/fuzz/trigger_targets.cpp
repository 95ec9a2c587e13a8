// Notations of triggers, and what stands in them.

#include "events/trigger_json.hpp"
#include "fuzz/steps.hpp"
#include "fuzz/targets.hpp"
#include "triggers/ics.hpp"
#include "triggers/recurrence_text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace carillon::fuzz {
namespace {

constexpr const char* zone = "Europe/Berlin";
const when start{time_point{std::chrono::seconds{1'767'258'000}}, true}; // 2026-01-01 09:00

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto end = text.find('\n');
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

/// Every ten minutes but for these.
void step_without(std::vector<exclusion> exclude, std::vector<time_window> windows) {
  carillon::cron often;
  often.minute = "*/10";
  step({filtered{{{often, zone}}, std::move(exclude), std::move(windows)}, zone});
}

void try_window(std::string_view text) {
  std::vector<time_window> windows;
  for (const auto line : lines_of(text)) {
    const auto window = window_from_text(line);
    if (!window)
      return;
    require(window_from_text(window_text(*window)).value() == *window);
    windows.push_back(*window);
  }
  step_without({}, std::move(windows));
}

void try_days(std::string_view text) {
  exclusion out;
  for (const auto line : lines_of(text)) {
    const auto days = days_from_text(line);
    if (!days)
      return;
    require(days_from_text(days_text(*days)).value() == *days);
    out.days.push_back(*days);
  }
  step_without({out}, {});
}

/// Dates that are named, and named again as exceptions.
void try_dates(std::string_view text) {
  const auto date = when_from_text(text);
  if (!date)
    return;
  require(when_from_text(ical_text(*date)).has_value());
  step({recurrence{start, {"FREQ=MONTHLY;COUNT=3"}, {}, {*date}, {*date, start}}, zone});
}

} // namespace

void cron(std::string_view input) {
  constexpr std::array dialects{cron_dialect::apscheduler, cron_dialect::vixie,
                                cron_dialect::seconds, cron_dialect::jenkins};
  const auto [which, text] = choose(input, dialects.size() + 1);
  if (which < dialects.size()) {
    if (const auto spec = trigger_from_crontab(text, dialects[which]))
      step(*spec);
    return;
  }
  // Fields by name may hold blanks; those of crontabs may not.
  auto lines = lines_of(text);
  lines.resize(8);
  carillon::cron fields;
  std::optional<std::string>* const slots[] = {&fields.day,    &fields.year,        &fields.month,
                                               &fields.week,   &fields.day_of_week, &fields.hour,
                                               &fields.minute, &fields.second};
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!lines[i].empty())
      *slots[i] = std::string{lines[i]};
  step({fields, zone});
}

void quartz(std::string_view input) {
  if (const auto spec = cron_from_quartz(input))
    step({*spec, zone});
}

void systemd(std::string_view input) { step({on_calendar{std::string{input}}, zone}); }

void rrule(std::string_view input) {
  const auto [which, text] = choose(input, 4);
  switch (which) {
  case 0: step({recurrence{start, {std::string{text}}}, zone}); break;
  case 1: step({recurrence{start, {"FREQ=DAILY;BYHOUR=2,9"}, {std::string{text}}}, zone}); break;
  case 2: try_dates(text); break;
  default:
    if (const auto spec = triggers::recurrence_from_text(text, start))
      step(*spec);
  }
}

void iso8601(std::string_view input) { step({repeating_interval{std::string{input}}, zone}); }

void except(std::string_view input) {
  const auto [which, text] = choose(input, 5);
  if (which == 0)
    return try_window(text);
  if (which == 1)
    return try_days(text);
  const auto pattern = which == 2   ? cron_from_crontab(text, cron_dialect::apscheduler)
                       : which == 3 ? cron_from_crontab(text, cron_dialect::vixie)
                                    : cron_from_quartz(text);
  if (pattern)
    step_without({{"", {}, *pattern}}, {});
}

void ics(std::string_view input) {
  const auto read = triggers::days_from_ics(input, {{2025, 1, 1}, {2046, 12, 31}});
  if (!read)
    return;
  const auto& days = read->days;
  require(std::all_of(days.begin(), days.end(),
                      [](const date_range& each) { return each.first <= each.last; }));
  require(std::adjacent_find(days.begin(), days.end(), [](const auto& a, const auto& b) {
            return a.last >= b.first;
          }) == days.end());
  step_without({{"holidays", days, {}}}, {});
}

void trigger_json(std::string_view input) {
  if (const auto spec = events::trigger_from_json(input))
    step(*spec);
}

} // namespace carillon::fuzz
