#include "tools/calendar_files.hpp"

#include "tools/cli.hpp"
#include "triggers/ics.hpp"

#include <chrono>

namespace carillon::tools {
namespace {

struct calendar_file {
  std::string name;
  std::string path;
};

calendar_file name_of(const std::string& text) {
  const auto equals = text.find('=');
  if (equals != std::string::npos)
    return {text.substr(0, equals), text.substr(equals + 1)};
  auto name = text.substr(text.rfind('/') + 1);
  if (name.ends_with(".ics"))
    name.resize(name.size() - 4);
  return {std::move(name), text};
}

/// How many exclusions name the calendar; they get its days.
int put_days(trigger_spec& trigger, const std::string& name, const std::vector<date_range>& days) {
  int count = 0;
  const auto each = [&](std::vector<trigger_spec>& children) {
    for (auto& child : children)
      count += put_days(child, name, days);
  };
  if (auto* any = std::get_if<any_of>(&trigger.kind))
    each(any->triggers);
  if (auto* all = std::get_if<all_of>(&trigger.kind))
    each(all->triggers);
  if (auto* rest = std::get_if<filtered>(&trigger.kind)) {
    each(rest->triggers);
    for (auto& exclusion : rest->exclude)
      if (exclusion.calendar == name) {
        exclusion.days = days;
        ++count;
      }
  }
  return count;
}

} // namespace

expected<std::vector<date_range>> days_of_file(const std::string& path, time_point now) {
  const auto text = read_file(path);
  if (!text)
    return unexpected<error>{text.error()};
  auto read = triggers::days_from_ics(*text, triggers::ics_horizon(now));
  if (!read)
    return refuse(read.error().code, path + ": " + read.error().message);
  if (read->timed > 0)
    note(path + ": " + std::to_string(read->timed) + " events with a time of day were left out");
  if (read->days.empty())
    return refuse(errc::invalid_argument, path + " has no days");
  return std::move(read->days);
}

expected<void> put_calendars(trigger_spec& trigger, const std::vector<std::string>& files,
                             time_point now) {
  for (const auto& each : files) {
    const auto file = name_of(each);
    const auto days = days_of_file(file.path, now);
    if (!days)
      return refuse(days.error().code, days.error().message, "calendar-file");
    if (put_days(trigger, file.name, *days) == 0)
      return refuse(errc::invalid_argument, "the trigger names no calendar '" + file.name + "'",
                    "calendar-file");
  }
  return {};
}

} // namespace carillon::tools
