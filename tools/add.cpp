#include "tools/client.hpp"
#include "tools/subcommands.hpp"
#include "tools/trigger_options.hpp"

#include "events/trigger_json.hpp"
#include "http/json_writer.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

struct add_options {
  std::shared_ptr<trigger_options> trigger;
  std::string id;
  std::string task;
  std::string args;
  std::string kwargs;
  std::string metadata;
  std::string coalesce;
  std::string grace;
  std::string jitter;
  std::string jitter_mode;
  std::string keep_result;
  std::string if_exists;
  std::string timeout;
  std::string max_running;
  std::string on_lease_lost;
  std::string disconnect_grace;
  std::string cwd;
  std::vector<std::string> env;
  std::vector<std::string> labels;
  bool is_paused = false;
  bool is_strict = false;
};

/// A duration or "none", as JSON.
std::string or_none(const std::string& text) {
  return text == "none" ? "null" : http::json_text(text);
}

expected<std::string> json_option(const std::string& text, const std::string& name) {
  auto read = parse_json(text);
  if (!read)
    return refuse(errc::invalid_argument, read.error().message, name);
  return to_json(*read);
}

expected<std::string> task_settings(const add_options& o, const std::vector<std::string>& argv) {
  http::json_array words;
  for (const auto& word : argv)
    words.text(word);
  http::json_object out;
  out.text("executor", "process").raw("argv", words.done());
  if (!o.env.empty()) {
    http::json_object env;
    for (const auto& pair : o.env) {
      const auto equals = pair.find('=');
      if (equals == std::string::npos || equals == 0)
        return refuse(errc::invalid_argument, "'" + pair + "' is not NAME=VALUE", "env");
      env.text(pair.substr(0, equals), pair.substr(equals + 1));
    }
    out.raw("env", env.done());
  }
  if (!o.cwd.empty())
    out.text("cwd", o.cwd);
  if (!o.timeout.empty())
    out.raw("timeout", or_none(o.timeout));
  if (!o.max_running.empty())
    out.raw("max_running_jobs", o.max_running == "none" ? "null" : o.max_running);
  if (!o.on_lease_lost.empty())
    out.text("on_lease_lost", o.on_lease_lost);
  if (!o.disconnect_grace.empty())
    out.text("disconnect_grace", o.disconnect_grace);
  if (!o.labels.empty()) {
    http::json_object labels;
    for (const auto& label : o.labels) {
      const auto equals = std::min(label.find('='), label.size());
      labels.text(label.substr(0, equals), label.substr(std::min(equals + 1, label.size())));
    }
    out.raw("requires", labels.done());
  }
  return out.done();
}

expected<void> check_task_source(const session& s, const add_options& o) {
  if (s.has_tail == !o.task.empty())
    return refuse(errc::invalid_argument,
                  s.has_tail ? "--task and a command after -- exclude each other"
                             : "what shall run? give --task TASK, or a command after --");
  if (s.has_tail && s.tail.empty())
    return refuse(errc::invalid_argument, "no command stands after --");
  const bool has_settings = !o.env.empty() || !o.cwd.empty() || !o.timeout.empty() ||
                            !o.max_running.empty() || !o.on_lease_lost.empty() ||
                            !o.disconnect_grace.empty() || !o.labels.empty();
  if (!s.has_tail && has_settings)
    return refuse(errc::invalid_argument,
                  "--env, --cwd, --timeout, --max-running, --on-lease-lost, --disconnect-grace and "
                  "--require are settings of a task: they need a command after --");
  return {};
}

