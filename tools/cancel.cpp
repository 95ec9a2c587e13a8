#include "tools/client.hpp"
#include "tools/subcommands.hpp"

#include "http/json_writer.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

struct cancel_options {
  std::vector<std::string> ids;
  std::string reason;
};

int run_cancel(const session& s, const cancel_options& o) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  const auto body =
      o.reason.empty() ? std::string{"{}"} : http::json_object{}.text("reason", o.reason).done();
  for (const auto& id : o.ids) {
    const auto answered = daemon->send("POST", "/v1/jobs/" + percent_encode(id) + "/cancel", body);
    if (!answered)
      return fail(answered.error());
    if (s.json)
      std::cout << answered->text << '\n';
    else
      std::cout << id
                << (text_at(answered->body, "state") == "finished" ? " cancelled\n"
                                                                   : " was told to stop\n");
  }
  return exit_ok;
}

} // namespace

void add_cancel(CLI::App& program, session& s) {
  auto o = std::make_shared<cancel_options>();
  auto& command = subcommand(program, s, "cancel", "Cancel jobs, queued or running",
                             [&s, o] { return run_cancel(s, *o); });
  add_client_options(command, s);
  command.add_option("ids", o->ids, "Jobs")->required();
  command.add_option("--reason", o->reason, "Kept in the log");
}

} // namespace carillon::tools
