#include "tools/caret.hpp"
#include "tools/client.hpp"
#include "tools/examine.hpp"
#include "tools/subcommands.hpp"

#include "events/trigger_json.hpp"
#include "http/limits.hpp"
#include "http/preview.hpp"
#include "triggers/outside_rules.hpp"

#include <iostream>
#include <map>

namespace carillon::tools {
namespace {

struct explain_options {
  trigger_question question;
  std::string schedule;
  int count = http::preview_fires_default;
};

expected<std::vector<date_range>> days_of_calendar(client& daemon, const std::string& name) {
  const auto found = daemon.get("/v1/calendars/" + percent_encode(name));
  if (!found)
    return unexpected<error>{found.error()};
  std::vector<date_range> out;
  for (const auto& item : list_at(found->body, "days"))
    if (const auto* text = item.get_if<std::string>())
      if (const auto days = days_from_text(*text))
        out.push_back(*days);
  return out;
}

/// The trigger of a schedule with the days of its calendars, as the daemon keeps them.
expected<trigger_spec> of_schedule(const session& s, const std::string& id) {
  auto daemon = client::open(s);
  if (!daemon)
    return unexpected<error>{daemon.error()};
  const auto found = daemon->get("/v1/schedules/" + percent_encode(id));
  if (!found)
    return unexpected<error>{found.error()};
  auto spec = events::trigger_from_json(to_json(member(found->body, "trigger")));
  if (!spec)
    return spec;
  std::map<std::string, std::vector<date_range>, std::less<>> calendars;
  for (const auto& name : triggers::calendars_of(*spec)) {
    auto days = days_of_calendar(*daemon, name);
    if (!days)
      return unexpected<error>{std::move(days).error()};
    calendars[name] = std::move(*days);
  }
  return triggers::with_days(std::move(*spec), [&](std::string_view name) {
    const auto known = calendars.find(name);
    return known == calendars.end() ? nullptr : &known->second;
  });
}

/// "2026-03-29T03:00:00+02:00 Sunday", by the date of the text.
std::string with_weekday(const std::string& text) {
  constexpr std::string_view names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
  const auto day = parse_instant(text.substr(0, 10) + "T00:00:00Z");
  if (!day)
    return text;
  const std::chrono::weekday weekday{std::chrono::floor<std::chrono::days>(*day)};
  return text + ' ' + std::string{names[weekday.c_encoding()]};
}

void print(const http::trigger_preview& preview) {
  std::cout << "when       " << preview.description << '\n';
  std::cout << "canonical  " << preview.canonical << '\n';
  std::cout << "previous   " << (preview.previous ? with_weekday(*preview.previous) : "none")
            << '\n';
  std::string_view label = "next       ";
  for (const auto& fire : preview.fires) {
    std::cout << label << with_weekday(fire) << '\n';
    label = "           ";
  }
  if (preview.is_exhausted)
    std::cout << label << (preview.fires.empty() ? "none" : "and no more") << '\n';
  for (const auto& each : preview.warnings)
    std::cout << "warning    " << warning_text(each) << '\n';
}

int run_explain(const session& s, const explain_options& o) {
  std::optional<trigger_spec> given;
  if (!o.schedule.empty()) {
    if (is_given(*o.question.trigger))
      return fail({errc::invalid_argument, "is given, and a trigger beside it", "schedule"});
    auto found = of_schedule(s, o.schedule);
    if (!found)
      return fail(found.error());
    given = std::move(*found);
  }
  const auto asked = examine(o.question, given);
  if (!asked) {
    std::cerr << caret(text_of(*o.question.trigger), asked.error());
    return fail(asked.error());
  }
  const auto preview =
      http::preview_of(asked->trigger, asked->from, static_cast<std::size_t>(o.count));
  if (!preview)
    return fail(preview.error());
  if (s.json)
    std::cout << http::to_json(*preview) << '\n';
  else
    print(*preview);
  return exit_ok;
}

} // namespace

void add_explain(CLI::App& program, session& s) {
  auto o = std::make_shared<explain_options>();
  auto& command = subcommand(program, s, "explain",
                             "Say in words when a trigger fires, and what may be wrong with it",
                             [&s, o] { return run_explain(s, *o); });
  add_trigger_question(command, o->question, "Start here instead of now");
  command.add_option("--schedule", o->schedule, "The trigger of this schedule of the daemon");
  command.add_option("-n,--count", o->count, "How many fire times (default: 10)")
      ->check(CLI::Range(std::int64_t{0}, http::preview_fires_max));
  add_client_options(command, s);
}

} // namespace carillon::tools
