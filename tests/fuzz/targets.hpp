#pragma once

#include <span>
#include <string_view>

/// What is fuzzed: one function for each parser. It may end early; it may not crash, and may not
/// take long: see `stopwatch`.
namespace carillon::fuzz {

/// Reads `input` whatever it is, uses what came out of it, and aborts when a promise is broken.
using target = void (*)(std::string_view input);

/// The first byte, `0` and so on, says which dialect or part the rest is.
void cron(std::string_view input);    ///< apscheduler, vixie, seconds, jenkins; fields by name.
void quartz(std::string_view input);  ///< The text of kind quartz.
void systemd(std::string_view input); ///< OnCalendar.
void rrule(std::string_view input);   ///< Rules, excepted rules, lists of dates.
void iso8601(std::string_view input); ///< Repeating intervals.
void except(std::string_view input);  ///< Windows, days, patterns that are left out.
void ics(std::string_view input);     ///< iCalendar files.
void trigger_json(std::string_view input);
void crontab_import(std::string_view input);    ///< Of a user, or with a column for the user.
void systemd_import(std::string_view input);    ///< Timer, or service, or both.
void kubernetes_import(std::string_view input); ///< YAML.
void apscheduler_import(std::string_view input);
void decode(std::string_view input); ///< Records of the log, values on the wire, events as JSON.

struct named_target {
  std::string_view name;
  target run;
};

/// All of them. A new one needs its line here and its name in CMakeLists.txt.
std::span<const named_target> targets();

} // namespace carillon::fuzz
