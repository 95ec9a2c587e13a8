#include "tools/client.hpp"
#include "tools/crontab_export.hpp"
#include "tools/records.hpp"
#include "tools/replayed_state.hpp"
#include "tools/subcommands.hpp"
#include "tools/table.hpp"
#include "tools/trigger_options.hpp"

#include "events/trigger_json.hpp"
#include "values/percent.hpp"

#include <algorithm>
#include <iostream>

namespace carillon::tools {
namespace {

struct export_options {
  std::string log;
  std::string label;
  std::string zone;
  bool has_user = false;
  bool is_partial = false;
};

using exported = std::vector<exported_schedule>;

metadata texts_of(const value& object) {
  metadata out;
  if (const auto* members = object.get_if<value::object>())
    for (const auto& [name, held] : *members)
      if (const auto* text = held.get_if<std::string>())
        out.emplace(name, *text);
  return out;
}

/// What an imported crontab never has. `coalesce` and grace are not among it: cron makes up for
/// nothing, whatever they say.
void add_extras(exported_schedule& out, bool is_paused, bool has_arguments,
                const std::optional<duration>& jitter) {
  if (is_paused)
    out.extras.emplace_back("paused");
  if (has_arguments)
    out.extras.emplace_back("arguments");
  if (jitter)
    out.extras.push_back("max_jitter " + to_string(*jitter));
  if (out.task.timeout)
    out.extras.push_back("timeout " + to_string(*out.task.timeout));
  if (out.task.max_running_jobs)
    out.extras.push_back("max_running_jobs " + std::to_string(*out.task.max_running_jobs));
}

std::optional<duration> span_at(const value& object, const char* name) {
  const auto& held = member(object, name);
  if (held.is_null())
    return std::nullopt;
  const auto read = parse_duration(to_json(held));
  return read ? std::optional{*read} : std::nullopt;
}

expected<exported_schedule> from_views(const value& schedule, const value& task) {
  exported_schedule out;
  out.id = text_at(schedule, "id");
  auto trigger = events::trigger_from_json(to_json(member(schedule, "trigger")));
  if (!trigger)
    return unexpected<error>{std::move(trigger).error()};
  out.trigger = *std::move(trigger);
  out.task.executor = text_at(task, "executor");
  for (const auto& word : list_at(task, "argv"))
    if (const auto* text = word.get_if<std::string>())
      out.task.argv.push_back(*text);
  out.task.env = texts_of(member(task, "env"));
  out.task.cwd = text_at(task, "cwd");
  out.task.stdin_text = text_at(task, "stdin");
  out.task.timeout = span_at(task, "timeout");
  out.task.max_running_jobs = std::nullopt;
  if (const auto runs = number_at(task, "max_running_jobs"); runs > 0)
    out.task.max_running_jobs = static_cast<std::uint32_t>(runs);
  out.meta = texts_of(member(schedule, "metadata"));
  const auto* kwargs = member(schedule, "kwargs").get_if<value::object>();
  add_extras(out, member(schedule, "paused") == value{true},
             !list_at(schedule, "args").empty() || (kwargs && !kwargs->empty()),
             span_at(schedule, "max_jitter"));
  return out;
}

expected<exported> from_daemon(const session& s) {
  auto daemon = client::open(s);
  if (!daemon)
    return unexpected<error>{std::move(daemon).error()};
  std::map<std::string, value> tasks;
  auto read = daemon->each_item("/v1/tasks", [&](const value& task) {
    tasks.emplace(text_at(task, "id"), task);
    return true;
  });
  exported out;
  std::optional<error> failure;
  if (read)
    read = daemon->each_item("/v1/schedules", [&](const value& schedule) {
      auto made = from_views(schedule, tasks[text_at(schedule, "task")]);
      if (made)
        out.push_back(*std::move(made));
      else
        failure = made.error();
      return !failure;
    });
  if (!read)
    return unexpected<error>{std::move(read).error()};
  if (failure)
    return unexpected<error>{std::move(*failure)};
  return out;
}

/// The texts among metadata; its values are JSON.
std::map<std::string, std::string> texts_of(const metadata& meta) {
  std::map<std::string, std::string> out;
  for (const auto& [name, json] : meta)
    if (const auto parsed = parse_json(json))
      if (const auto* text = parsed->get_if<std::string>())
        out.emplace(name, *text);
  return out;
}

expected<exported> from_log(const std::string& url) {
  auto log = open_for_reading(url);
  if (!log)
    return unexpected<error>{std::move(log).error()};
  const auto head = (*log)->head();
  if (!head)
    return unexpected<error>{head.error()};
  const auto read = replay(**log, head->at);
  if (!read)
    return unexpected<error>{read.error()};
  exported out;
  read->state.schedules.front().for_each([&](const domain::schedule_state& schedule) {
    exported_schedule made;
    made.id = schedule.id.value;
    made.trigger = schedule.settings.trigger;
    if (const auto task = read->state.tasks.find(schedule.settings.task))
      made.task = task->settings;
    made.meta = texts_of(schedule.settings.meta);
    add_extras(made, schedule.paused, !(schedule.settings.args == payload{}),
               schedule.settings.max_jitter);
    out.push_back(std::move(made));
  });
  return out;
}

int run_export(const session& s, const export_options& o) {
  auto all = o.log.empty() ? from_daemon(s) : from_log(o.log);
  if (!all)
    return fail(all.error());
  if (!o.label.empty())
    std::erase_if(*all, [&](const exported_schedule& each) {
      const auto source = each.meta.find("source");
      return source == each.meta.end() || source->second != "crontab:" + name_part(o.label);
    });
  const auto runner = find_account("");
  if (!runner)
    return fail(runner.error());
  import_context context;
  context.zone = o.zone.empty() ? local_zone() : o.zone;
  context.runner = *runner;
  context.find_account = find_account;
  const auto made = to_crontab(*std::move(all), o.has_user, context);
  bool has_errors = false;
  for (const auto& message : made.messages) {
    has_errors = has_errors || message.is_error;
    std::cerr << message.id << ": " << (message.is_error ? "error: " : "note: ") << message.text
              << '\n';
  }
  if (has_errors && !o.is_partial) {
    note("nothing was exported; --partial exports the rest");
    return exit_failure;
  }
  std::cout << made.text;
  return exit_ok;
}

} // namespace

void add_export(CLI::App& program, session& s) {
  auto o = std::make_shared<export_options>();
  auto& command = *program.add_subcommand("export", "Write schedules for other programs");
  command.require_subcommand(1);
  auto& crontab = subcommand(command, s, "crontab", "Print schedules as a crontab",
                             [&s, o] { return run_export(s, *o); });
  add_client_options(crontab, s);
  crontab.add_option("--log", o->log, "Read this log offline: rocksdb:DIRECTORY");
  crontab.add_option("--label", o->label, "Only what was imported under this label");
  crontab.add_option("--tz", o->zone,
                     "The zone that the crontab will be read in (default: the machine's)");
  crontab.add_flag("--system", o->has_user, "With a user column, as /etc/crontab has");
  crontab.add_flag("--partial", o->is_partial, "Leave out what a crontab can not say");
}

} // namespace carillon::tools
