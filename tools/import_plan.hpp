#pragma once

#include "carillon/expected.hpp"
#include "carillon/trigger.hpp"
#include "carillon/value.hpp"
#include "tools/accounts.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What every import makes of its files, before a daemon is asked: one file per format fills it.
namespace carillon::tools {

/// Something to tell the user about a place in a file.
struct import_message {
  std::string file = {};
  std::size_t line = 0; ///< From 1; 0 = the file as a whole.
  std::size_t column = 1;
  std::string text = {};
  bool is_error = true; ///< Else something was left out or does less than it seems.
};

/// A schedule as the file wants it.
struct planned_schedule {
  std::string id;
  std::string task; ///< The schedule's own id when `task_settings` are given.
  trigger_spec trigger = {once{}};
  /// The task that is made with it; none = a task of that name must exist.
  std::optional<value::object> task_settings = {};
  value::object settings = {}; ///< Further members of `POST /v1/schedules`.
  value::object metadata = {};
  std::string file = {};
  std::size_t line = 0;
};

struct import_plan {
  std::vector<planned_schedule> schedules = {};
  std::vector<import_message> messages = {};
  std::size_t skipped = 0; ///< Entries that were left out, each with a message.

  bool has_errors() const;
};

/// A file to import.
struct import_file {
  std::string path;
  std::string text;
};

/// What the formats need to know of the world.
struct import_context {
  std::string source;                 ///< "crontab:root": metadata of all that comes from there.
  std::string zone = "UTC";           ///< IANA name, of entries that name none.
  account runner = {"root", "/root"}; ///< Who runs the daemon's commands.
  /// Errors: not_found.
  std::function<expected<account>(const std::string& name)> find_account = {};
  /// The text of a file that belongs to one of those given, such as the service of a timer.
  /// Errors: not_found.
  std::function<expected<std::string>(const std::string& path)> read = {};
};

/// Letters, digits, `.`, `_` and `-`; everything else becomes `-`; at most 60 bytes.
std::string name_part(std::string_view text);

/// `base`, or `base-2`, `base-3` and so on when it is taken; it is taken from then on.
std::string unique_id(const std::string& base, std::set<std::string>& taken);

/// What goes before a command that another user, or group, is to run: empty for the runner itself.
/// Errors: denied (only root can do that).
expected<std::vector<std::string>> run_as(const import_context& context, const account& user,
                                          const std::string& group = {});

/// The JSON of a trigger without the starts, at any level, that the planned trigger leaves open and
/// the clock filled in: what two imports of one plan agree on.
value without_open_start(const trigger_spec& planned, const value& trigger);

/// The words as a POSIX shell reads them back, quoted only where it must be.
std::string shell_text(const std::vector<std::string>& words);

/// A list of texts as a value.
value texts_value(const std::vector<std::string>& words);
/// A map of texts as a value.
value texts_value(const std::map<std::string, std::string>& texts);
/// A duration as the API shows it: a number of seconds.
value seconds_value(duration d);

} // namespace carillon::tools
