#pragma once

#include "carillon/trigger.hpp"
#include "tools/cli.hpp"

#include <memory>
#include <string>
#include <vector>

namespace carillon::tools {

/// The options by which commands take a trigger.
struct trigger_options {
  std::string expression; ///< A text in any notation.
  std::string cron;
  std::string dialect; ///< Of `cron`.
  std::string every;
  std::string at;
  std::string calendar;
  std::string trigger;
  std::string zone;
  std::vector<std::string> calendar_files;
};

/// Adds --cron, --dialect, --every, --at, --calendar, --trigger, --tz and --calendar-file.
std::shared_ptr<trigger_options> add_trigger_options(CLI::App& command);

/// Adds the positional argument that holds a trigger in any notation.
void add_expression(CLI::App& command, trigger_options& options);

/// The text that was given and in which columns count: the expression, or that of --cron.
const std::string& text_of(const trigger_options& options);

/// Whether any of them but --tz was given.
bool is_given(const trigger_options& options);

/// The one trigger that was given; a recurrence rule that stands alone begins at `now`. Errors:
/// invalid_argument (none, two, or a wrong one).
expected<trigger_spec> to_trigger(const trigger_options& options, time_point now);

/// The machine's zone: TZ, else what /etc/localtime points to, else "UTC".
std::string local_zone();

} // namespace carillon::tools
