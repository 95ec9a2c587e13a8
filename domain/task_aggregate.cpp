#include "domain/task_aggregate.hpp"

#include "domain/checks.hpp"

#include <algorithm>
#include <utility>

namespace carillon::domain {
namespace {

unexpected<error> bad(std::string field, std::string message) {
  return refuse(errc::invalid_argument, std::move(message), std::move(field));
}

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }

bool is_env_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

expected<void> check_argv(const std::vector<std::string>& argv) {
  if (argv.empty())
    return bad("argv", "argv is empty; executor 'process' needs an absolute program path");
  if (!argv.front().starts_with('/'))
    return bad("argv", "argv[0] is '" + argv.front() + "', allowed is an absolute path");
  if (argv.size() > argv_entries_max)
    return bad("argv", "argv has " + std::to_string(argv.size()) + " entries, allowed are " +
                           std::to_string(argv_entries_max));
  for (std::size_t i = 0; i < argv.size(); ++i) {
    if (has_nul(argv[i]))
      return bad("argv", "argv[" + std::to_string(i) + "] has a NUL byte");
  }
  return {};
}

expected<void> check_env(const std::map<std::string, std::string>& env) {
  for (const auto& [name, text] : env) {
    if (!is_env_name(name))
      return bad("env", "env name '" + name + "' is not [A-Za-z_][A-Za-z0-9_]*");
    if (name.starts_with("CARILLON_"))
      return bad("env", "env name '" + name + "' is reserved: CARILLON_* is set for each run");
    if (has_nul(text))
      return bad("env", "env value of '" + name + "' has a NUL byte");
  }
  return {};
}

expected<void> check_process(const task_settings& settings) {
  if (auto ok = check_argv(settings.argv); !ok)
    return ok;
  if (auto ok = check_env(settings.env); !ok)
    return ok;
  if (!settings.cwd.empty() && !settings.cwd.starts_with('/'))
    return bad("cwd", "cwd is '" + settings.cwd + "', allowed is an absolute path");
  if (has_nul(settings.cwd))
    return bad("cwd", "cwd has a NUL byte");
  return {};
}

expected<void> check_threads(const task_settings& settings) {
  const std::string why = " belongs to executor 'process', but executor is 'threads'";
  if (!settings.argv.empty())
    return bad("argv", "argv" + why);
  if (!settings.env.empty())
    return bad("env", "env" + why);
  if (!settings.cwd.empty())
    return bad("cwd", "cwd" + why);
  if (!settings.stdin_text.empty())
    return bad("stdin", "stdin" + why);
  return {};
}

/// The settings are read at every claim: together they stay small.
expected<void> check_size(const task_settings& settings) {
  std::size_t bytes = settings.cwd.size();
  std::string field = "argv";
  const auto add = [&](std::string_view name, std::size_t more) {
    if (bytes <= settings_bytes_max && more > 0)
      field = name;
    bytes += more;
  };
  for (const auto& text : settings.argv)
    add("argv", text.size());
  for (const auto& [name, text] : settings.env)
    add("env", name.size() + text.size());
  add("stdin", settings.stdin_text.size());
  for (const auto& [key, text] : settings.meta)
    add("metadata", key.size() + text.size());
  if (bytes <= settings_bytes_max)
    return {};
  return bad(field, "the task's settings have " + std::to_string(bytes) + " bytes, allowed are " +
                        std::to_string(settings_bytes_max));
}

/// As they are written on a node's command line: NAME or NAME=VALUE, separated by commas.
expected<void> check_labels(const std::map<std::string, std::string>& labels) {
  if (labels.size() > required_labels_max)
    return bad("requires", "requires has " + std::to_string(labels.size()) +
                               " labels, allowed are at most " +
                               std::to_string(required_labels_max));
  const auto fits = [](std::string_view text, std::string_view banned) {
    return text.size() <= name_bytes_max && text.find_first_of(banned) == std::string_view::npos;
  };
  for (const auto& [name, wanted] : labels)
    if (name.empty() || !fits(name, "=,") || !fits(wanted, ","))
      return bad("requires", "label '" + name.substr(0, name_bytes_max) + "' with the value '" +
                                 wanted.substr(0, name_bytes_max) +
                                 "' can not be a node's: a name without '=' and ',', a value "
                                 "without ',', each at most " +
                                 std::to_string(name_bytes_max) + " bytes");
  return {};
}

template <class T> void overlay(T& value, const std::optional<T>& change) {
  if (change)
    value = *change;
}

} // namespace

