#pragma once

// What the tests of imports share: a machine with three users, and a daemon that keeps what it is
// told.

#include "events/trigger_json.hpp"
#include "tools/cli.hpp"
#include "tools/crontab_export.hpp"
#include "triggers/resolve.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

namespace carillon::tools::test {

inline std::string sample(const std::string& name) {
  std::ifstream in{std::string{CARILLON_IMPORT_SAMPLES} + '/' + name, std::ios::binary};
  REQUIRE(in);
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline import_context machine(const std::string& source = "test:x") {
  import_context out;
  out.source = source;
  out.zone = "Europe/Berlin";
  out.runner = {"root", "/root"};
  out.find_account = [](const std::string& name) -> expected<account> {
    if (name == "root")
      return account{"root", "/root"};
    if (name == "postgres" || name == "deploy")
      return account{name, "/home/" + name};
    return refuse(errc::not_found, "there is no user '" + name + "' on this machine");
  };
  out.read = [](const std::string& path) -> expected<std::string> {
    return refuse(errc::not_found, path);
  };
  return out;
}

/// "file:line:column: error: text", one a line.
inline std::string said(const import_plan& plan) {
  std::string out;
  for (const auto& m : plan.messages)
    out += m.file + ':' + std::to_string(m.line) + ':' + std::to_string(m.column) + ": " +
           (m.is_error ? "error: " : "note: ") + m.text + '\n';
  return out;
}

inline const planned_schedule& only(const import_plan& plan) {
  INFO(said(plan));
  REQUIRE(plan.schedules.size() == 1);
  return plan.schedules.front();
}

inline std::vector<std::string> words_at(const value& object, const char* name) {
  std::vector<std::string> out;
  for (const auto& each : list_at(object, name))
    out.push_back(*each.get_if<std::string>());
  return out;
}

inline std::map<std::string, std::string> texts_at(const value& object, const char* name) {
  std::map<std::string, std::string> out;
  if (const auto* members = member(object, name).get_if<value::object>())
    for (const auto& [key, text] : *members)
      out.emplace(key, *text.get_if<std::string>());
  return out;
}

/// What a daemon has once the plan was applied.
inline exported_schedule stored(const planned_schedule& planned) {
  const value task{planned.task_settings.value()};
  exported_schedule out;
  out.id = planned.id;
  out.trigger = triggers::resolve(planned.trigger, {}).value();
  out.task.executor = text_at(task, "executor");
  out.task.argv = words_at(task, "argv");
  out.task.env = texts_at(task, "env");
  out.task.cwd = text_at(task, "cwd");
  out.task.stdin_text = text_at(task, "stdin");
  out.task.max_running_jobs = std::nullopt;
  out.meta = texts_at(value{value::object{{"meta", planned.metadata}}}, "meta");
  return out;
}

/// Everything about a plan's schedules but their place in the file, by id.
inline std::map<std::string, std::string> digest(const import_plan& plan) {
  std::map<std::string, std::string> out;
  for (const auto& each : plan.schedules)
    out[each.id] = each.task + '\n' +
                   events::trigger_to_json(triggers::resolve(each.trigger, {}).value()) + '\n' +
                   to_json(value{each.task_settings.value_or(value::object{})}) + '\n' +
                   to_json(value{each.settings}) + '\n' + to_json(value{each.metadata});
  return out;
}

} // namespace carillon::tools::test
