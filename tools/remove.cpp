#include "tools/client.hpp"
#include "tools/subcommands.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

struct remove_options {
  std::vector<std::string> ids;
  bool are_tasks = false;
};

int run_remove(const session& s, const remove_options& o) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  const std::string folder = o.are_tasks ? "tasks" : "schedules";
  for (const auto& id : o.ids) {
    const auto target = "/v1/" + folder + '/' + percent_encode(id);
    // To the API a missing schedule is no error; who types a name wants to know.
    if (const auto present = daemon->get(target); !present)
      return fail(present.error());
    const auto answered = daemon->send("DELETE", target);
    if (!answered)
      return fail(answered.error());
    if (s.json)
      std::cout << answered->text << '\n';
    else
      std::cout << id << " removed\n";
  }
  return exit_ok;
}

} // namespace

void add_remove(CLI::App& program, session& s) {
  auto o = std::make_shared<remove_options>();
  auto& command = subcommand(program, s, "rm", "Remove schedules; their jobs stay",
                             [&s, o] { return run_remove(s, *o); });
  add_client_options(command, s);
  command.add_option("ids", o->ids, "Schedules")->required();
  command.add_flag("--task", o->are_tasks, "They are tasks, not schedules");
}

} // namespace carillon::tools
