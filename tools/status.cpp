#include "tools/client.hpp"
#include "tools/subcommands.hpp"

#include "http/json_writer.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

int run_status(const session& s) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  const auto status = daemon->get("/v1/status");
  if (!status)
    return fail(status.error());
  if (s.json) {
    std::cout << status->text << '\n';
    return exit_ok;
  }
  for (const auto* name : {"node", "state", "version", "started_at", "position", "time",
                           "state_hash", "tasks", "schedules", "jobs_waiting", "jobs_running"}) {
    const auto& held = member(status->body, name);
    const auto* text = held.get_if<std::string>();
    std::cout << name << std::string(14 - std::string_view{name}.size(), ' ')
              << (text ? *text : to_json(held)) << '\n';
  }
  return exit_ok;
}

int run_cleanup(const session& s) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  const auto answered = daemon->send("POST", "/v1/cleanup", "{}");
  if (!answered)
    return fail(answered.error());
  std::cout << (s.json ? answered->text : std::string{"finished schedules without jobs purged"})
            << '\n';
  return exit_ok;
}

} // namespace

void add_status(CLI::App& program, session& s) {
  auto& command = subcommand(program, s, "status", "Show the daemon's node and state",
                             [&s] { return run_status(s); });
  add_client_options(command, s);
}

void add_cleanup(CLI::App& program, session& s) {
  auto& command =
      subcommand(program, s, "cleanup", "Purge finished schedules that have no jobs left",
                 [&s] { return run_cleanup(s); });
  add_client_options(command, s);
}

void add_version(CLI::App& program, session& s) {
  auto& command = subcommand(program, s, "version", "Print the version", [&s] {
    std::cout << (s.json ? http::json_object{}.text("version", CARILLON_VERSION).done()
                         : "carillon " + std::string{CARILLON_VERSION})
              << '\n';
    return exit_ok;
  });
  add_json_option(command, s);
}

} // namespace carillon::tools
