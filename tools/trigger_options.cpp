#include "tools/trigger_options.hpp"

#include "events/trigger_json.hpp"
#include "http/json_writer.hpp"
#include "tools/calendar_files.hpp"
#include "triggers/recurrence_text.hpp"

#include <filesystem>
#include <iterator>
#include <sstream>

namespace carillon::tools {
namespace {

/// "1 month", "2 weeks 1 day", "1 month 03:30".
expected<trigger_spec> parse_calendar(const std::string& text) {
  const auto wrong = [&](const std::string& why) {
    return refuse(errc::invalid_argument,
                  "'" + text + "': " + why + ", as in \"1 month\" or \"2 weeks 1 day 03:30\"",
                  "calendar");
  };
  calendar_interval out;
  std::istringstream in{text};
  std::string word;
  bool has_unit = false;
  while (in >> word) {
    if (word.find(':') != std::string::npos) {
      unsigned hour = 0;
      unsigned minute = 0;
      unsigned second = 0;
      char rest = 0;
      const int read = std::sscanf(word.c_str(), "%2u:%2u:%2u%c", &hour, &minute, &second, &rest);
      if ((read != 2 && read != 3) || hour > 23 || minute > 59 || second > 59)
        return wrong("'" + word + "' is not a time of day");
      out.hour = static_cast<std::uint8_t>(hour);
      out.minute = static_cast<std::uint8_t>(minute);
      out.second = static_cast<std::uint8_t>(second);
      continue;
    }
    if (word.size() > 6 || word.find_first_not_of("0123456789") != std::string::npos)
      return wrong("'" + word + "' is not a number");
    const auto count = static_cast<std::uint32_t>(std::stoul(word));
    std::string unit;
    in >> unit;
    if (unit.ends_with('s'))
      unit.pop_back();
    if (unit == "year")
      out.years += count;
    else if (unit == "month")
      out.months += count;
    else if (unit == "week")
      out.weeks += count;
    else if (unit == "day")
      out.days += count;
    else
      return wrong("'" + unit + "' is not years, months, weeks or days");
    has_unit = true;
  }
  if (!has_unit)
    return wrong("needs a number and years, months, weeks or days");
  return trigger_spec{out};
}

expected<trigger_spec> by_kind(std::string_view kind, std::string_view name,
                               const std::string& text) {
  auto read =
      events::trigger_from_json(http::json_object{}
                                    .text("kind", kind)
                                    .raw("spec", http::json_object{}.text(name, text).done())
                                    .done());
  if (!read)
    return refuse(read.error().code, read.error().message, std::string{name});
  return read;
}

/// A crontab of one of the dialects of kind cron.
expected<trigger_spec> by_dialect(std::string_view dialect, const std::string& text) {
  auto read = events::trigger_from_json(
      http::json_object{}
          .text("kind", "cron")
          .raw("spec", http::json_object{}.text("crontab", text).text("dialect", dialect).done())
          .done());
  if (!read)
    return refuse(read.error().code, read.error().message, "cron");
  return read;
}

/// A recurrence of RFC 5545; what has no DTSTART begins at `now`.
expected<trigger_spec> recurrence_of(const std::string& text, time_point now) {
  const auto start = std::chrono::floor<std::chrono::seconds>(now);
  return triggers::recurrence_from_text(text, {start, false});
}

/// --cron, read in the notation of --dialect.
expected<trigger_spec> in_dialect(const trigger_options& o, time_point now) {
  if (o.dialect == "seconds" || o.dialect == "jenkins")
    return by_dialect(o.dialect, o.cron);
  if (o.dialect == "iso8601")
    return by_kind("iso8601", "interval", o.cron);
  if (o.dialect == "rrule")
    return recurrence_of(o.cron, now);
  if (o.dialect == "vixie")
    return by_kind("vixie", "crontab", o.cron);
  if (o.dialect == "quartz")
    return by_kind("quartz", "cron", o.cron);
  if (o.dialect == "systemd")
    return by_kind("systemd", "oncalendar", o.cron);
  return by_kind("cron", "crontab", o.cron);
}

/// A trigger in whatever notation it is; none of them is a text of another.
expected<trigger_spec> of_expression(const std::string& text, time_point now) {
  if (text.starts_with('{'))
    return events::trigger_from_json(text);
  std::istringstream in{text};
  const auto words = std::distance(std::istream_iterator<std::string>{in}, {});
  for (const auto* begin : {"FREQ=", "RRULE:", "DTSTART"})
    if (text.starts_with(begin))
      return recurrence_of(text, now);
  if (text.starts_with('@'))
    return by_kind("vixie", "crontab", text);
  if (text.starts_with('R') && text.find('/') != std::string::npos)
    return by_kind("iso8601", "interval", text);
  if (words == 5)
    return by_kind("cron", "crontab", text);
  if (words == 6 || words == 7)
    return by_kind("quartz", "cron", text);
  if (parse_instant(text) || parse_instant(text + 'Z'))
    return by_kind("date", "run_time", text);
  if (const auto every = parse_duration(text); every && every->count() > 0)
    return trigger_spec{interval{*every}};
  return by_kind("systemd", "oncalendar", text);
}

} // namespace

std::shared_ptr<trigger_options> add_trigger_options(CLI::App& command) {
  auto out = std::make_shared<trigger_options>();
  command.add_option("--cron", out->cron, "Crontab expression: minute hour day month weekday");
  command.add_option("--dialect", out->dialect, "How --cron is read (default: cron)")
      ->check(CLI::IsMember(
          {"cron", "vixie", "seconds", "jenkins", "quartz", "systemd", "rrule", "iso8601"}));
  command.add_option("--every", out->every, "Elapsed time between fires: 30s, 5m, 1h30m");
  command.add_option("--at", out->at, "Once, at this instant: 2026-03-29T03:00:00+02:00");
  command.add_option("--calendar", out->calendar, "Steps of the calendar: \"1 month 03:30\"");
  command.add_option("--trigger", out->trigger, "A trigger as JSON: {\"kind\", \"spec\", ...}");
  command.add_option("--tz", out->zone, "IANA zone of the trigger, such as Europe/Berlin");
  command
      .add_option("--calendar-file", out->calendar_files,
                  "The days of a calendar that --trigger names: [NAME=]FILE.ics")
      ->type_name("[NAME=]FILE")
      ->allow_extra_args(false);
  return out;
}

void add_expression(CLI::App& command, trigger_options& options) {
  command.add_option(
      "expression", options.expression,
      "A trigger: JSON, a crontab, Quartz or OnCalendar expression, a recurrence "
      "rule (FREQ=...), a repeating interval of ISO 8601, an instant, or a time span");
}

const std::string& text_of(const trigger_options& o) {
  return o.expression.empty() ? o.cron : o.expression;
}

bool is_given(const trigger_options& o) {
  return !(o.expression.empty() && o.cron.empty() && o.every.empty() && o.at.empty() &&
           o.calendar.empty() && o.trigger.empty() && o.calendar_files.empty());
}

expected<trigger_spec> to_trigger(const trigger_options& o, time_point now) {
  const int given = !o.expression.empty() + !o.cron.empty() + !o.every.empty() + !o.at.empty() +
                    !o.calendar.empty() + !o.trigger.empty();
  if (given != 1)
    return refuse(errc::invalid_argument,
                  std::string{given == 0 ? "no trigger was" : "more than one trigger was"} +
                      " given: one of --cron, --every, --at, --calendar, --trigger is needed");
  if (!o.dialect.empty() && o.cron.empty())
    return refuse(errc::invalid_argument, "says how --cron is read, but there is no --cron",
                  "dialect");
  auto out = expected<trigger_spec>{trigger_spec{once{}}};
  if (!o.expression.empty()) {
    out = of_expression(o.expression, now);
  } else if (!o.cron.empty()) {
    out = in_dialect(o, now);
  } else if (!o.at.empty()) {
    out = by_kind("date", "run_time", o.at);
  } else if (!o.calendar.empty()) {
    out = parse_calendar(o.calendar);
  } else if (!o.trigger.empty()) {
    out = events::trigger_from_json(o.trigger);
  } else {
    const auto every = parse_duration(o.every);
    if (!every)
      return refuse(errc::invalid_argument, every.error().message, "every");
    if (every->count() == 0)
      return refuse(errc::invalid_argument, "must be longer than 0", "every");
    out = trigger_spec{interval{*every}};
  }
  if (out)
    if (auto ok = put_calendars(*out, o.calendar_files, wall_clock().now()); !ok)
      return unexpected<error>{std::move(ok).error()};
  if (!out || o.zone.empty())
    return out;
  if (!out->timezone.empty() && out->timezone != o.zone)
    return refuse(errc::invalid_argument,
                  "is " + o.zone + ", but the trigger itself says " + out->timezone, "tz");
  out->timezone = o.zone;
  return out;
}

std::string local_zone() {
  constexpr std::string_view folder = "zoneinfo/";
  auto set = environment("TZ");
  if (set.starts_with(':'))
    set.erase(0, 1);
  if (!set.empty() && set.front() != '/')
    return set;
  std::error_code failure;
  const auto target = set.empty() ? std::filesystem::canonical("/etc/localtime", failure)
                                  : std::filesystem::path{set};
  const auto text = target.string();
  const auto at = text.find(folder);
  if (failure || at == std::string::npos)
    return "UTC";
  return text.substr(at + folder.size());
}

} // namespace carillon::tools