expected<std::string> body_of(const session& s, const add_options& o) {
  if (auto good = check_task_source(s, o); !good)
    return unexpected<error>{std::move(good).error()};
  const auto trigger = to_trigger(*o.trigger, wall_clock().now());
  if (!trigger)
    return unexpected<error>{trigger.error()};
  http::json_object out;
  out.text("id", o.id).text("task", o.task.empty() ? o.id : o.task);
  if (s.has_tail) {
    const auto settings = task_settings(o, s.tail);
    if (!settings)
      return settings;
    out.raw("task_settings", *settings);
  }
  out.raw("trigger", events::trigger_to_json(*trigger));
  for (const auto& [name, text] : {std::pair{"args", &o.args}, std::pair{"kwargs", &o.kwargs},
                                   std::pair{"metadata", &o.metadata}}) {
    if (text->empty())
      continue;
    const auto json = json_option(*text, name);
    if (!json)
      return json;
    out.raw(name, *json);
  }
  if (o.is_paused)
    out.boolean("paused", true);
  if (o.is_strict)
    out.boolean("strict", true);
  if (!o.coalesce.empty())
    out.text("coalesce", o.coalesce);
  if (!o.grace.empty())
    out.raw("misfire_grace_time", or_none(o.grace));
  if (!o.jitter.empty())
    out.text("max_jitter", o.jitter);
  if (!o.jitter_mode.empty())
    out.text("jitter_mode", o.jitter_mode);
  if (!o.keep_result.empty())
    out.text("job_result_expiration_time", o.keep_result);
  return out.text("conflict_policy", o.if_exists).done();
}

int run_add(const session& s, const add_options& o) {
  const auto body = body_of(s, o);
  if (!body)
    return fail(body.error());
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  const auto answered = daemon->send("POST", "/v1/schedules", *body);
  if (!answered)
    return fail(answered.error());
  if (s.json) {
    std::cout << answered->text << '\n';
    return exit_ok;
  }
  const auto next = text_at(answered->body, "next_fire_time");
  std::cout << o.id << ' ' << text_at(answered->body, "result")
            << (next.empty() ? ", never fires" : ", next fire " + next) << '\n';
  if (text_at(answered->body, "result") == "kept")
    note("schedule '" + o.id + "' existed and was kept: --if-exists update would change it");
  return exit_ok;
}

} // namespace

void add_add(CLI::App& program, session& s) {
  auto o = std::make_shared<add_options>();
  auto& command = subcommand(program, s, "add", "Add a schedule, and its task: add ID ... -- ARGV",
                             [&s, o] { return run_add(s, *o); });
  add_client_options(command, s);
  command.add_option("id", o->id, "Name of the schedule, and of its task")->required();
  o->trigger = add_trigger_options(command);
  command.add_option("--task", o->task, "Run this task instead of a command after --");
  command.add_option("--args", o->args, "Positional arguments, a JSON array");
  command.add_option("--kwargs", o->kwargs, "Named arguments, a JSON object");
  command.add_option("--metadata", o->metadata, "Anything of yours, a JSON object");
  command.add_flag("--paused", o->is_paused, "Add it paused");
  command.add_flag("--strict", o->is_strict, "Refuse a trigger that never fires");
  command.add_option("--coalesce", o->coalesce,
                     "Of several due fire times: earliest, latest (default) or all");
  command.add_option("--misfire-grace-time", o->grace, "How late a fire may start; none = any");
  command.add_option("--max-jitter", o->jitter, "Start each run up to this much later");
  command.add_option("--jitter-mode", o->jitter_mode,
                     "How much later: random (default), or stable, the same for each run");
  command.add_option("--keep-result", o->keep_result, "Keep return values this long");
  o->if_exists = "do_nothing";
  command
      .add_option("--if-exists", o->if_exists, "do_nothing (default), replace, update or exception")
      ->check(CLI::IsMember({"do_nothing", "replace", "update", "exception"}));
  command.add_option("--timeout", o->timeout, "Task: longest run; none = no limit");
  command.add_option("--max-running", o->max_running, "Task: runs at once; none = no limit");
  command.add_option("--on-lease-lost", o->on_lease_lost, "Task: retry (default) or fail");
  command.add_option("--disconnect-grace", o->disconnect_grace,
                     "Task: how long a run may outlive its node's lease (default: 60s)");
  command
      .add_option("--require", o->labels,
                  "Task: NAME or NAME=VALUE, a label of nodes that may run it; several times")
      ->allow_extra_args(false);
  command.add_option("--cwd", o->cwd, "Task: working directory");
  command.add_option("--env", o->env, "Task: NAME=VALUE, may be given several times")
      ->allow_extra_args(false);
}

} // namespace carillon::tools
