#include "tools/client.hpp"
#include "tools/subcommands.hpp"
#include "tools/table.hpp"

#include "http/json_writer.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

/// The command line as one would type it, roughly.
std::string command_text(const value& task) {
  std::string out;
  for (const auto& word : list_at(task, "argv")) {
    const auto* text = word.get_if<std::string>();
    out += (out.empty() ? "" : " ") + (text ? *text : std::string{});
  }
  constexpr std::size_t shown_max = 60;
  return out.size() <= shown_max ? out : out.substr(0, shown_max) + "...";
}

int run_tasks(const session& s) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  http::json_array json;
  table out{{"TASK", "EXECUTOR", "RUNNING", "WAITING", "LIMIT", "CLAIMABLE", "COMMAND"}};
  const auto read = daemon->each_item("/v1/tasks", [&](const value& task) {
    json.raw(to_json(task));
    const auto limit = number_at(task, "max_running_jobs");
    const auto* claimable = member(task, "claimable").get_if<bool>();
    out.row({text_at(task, "id"), text_at(task, "executor"),
             std::to_string(number_at(task, "running_jobs")),
             std::to_string(number_at(task, "waiting_jobs")),
             limit == 0 ? "-" : std::to_string(limit), claimable && *claimable ? "yes" : "no",
             dash(command_text(task))});
    return true;
  });
  if (!read)
    return fail(read.error());
  if (s.json)
    std::cout << json.done() << '\n';
  else
    out.print(std::cout, wants_colours());
  return exit_ok;
}

} // namespace

void add_tasks(CLI::App& program, session& s) {
  auto& command = subcommand(program, s, "tasks", "List tasks", [&s] { return run_tasks(s); });
  add_client_options(command, s);
}

} // namespace carillon::tools
