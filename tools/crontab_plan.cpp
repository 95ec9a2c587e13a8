#include "tools/crontab_plan.hpp"

#include "projections/share.hpp"
#include "tools/crontab.hpp"

#include <cstdio>

namespace carillon::tools {
namespace {

/// "crontab:root/backup.sh-1f2e3d4c5b6a7988": the program for people, the line's hash for identity.
/// The same line twice runs twice.
std::string id_of(const crontab_entry& entry, const std::string& source,
                  std::set<std::string>& taken) {
  const auto first = entry.command.substr(0, entry.command.find_first_of(" \t;|&"));
  char hash[20];
  std::snprintf(hash, sizeof(hash), "%016llx",
                static_cast<unsigned long long>(projections::stable_hash(entry.text)));
  return unique_id(source + '/' + name_part(first.substr(first.rfind('/') + 1)) + '-' + hash,
                   taken);
}

/// Errors: denied (another user's command, and we are not root), not_found (no such user).
expected<value::object> task_of(const crontab_entry& entry, const import_context& context) {
  const auto owner =
      entry.user.empty() ? expected<account>{context.runner} : context.find_account(entry.user);
  if (!owner)
    return unexpected<error>{owner.error()};
  auto argv = run_as(context, *owner);
  if (!argv)
    return unexpected<error>{std::move(argv).error()};
  argv->insert(argv->end(), {entry.shell, "-c", entry.command});
  auto env = cron_environment(*owner, entry.shell);
  for (const auto& [name, text] : entry.env)
    env[name] = text;
  value::object out;
  out["executor"] = "process";
  out["argv"] = texts_value(*argv);
  out["env"] = texts_value(env);
  out["cwd"] = env["HOME"];
  out["stdin"] = entry.stdin_text.empty() ? value{} : value{entry.stdin_text};
  // cron starts a command whether or not the one before has ended.
  out["max_running_jobs"] = nullptr;
  out["metadata"] = value::object{{"source", context.source}};
  return out;
}

} // namespace

std::map<std::string, std::string> cron_environment(const account& user, const std::string& shell) {
  return {{"HOME", user.home},
          {"LOGNAME", user.name},
          {"USER", user.name},
          {"SHELL", shell},
          {"PATH", "/usr/bin:/bin"}};
}

import_plan plan_crontab(const import_file& file, bool has_user, const import_context& context) {
  import_plan out;
  const auto read = parse_crontab(file.text, has_user);
  for (const auto& m : read.messages)
    out.messages.push_back({file.path, m.line, m.column, m.text, m.is_error});
  std::set<std::string> taken;
  for (const auto& entry : read.entries) {
    auto task = task_of(entry, context);
    if (!task) {
      out.messages.push_back(
          {file.path, entry.line, 1, "is left out: " + task.error().message, false});
      ++out.skipped;
      continue;
    }
    planned_schedule made;
    made.id = id_of(entry, context.source, taken);
    made.task = made.id;
    made.trigger = trigger_of(entry, context.zone);
    made.task_settings = *std::move(task);
    made.metadata["source"] = context.source;
    made.metadata["crontab"] = entry.text;
    if (!entry.description.empty())
      made.metadata["description"] = entry.description;
    made.file = file.path;
    made.line = entry.line;
    out.schedules.push_back(std::move(made));
  }
  return out;
}

} // namespace carillon::tools
