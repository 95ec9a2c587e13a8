#include "tools/crontab_export.hpp"

#include "tools/crontab.hpp"
#include "tools/crontab_plan.hpp"
#include "triggers/cron_expression.hpp"
#include "triggers/resolve.hpp"

#include <algorithm>
#include <tuple>

namespace carillon::tools {
namespace {

using texts = std::map<std::string, std::string>;

/// What stands on a schedule's line, and what must hold above it.
struct exported_line {
  std::string id = {};
  std::string zone = {};
  texts env = {};      ///< What differs from what cron sets itself, SHELL included.
  texts defaults = {}; ///< What cron sets itself.
  std::string line = {};
  std::string description = {};
  bool has_other_changes = false;
};

error unsayable(std::string message) { return {errc::unsupported, std::move(message), ""}; }

/// The command of a task, taken apart as the import put it together.
struct command_parts {
  std::string user; ///< Empty = who runs the daemon.
  std::string shell = "/bin/sh";
  std::string command;
};

command_parts parts_of(const task_settings& task) {
  command_parts out;
  auto words = task.argv;
  if (words.size() > 4 && words[0] == "/usr/sbin/runuser" && words[1] == "-u" && words[3] == "--") {
    out.user = words[2];
    words.erase(words.begin(), words.begin() + 4);
  }
  const auto shell = task.env.find("SHELL");
  if (shell != task.env.end())
    out.shell = shell->second;
  const bool is_of_shell = words.size() == 3 && words[0] == out.shell && words[1] == "-c";
  out.command = is_of_shell ? words[2] : shell_text(words);
  return out;
}

/// A trigger as a crontab says it.
struct crontab_fields {
  cron fields;                    ///< Of dialect vixie.
  bool has_other_changes = false; ///< At clock changes the trigger keeps another rule.
};

bool same_times(const triggers::cron_table& a, const triggers::cron_table& b) {
  const bool same_days =
      a.days == b.days && a.months == b.months && a.weekdays == b.weekdays && a.nth == b.nth &&
      a.days_from_end == b.days_from_end && a.nearest_to == b.nearest_to &&
      a.nearest_to_from_end == b.nearest_to_from_end && a.either_day == b.either_day;
  return same_days && a.seconds == b.seconds && a.minutes == b.minutes && a.hours == b.hours &&
         !a.has_weeks && !b.has_weeks && a.years.empty() && b.years.empty();
}

/// Reads the fields as cron(8) does, and makes sure that they mean the same. Errors: unsupported.
expected<crontab_fields> as_vixie(const cron& kind) {
  using triggers::compile_cron;
  auto candidate = kind;
  candidate.dialect = cron_dialect::vixie;
  candidate.year = candidate.week = candidate.second = std::nullopt;
  const auto ours = compile_cron(kind);
  const auto theirs = compile_cron(candidate);
  if (!ours || !theirs || !same_times(*ours, *theirs))
    return unexpected<error>{unsayable("five fields do not say its cron expression")};
  return crontab_fields{candidate, theirs->is_fixed_time || kind.dialect == cron_dialect::quartz};
}

expected<crontab_fields> fields_of(const trigger_spec& trigger) {
  const auto* kind = std::get_if<cron>(&trigger.kind);
  if (!kind)
    return unexpected<error>{unsayable("its trigger is no cron expression")};
  if (trigger.end_time)
    return unexpected<error>{unsayable("its trigger has an end_time")};
  if (trigger.gap != gap_policy::by_kind || trigger.fold != fold_policy::by_kind)
    return unexpected<error>{unsayable("its trigger has a rule of its own for clock changes")};
  if (kind->dialect == cron_dialect::vixie)
    return crontab_fields{*kind};
  return as_vixie(*kind);
}

/// `%` and standard input as a crontab writes them.
expected<std::string> command_text(const std::string& command, std::string input) {
  if (command.find('\n') != std::string::npos)
    return unexpected<error>{unsayable("its command has more than one line")};
  std::string out;
  const auto put = [&](const std::string& text, bool is_input) {
    for (const char c : text)
      if (c == '\n' && is_input)
        out += '%';
      else
        out += c == '%' ? std::string{"\\%"} : std::string{c};
  };
  put(command, false);
  if (input.empty())
    return out;
  if (!input.ends_with('\n'))
    return unexpected<error>{unsayable("its standard input has no newline at its end")};
  if (input.size() > 1 && !input.ends_with("\n\n"))
    input.pop_back();
  out += '%';
  put(input, true);
  return out;
}

/// The imported line, when it still says what the schedule does.
bool still_says(const std::string& line, const exported_schedule& s, const command_parts& parts,
                bool has_user, const import_context& context) {
  const auto read = parse_crontab(line, has_user);
  if (read.entries.size() != 1 || read.has_errors())
    return false;
  const auto& entry = read.entries.front();
  const auto resolved = triggers::resolve(trigger_of(entry, s.trigger.timezone), {});
  const auto& user = entry.user == context.runner.name ? std::string{} : entry.user;
  return resolved && resolved->kind == s.trigger.kind && entry.command == parts.command &&
         entry.stdin_text == s.task.stdin_text && user == parts.user;
}

expected<exported_line> line_of(const exported_schedule& s, bool has_user,
                                const import_context& context) {
  const auto fields = fields_of(s.trigger);
  if (!fields)
    return unexpected<error>{fields.error()};
  if (s.task.executor != executor_process)
    return unexpected<error>{unsayable("its task is no command")};
  auto parts = parts_of(s.task);
  if (!parts.user.empty() && !has_user)
    return unexpected<error>{
        unsayable("it runs as user '" + parts.user + "', which only --system can say")};
  const auto owner =
      parts.user.empty() ? expected<account>{context.runner} : context.find_account(parts.user);
  if (!owner)
    return unexpected<error>{owner.error()};
  exported_line out{.id = s.id, .zone = s.trigger.timezone};
  out.has_other_changes = fields->has_other_changes;
  out.defaults = cron_environment(*owner, "/bin/sh");
  for (const auto& [name, text] : s.task.env)
    if (const auto known = out.defaults.find(name);
        known == out.defaults.end() || known->second != text)
      out.env.emplace(name, text);
  const auto home = s.task.env.contains("HOME") ? s.task.env.at("HOME") : owner->home;
  const auto original = s.meta.find("crontab");
  const bool has_folder = !s.task.cwd.empty() && s.task.cwd != home;
  if (!has_folder && original != s.meta.end() &&
      still_says(original->second, s, parts, has_user, context)) {
    out.line = original->second;
  } else {
    if (has_folder)
      parts.command = "cd " + shell_text({s.task.cwd}) + " && " + parts.command;
    const auto command = command_text(parts.command, s.task.stdin_text);
    if (!command)
      return unexpected<error>{command.error()};
    out.line = carillon::crontab_text(fields->fields) + ' ' +
               (has_user ? owner->name + ' ' : std::string{}) + *command;
  }
  if (const auto about = s.meta.find("description"); about != s.meta.end())
    out.description = about->second;
  return out;
}

/// Writes lines one after the other; what stands above a line holds for all below it.
class crontab_writer {
public:
  explicit crontab_writer(std::string zone) : zone_{std::move(zone)} {}

