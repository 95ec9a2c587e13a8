#include "tools/client.hpp"
#include "tools/subcommands.hpp"
#include "tools/table.hpp"

#include "carillon/ids.hpp"
#include "http/json_writer.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

constexpr int recent_jobs = 10;

void print_fields(const value& object) {
  table out{{"FIELD", "VALUE"}};
  for (const auto& [name, held] : *object.get_if<value::object>()) {
    const auto* text = held.get_if<std::string>();
    out.row({name, held.is_null() ? "-" : text ? *text : to_json(held)});
  }
  out.print(std::cout, wants_colours());
}

/// What `id` names: a schedule, a task or a job, looked for in this order.
expected<reply> find(client& daemon, const std::string& id, std::string& kind) {
  const auto name = percent_encode(id);
  for (const auto* folder : {"schedules", "tasks", "jobs"}) {
    if (std::string_view{folder} == "jobs" && !parse_uuid(id))
      break;
    auto found = daemon.get("/v1/" + std::string{folder} + '/' + name);
    kind = folder;
    if (found || found.error().code != errc::not_found)
      return found;
  }
  return refuse(errc::not_found, "no schedule, task or job is called '" + id +
                                     "': see 'carillon list --all', 'carillon tasks' and "
                                     "'carillon jobs'");
}

int run_show(const session& s, const std::string& id) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  std::string kind;
  const auto found = find(*daemon, id, kind);
  if (!found)
    return fail(found.error());
  if (s.json) {
    std::cout << found->text << '\n';
    return exit_ok;
  }
  print_fields(found->body);
  if (kind == "jobs")
    return exit_ok;
  const auto jobs = daemon->get("/v1/jobs?limit=" + std::to_string(recent_jobs) + '&' +
                                (kind == "tasks" ? "task=" : "schedule=") + percent_encode(id));
  if (!jobs)
    return fail(jobs.error());
  const auto& items = list_at(jobs->body, "items");
  if (items.empty())
    return exit_ok;
  std::cout << "\nLast jobs:\n";
  table out{{"CREATED", "STATE", "OUTCOME", "JOB"}};
  for (const auto& job : items)
    out.row({local_text(instant_in(text_at(job, "created_at"))), text_at(job, "state"),
             dash(text_at(job, "outcome")), text_at(job, "id")});
  out.print(std::cout, wants_colours());
  return exit_ok;
}

} // namespace

void add_show(CLI::App& program, session& s) {
  auto id = std::make_shared<std::string>();
  auto& command = subcommand(program, s, "show", "Show a schedule, task or job",
                             [&s, id] { return run_show(s, *id); });
  add_client_options(command, s);
  command.add_option("id", *id, "Schedule, task or job")->required();
}

} // namespace carillon::tools
