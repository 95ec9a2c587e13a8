#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The texts of systemd that its timers need: unit files, spans of time, command lines. Pure.
namespace carillon::tools {

/// One `Key=value` of a unit file.
struct unit_setting {
  std::string section;
  std::string key;
  std::string text; ///< Continued lines joined; without blanks around it.
  std::size_t line = 0;
};

/// A unit file, in the order in which it is written.
struct unit_file {
  std::vector<unit_setting> settings = {};
  /// Lines that are neither a section nor a setting.
  std::vector<std::size_t> faulty_lines = {};

  /// The last value of a key; none when it is absent or was set back to empty.
  std::optional<unit_setting> last(std::string_view section, std::string_view key) const;
  /// All values of a key; an empty one drops those before it.
  std::vector<unit_setting> all(std::string_view section, std::string_view key) const;
};

/// Reads systemd.syntax(7).
unit_file parse_unit(std::string_view text);

/// Reads a span such as "1h 30min", "5min", "90"; a number alone is seconds. Errors:
/// invalid_argument, unsupported ("infinity").
expected<duration> parse_unit_span(std::string_view text);

/// yes, true, on, 1 and their opposites. Errors: invalid_argument.
expected<bool> parse_unit_flag(std::string_view text);

/// What `%` stands for in a unit, by letter.
using unit_specifiers = std::map<char, std::string>;

/// The words of a setting such as Environment=, unquoted, specifiers put in. Errors:
/// invalid_argument (quotes, escapes), unsupported (a specifier that only a running systemd knows).
expected<std::vector<std::string>> unit_words(std::string_view text,
                                              const unit_specifiers& specifiers);

/// One command of ExecStart=.
struct unit_command {
  std::vector<std::string> argv; ///< Variables put in.
  bool may_fail = false;         ///< Prefix `-`.
};

/// The commands of one ExecStart=, see systemd.service(5). Errors: as `unit_words`, and unsupported
/// (the prefixes `@`, `+`, `!`).
expected<std::vector<unit_command>> unit_commands(std::string_view text,
                                                  const unit_specifiers& specifiers,
                                                  const std::map<std::string, std::string>& env);

} // namespace carillon::tools