  expected<void> add(const exported_line& line) {
    auto wanted = line.env;
    for (const auto& [name, text] : env_)
      if (!wanted.contains(name)) {
        const auto known = line.defaults.find(name);
        if (known == line.defaults.end())
          return unexpected<error>{unsayable("it does not have the variable " + name +
                                             " of lines above it, and a crontab can not take one "
                                             "back; export one --label at a time")};
        wanted.emplace(name, known->second);
      }
    std::string above;
    for (const auto& [name, text] : wanted) {
      if (env_.contains(name) && env_.at(name) == text)
        continue;
      const auto assignment = assign(name, text);
      if (!assignment)
        return unexpected<error>{assignment.error()};
      above += *assignment;
    }
    if (line.zone != zone_)
      above += "CRON_TZ=" + line.zone + '\n';
    zone_ = line.zone;
    env_ = std::move(wanted);
    text_ += (text_.empty() ? "" : "\n") + above + (above.empty() ? "" : "\n") +
             comment(line.description) + line.line + '\n';
    return {};
  }

  std::string done() { return std::move(text_); }

private:
  static expected<std::string> assign(const std::string& name, const std::string& text) {
    const auto line = name + "=\"" + text + "\"\n* * * * * x\n";
    const auto read = parse_crontab(line, false);
    if (text.find('\n') != std::string::npos || read.entries.size() != 1 ||
        !read.entries.front().env.contains(name) || read.entries.front().env.at(name) != text)
      return unexpected<error>{unsayable("its variable " + name + " can not be written")};
    const bool is_plain = !text.empty() && text.find_first_of("\"' \t") == std::string::npos;
    return name + '=' + (is_plain ? text : '"' + text + '"') + '\n';
  }

  static std::string comment(std::string_view text) {
    std::string out;
    while (!text.empty()) {
      const auto line = text.substr(0, text.find('\n'));
      out += "# " + std::string{line} + '\n';
      text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return out;
  }

  std::string zone_;
  texts env_;
  std::string text_;
};

/// Variables that a crontab can not take back once they are set.
std::size_t lasting(const exported_line& line) {
  return static_cast<std::size_t>(
      std::count_if(line.env.begin(), line.env.end(),
                    [&](const auto& each) { return !line.defaults.contains(each.first); }));
}

/// Lines with few variables first; those with the same variables and zone together, but equal lines
/// by their ids, because importing numbers them as they come.
std::vector<exported_line> in_order(std::vector<exported_line> lines) {
  const auto rank = [](const exported_line& line) {
    return std::tuple<std::size_t, std::size_t, const std::string&>{lasting(line), line.id.size(),
                                                                    line.id};
  };
  std::sort(lines.begin(), lines.end(),
            [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  std::vector<exported_line> out;
  while (!lines.empty()) {
    const auto env = lines.front().env;
    const auto zone = lines.front().zone;
    std::vector<exported_line> rest;
    std::set<std::string> held_back;
    for (auto& line : lines) {
      if (line.env == env && line.zone == zone && !held_back.contains(line.line)) {
        out.push_back(std::move(line));
        continue;
      }
      held_back.insert(line.line);
      rest.push_back(std::move(line));
    }
    lines = std::move(rest);
  }
  return out;
}

} // namespace

crontab_text_result to_crontab(std::vector<exported_schedule> schedules, bool has_user,
                               const import_context& context) {
  crontab_text_result out;
  std::vector<exported_line> lines;
  for (const auto& each : schedules) {
    auto line = line_of(each, has_user, context);
    if (!line) {
      out.messages.push_back({each.id, line.error().message, true});
      continue;
    }
    if (line->has_other_changes)
      out.messages.push_back({each.id, "its rule for clock changes is not kept", false});
    for (const auto& extra : each.extras)
      out.messages.push_back({each.id, extra + " is not kept", false});
    lines.push_back(std::move(*line));
  }
  crontab_writer writer{context.zone};
  for (const auto& each : in_order(std::move(lines)))
    if (auto added = writer.add(each); !added)
      out.messages.push_back({each.id, added.error().message, true});
  out.text = writer.done();
  return out;
}

} // namespace carillon::tools