task_settings apply_options(task_settings settings, const task_options& options) {
  overlay(settings.executor, options.executor);
  overlay(settings.argv, options.argv);
  overlay(settings.env, options.env);
  overlay(settings.cwd, options.cwd);
  overlay(settings.stdin_text, options.stdin_text);
  overlay(settings.timeout, options.timeout);
  overlay(settings.max_running_jobs, options.max_running_jobs);
  overlay(settings.misfire_grace_time, options.misfire_grace_time);
  overlay(settings.on_lease_lost, options.on_lease_lost);
  overlay(settings.disconnect_grace, options.disconnect_grace);
  overlay(settings.meta, options.meta);
  overlay(settings.required_labels, options.required_labels);
  // Only a process has an argv, so nobody has to name the executor beside it.
  if (options.argv && !options.argv->empty() && !options.executor)
    settings.executor = executor_process;
  return settings;
}

expected<void> check_settings(const task_settings& settings) {
  if (auto ok = check_name(settings.executor, "executor"); !ok)
    return ok;
  if (settings.executor == executor_process) {
    if (auto ok = check_process(settings); !ok)
      return ok;
  } else if (settings.executor == executor_threads) {
    if (auto ok = check_threads(settings); !ok)
      return ok;
  }
  if (auto ok = check_span(settings.timeout, span_floor::above_zero, "timeout"); !ok)
    return ok;
  if (settings.max_running_jobs == 0U)
    return bad("max_running_jobs", "max_running_jobs is 0, allowed is at least 1, or none");
  if (auto ok = check_span(settings.misfire_grace_time, span_floor::zero, "misfire_grace_time");
      !ok)
    return ok;
  if (auto ok = check_span(settings.disconnect_grace, span_floor::zero, "disconnect_grace"); !ok)
    return ok;
  if (auto ok = check_metadata(settings.meta, "metadata"); !ok)
    return ok;
  if (auto ok = check_labels(settings.required_labels); !ok)
    return ok;
  return check_size(settings);
}

expected<decision> decide(const task_state* current, const configure_task& command,
                          const task_settings& defaults) {
  if (auto ok = check_name(command.id.value, "id"); !ok)
    return unexpected{std::move(ok).error()};
  auto settings = apply_options(current ? current->settings : defaults, command.options);
  if (!current && command.options.meta)
    settings.meta = merge(defaults.meta, *command.options.meta);
  if (auto ok = check_settings(settings); !ok)
    return unexpected{std::move(ok).error()};

  decision result;
  result.reply.id = command.id.value;
  if (!current) {
    result.reply.what = change::created;
    result.events = {task_added{.id = command.id, .settings = std::move(settings)}};
  } else if (settings != current->settings) {
    result.reply.what = change::updated;
    result.events = {task_updated{.id = command.id, .settings = std::move(settings)}};
  }
  return result;
}

expected<decision> decide(const task_state* current, const remove_task& command,
                          const task_usage& usage) {
  if (!current)
    return refuse(errc::not_found, "task '" + command.id.value + "' does not exist", "id");
  if (usage.schedules > 0 || usage.jobs > 0)
    return refuse(errc::conflict,
                  "task '" + command.id.value + "' is used by " + std::to_string(usage.schedules) +
                      " schedules and " + std::to_string(usage.jobs) + " unfinished jobs",
                  "id");
  decision result;
  result.reply.what = change::removed;
  result.reply.id = command.id.value;
  result.events = {task_removed{.id = command.id}};
  return result;
}

duration disconnect_grace_of(const task_state& task, position fence) {
  const auto now = carillon::disconnect_grace_of(task.settings);
  return fence < task.grace_lowered_at ? std::max(now, task.earlier_grace) : now;
}

task_state evolve(task_state state, const task_added& e, const record_info& info) {
  state = {.id = e.id, .settings = e.settings, .revision = info.at, .created_at = info.time};
  return state;
}

task_state evolve(task_state state, const task_updated& e, const record_info& info) {
  const auto before = carillon::disconnect_grace_of(state.settings);
  if (carillon::disconnect_grace_of(*e.settings) < before) {
    state.earlier_grace = std::max(state.earlier_grace, before);
    state.grace_lowered_at = info.at;
  }
  state.settings = e.settings;
  state.revision = info.at;
  return state;
}

} // namespace carillon::domain
