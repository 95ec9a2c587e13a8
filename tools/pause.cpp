#include "tools/client.hpp"
#include "tools/subcommands.hpp"

#include "http/json_writer.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

struct pause_options {
  std::vector<std::string> ids;
  std::string from;
};

/// Does the same to each schedule; the first failure ends it.
int change_each(const session& s, const pause_options& o, const std::string& verb,
                const std::string& body) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  for (const auto& id : o.ids) {
    const auto answered =
        daemon->send("POST", "/v1/schedules/" + percent_encode(id) + '/' + verb, body);
    if (!answered)
      return fail(answered.error());
    if (s.json) {
      std::cout << answered->text << '\n';
      continue;
    }
    const auto next = text_at(answered->body, "next_fire_time");
    const bool is_unchanged = text_at(answered->body, "result") == "none";
    std::cout << id << ' ' << (is_unchanged ? "was " : "")
              << (verb == "pause" ? "paused" : "resumed") << (is_unchanged ? " already" : "")
              << (verb == "resume" && !next.empty() ? ", next fire " + next : "") << '\n';
  }
  return exit_ok;
}

} // namespace

void add_pause(CLI::App& program, session& s) {
  auto o = std::make_shared<pause_options>();
  auto& command = subcommand(program, s, "pause", "Pause schedules",
                             [&s, o] { return change_each(s, *o, "pause", "{}"); });
  add_client_options(command, s);
  command.add_option("ids", o->ids, "Schedules")->required();
}

void add_resume(CLI::App& program, session& s) {
  auto o = std::make_shared<pause_options>();
  auto& command = subcommand(program, s, "resume", "Let paused schedules fire again", [&s, o] {
    const auto body = o->from.empty() ? std::string{"{}"}
                                      : http::json_object{}.text("resume_from", o->from).done();
    return change_each(s, *o, "resume", body);
  });
  add_client_options(command, s);
  command.add_option("ids", o->ids, "Schedules")->required();
  command.add_option("--from", o->from,
                     "Leave out fire times before: now, or an instant (default: the misfire rules "
                     "settle them)");
}

} // namespace carillon::tools
