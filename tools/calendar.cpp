#include "tools/calendar_files.hpp"
#include "tools/client.hpp"
#include "tools/subcommands.hpp"
#include "tools/table.hpp"

#include "http/json_writer.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

std::string target_of(const std::string& name) { return "/v1/calendars/" + percent_encode(name); }

int run_list(const session& s) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  http::json_array json;
  table out{{"CALENDAR", "DAYS", "SCHEDULES", "CHANGED"}};
  const auto read = daemon->each_item("/v1/calendars", [&](const value& calendar) {
    json.raw(to_json(calendar));
    out.row({text_at(calendar, "id"), std::to_string(number_at(calendar, "day_count")),
             std::to_string(number_at(calendar, "schedule_count")),
             local_text(instant_in(text_at(calendar, "changed_at")))});
    return true;
  });
  if (!read)
    return fail(read.error());
  if (s.json)
    std::cout << json.done() << '\n';
  else
    out.print(std::cout, wants_colours());
  return exit_ok;
}

int run_show(const session& s, const std::string& name) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  const auto found = daemon->get(target_of(name));
  if (!found)
    return fail(found.error());
  if (s.json) {
    std::cout << found->text << '\n';
    return exit_ok;
  }
  std::cout << "calendar   " << name << '\n'
            << "changed    " << local_text(instant_in(text_at(found->body, "changed_at"))) << '\n';
  const auto print = [](std::string_view label, const value::array& items) {
    for (const auto& item : items) {
      const auto* text = item.get_if<std::string>();
      std::cout << label << (text != nullptr ? *text : std::string{}) << '\n';
      label = "           ";
    }
  };
  print("days       ", list_at(found->body, "days"));
  const auto& schedules = list_at(found->body, "schedules");
  print("schedules  ", schedules);
  const auto more =
      number_at(found->body, "schedule_count") - static_cast<std::int64_t>(schedules.size());
  if (more > 0)
    std::cout << "           and " << more << " more\n";
  return exit_ok;
}

struct set_options {
  std::string name;
  std::string file;
  std::vector<std::string> days;
};

/// The body of the request: the days as they were typed, or those of the file.
expected<std::string> body_of(const set_options& o) {
  http::json_array days;
  if (o.file.empty() == o.days.empty())
    return refuse(errc::invalid_argument, "give either a file or --days", "calendar");
  for (const auto& day : o.days)
    days.text(day);
  if (!o.file.empty()) {
    const auto read = days_of_file(o.file, wall_clock().now());
    if (!read)
      return unexpected<error>{read.error()};
    for (const auto& each : *read)
      days.text(days_text(each));
  }
  return http::json_object{}.raw("days", days.done()).done();
}

int run_set(const session& s, const set_options& o) {
  const auto body = body_of(o);
  if (!body)
    return fail(body.error());
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  const auto answered = daemon->send("PUT", target_of(o.name), *body);
  if (!answered)
    return fail(answered.error());
  if (s.json) {
    std::cout << answered->text << '\n';
    return exit_ok;
  }
  const auto what = text_at(answered->body, "result");
  std::cout << o.name << ' ' << (what == "none" ? "unchanged" : what) << '\n';
  return exit_ok;
}

int run_remove(const session& s, const std::vector<std::string>& names) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  for (const auto& name : names) {
    const auto answered = daemon->send("DELETE", target_of(name));
    if (!answered)
      return fail(answered.error());
    if (s.json)
      std::cout << answered->text << '\n';
    else
      std::cout << name << " removed\n";
  }
  return exit_ok;
}

} // namespace

void add_calendars(CLI::App& program, session& s) {
  auto& command =
      subcommand(program, s, "calendars", "List calendars: days that schedules leave out by name",
                 [&s] { return run_list(s); });
  add_client_options(command, s);
}

void add_calendar(CLI::App& program, session& s) {
  auto& calendar = *program.add_subcommand("calendar", "Make, show or remove a calendar");
  calendar.require_subcommand(1);

  auto set = std::make_shared<set_options>();
  auto& setting =
      subcommand(calendar, s, "set", "Make a calendar, or give it other days; schedules follow",
                 [&s, set] { return run_set(s, *set); });
  add_client_options(setting, s);
  setting.add_option("name", set->name, "The calendar")->required();
  setting.add_option("file", set->file, "An iCalendar file; - = standard input");
  setting
      .add_option("--days", set->days,
                  "Instead of a file: 2026-12-24 or 2026-12-24/2026-12-26, ...")
      ->delimiter(',');

  auto name = std::make_shared<std::string>();
  auto& showing = subcommand(calendar, s, "show", "Show a calendar, and which schedules use it",
                             [&s, name] { return run_show(s, *name); });
  add_client_options(showing, s);
  showing.add_option("name", *name, "The calendar")->required();

  auto names = std::make_shared<std::vector<std::string>>();
  auto& removing = subcommand(calendar, s, "rm", "Remove calendars that no schedule uses",
                              [&s, names] { return run_remove(s, *names); });
  add_client_options(removing, s);
  removing.add_option("names", *names, "Calendars")->required();
}

} // namespace carillon::tools
