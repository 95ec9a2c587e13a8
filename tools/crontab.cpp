#include "tools/crontab.hpp"

#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace carillon::tools {
namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::size_t fields_count = 5;

struct nickname {
  std::string_view name;
  std::string_view fields;
};
constexpr nickname nicknames[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// A line, and how much of it was read.
struct cursor {
  std::string_view line;
  std::size_t at = 0;

  void skip_blanks() { at = std::min(line.find_first_not_of(blanks, at), line.size()); }
  std::string_view word() {
    skip_blanks();
    const auto end = std::min(line.find_first_of(blanks, at), line.size());
    const auto out = line.substr(at, end - at);
    at = end;
    return out;
  }
  std::size_t column() const { return at + 1; }
};

struct assignment {
  std::string name;
  std::string value;
};

/// Takes the quotes off `text` when it has a pair of them.
std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
      text.back() == text.front())
    return text.substr(1, text.size() - 2);
  return text;
}

/// NAME = value, as cron tells it from an entry: by a name before the first '='.
std::optional<assignment> read_assignment(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos)
    return {};
  const auto name = unquoted(trimmed(line.substr(0, equals)));
  const auto is_word = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || (name.front() >= '0' && name.front() <= '9') ||
      !std::all_of(name.begin(), name.end(), is_word))
    return {};
  return assignment{std::string{name}, std::string{unquoted(trimmed(line.substr(equals + 1)))}};
}

/// Cuts at the first bare '%'; the rest is standard input, one line per further '%'.
void split_command(std::string_view text, crontab_entry& out) {
  bool is_input = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto& into = is_input ? out.stdin_text : out.command;
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '%')
      into += text[++i];
    else if (text[i] != '%')
      into += text[i];
    else if (is_input)
      into += '\n';
    else
      is_input = true;
  }
  if (is_input && !out.stdin_text.ends_with('\n'))
    out.stdin_text += '\n';
}

/// Reads a file line by line; what stands above a line is remembered.
class crontab_reader {
public:
  explicit crontab_reader(bool has_user) : has_user_{has_user} {}

  void read(std::string_view line) {
    ++number_;
    const auto text = trimmed(line);
    if (text.empty()) {
      comment_.clear();
    } else if (text.front() == '#') {
      const auto words = trimmed(text.substr(std::min(text.find_first_not_of('#'), text.size())));
      comment_ += (comment_.empty() || words.empty() ? "" : "\n") + std::string{words};
    } else if (const auto given = read_assignment(text)) {
      comment_.clear();
      assign(*given);
    } else {
      read_entry(line);
      comment_.clear();
    }
  }

  crontab done() { return std::move(out_); }

private:
  void say(std::size_t column, std::string text, bool is_error = true) {
    out_.messages.push_back({number_, column, std::move(text), is_error});
  }

  void assign(const assignment& given) {
    if (given.name == "CRON_TZ") {
      zone_ = given.value;
      return;
    }
    if (given.name == "SHELL") {
      if (given.value.rfind('/', 0) != 0)
        say(1, "SHELL must be an absolute path, not '" + given.value + "'");
      shell_ = given.value;
    }
    if (given.name == "MAILTO" || given.name == "MAILFROM")
      say(1, given.name + " is not used: output is kept with each job, no mail is sent", false);
    if (given.name == "TZ")
      say(1, "TZ is passed to the commands only: CRON_TZ is what moves the times", false);
    env_[given.name] = given.value;
  }

  void read_entry(std::string_view line) {
    cursor in{line};
    crontab_entry entry{.line = number_, .text = std::string{trimmed(line)}};
    std::array<std::size_t, fields_count> columns{};
    in.skip_blanks();
    if (line[in.at] == '@') {
      const auto column = in.column();
      const auto name = in.word();
      if (name == "@reboot")
        return say(column, "@reboot is left out: the daemon runs nothing at its start", false);
      const auto known = std::find_if(std::begin(nicknames), std::end(nicknames),
                                      [&](const nickname& n) { return n.name == name; });
      if (known == std::end(nicknames))
        return say(column, "'" + std::string{name} +
                               "' is not one of @yearly @annually @monthly @weekly @daily "
                               "@midnight @hourly @reboot");
      entry.fields = known->fields;
      columns.fill(column);
    } else {
      // A leading '-' tells cronie not to log the line.
      if (line[in.at] == '-')
        ++in.at;
      for (auto& column : columns) {
        in.skip_blanks();
        column = in.column();
        const auto field = in.word();
        if (field.empty())
          return say(column, "five time fields and a command are needed");
        entry.fields += (entry.fields.empty() ? "" : " ") + std::string{field};
      }
    }
    finish(std::move(entry), in, columns);
  }

  void finish(crontab_entry entry, cursor& in, const std::array<std::size_t, 5>& columns) {
    if (has_user_) {
      in.skip_blanks();
      const auto column = in.column();
      entry.user = in.word();
      if (entry.user.empty())
        return say(column, "the user column is missing");
    }
    in.skip_blanks();
    const auto column = in.column();
    split_command(trimmed(in.line.substr(in.at)), entry);
    if (entry.command.empty())
      return say(column, "the command is missing");
    entry.shell = shell_;
    entry.zone = zone_;
    entry.env = env_;
    entry.description = comment_;
    if (check_times(entry, columns))
      out_.entries.push_back(std::move(entry));
  }

  bool check_times(const crontab_entry& entry, const std::array<std::size_t, 5>& columns) {
    static constexpr std::string_view names[] = {"minute", "hour", "day", "month", "day_of_week"};
    const auto resolved = triggers::resolve(trigger_of(entry, "UTC"), {});
    const auto compiled =
        resolved ? triggers::compile(*resolved)
                 : expected<triggers::compiled_trigger>{unexpected<error>{resolved.error()}};
    if (compiled)
      return true;
    auto column = columns[0];
    for (std::size_t i = 0; i < fields_count; ++i)
      if (compiled.error().field.ends_with('.' + std::string{names[i]}))
        column = columns[i];
    say(column, compiled.error().message);
    return false;
  }

  bool has_user_;
  std::size_t number_ = 0;
  std::string comment_;
  std::string shell_ = "/bin/sh";
  std::string zone_;
  std::map<std::string, std::string> env_;
  crontab out_;
};

} // namespace

bool crontab::has_errors() const {
  return std::any_of(messages.begin(), messages.end(),
                     [](const crontab_message& m) { return m.is_error; });
}

crontab parse_crontab(std::string_view text, bool has_user) {
  crontab_reader reader{has_user};
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    reader.read(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return reader.done();
}

trigger_spec trigger_of(const crontab_entry& entry, const std::string& local_zone) {
  std::array<std::string, fields_count> field;
  std::string_view rest = entry.fields;
  for (auto& each : field) {
    each = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(each.size() + 1, rest.size()));
  }
  cron out;
  out.minute = field[0];
  out.hour = field[1];
  out.day = field[2];
  out.month = field[3];
  out.day_of_week = field[4];
  out.dialect = cron_dialect::vixie;
  return trigger_spec{out, entry.zone.empty() ? local_zone : entry.zone, {}, {}};
}

} // namespace carillon::tools
