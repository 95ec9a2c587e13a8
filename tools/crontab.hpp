#pragma once

#include "carillon/trigger.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::tools {

/// One line of a crontab that runs a command.
struct crontab_entry {
  std::size_t line = 0;        ///< From 1.
  std::string text = {};       ///< The line as it was written, without blanks around it.
  std::string fields = {};     ///< "0 3 * * *"; nicknames such as @daily are spelt out.
  std::string user = {};       ///< `--system` only.
  std::string command = {};    ///< Up to the first '%' that is not escaped.
  std::string stdin_text = {}; ///< What follows it, with a newline for every further '%'.
  std::string shell = "/bin/sh";
  std::string zone = {};                       ///< CRON_TZ; empty = the machine's.
  std::map<std::string, std::string> env = {}; ///< Of the lines above.
  std::string description = {};                ///< The comment lines right above.
};

/// Something to tell the user about a line.
struct crontab_message {
  std::size_t line = 0;
  std::size_t column = 1;
  std::string text = {};
  bool is_error = true; ///< Else the line was left out or does less than it seems.
};

struct crontab {
  std::vector<crontab_entry> entries = {};
  std::vector<crontab_message> messages = {};

  bool has_errors() const;
};

/// Reads the text of a crontab as cron(8) does; `has_user` for /etc/crontab and /etc/cron.d.
/// Pure; checks the time fields of each entry. Nothing is refused but lines: see `messages`.
crontab parse_crontab(std::string_view text, bool has_user);

/// The trigger of an entry, in `local_zone` unless CRON_TZ says otherwise.
trigger_spec trigger_of(const crontab_entry& entry, const std::string& local_zone);

} // namespace carillon::tools
