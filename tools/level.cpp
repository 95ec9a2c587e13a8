#include "tools/client.hpp"
#include "tools/subcommands.hpp"
#include "tools/table.hpp"

#include "http/json_writer.hpp"

#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>

namespace carillon::tools {
namespace {

int show_level(client& daemon, const session& s) {
  const auto status = daemon.get("/v1/status");
  if (!status)
    return fail(status.error());
  const auto nodes = daemon.get("/v1/nodes");
  if (!nodes)
    return fail(nodes.error());
  const auto level = to_json(member(status->body, "level"));
  const auto known = to_json(member(status->body, "level_known"));
  table out{{"NODE", "STATE", "LEVEL"}};
  http::json_array items;
  if (const auto* found = member(nodes->body, "items").get_if<value::array>())
    for (const auto& node : *found) {
      const bool is_this = member(node, "this") == value{true};
      const auto understood = to_json(member(node, "level"));
      out.row({text_at(node, "node") + (is_this ? " *" : ""), text_at(node, "state"), understood});
      items.raw(http::json_object{}
                    .text("node", text_at(node, "node"))
                    .text("state", text_at(node, "state"))
                    .raw("level", understood)
                    .done());
    }
  if (s.json) {
    std::cout << http::json_object{}
                     .raw("level", level)
                     .raw("level_known", known)
                     .raw("nodes", items.done())
                     .done()
              << '\n';
    return exit_ok;
  }
  std::cout << "the log is at level " << level << "; this node knows up to " << known << "\n\n";
  out.print(std::cout, wants_colours());
  return exit_ok;
}

int raise_level(client& daemon, const session& s, std::uint32_t level) {
  const auto raised =
      daemon.send("POST", "/v1/level", http::json_object{}.number("level", level).done());
  if (!raised)
    return fail(raised.error());
  if (s.json)
    std::cout << raised->text << '\n';
  else
    std::cout << "the log is at level " << level << ", by position "
              << to_json(member(raised->body, "position")) << '\n';
  return exit_ok;
}

} // namespace

void add_log_level(CLI::App& log, session& s) {
  auto wanted = std::make_shared<std::optional<std::uint32_t>>();
  auto& command = subcommand(
      log, s, "level", "Show the log's format level, or raise it", [&s, wanted]() -> int {
        auto daemon = client::open(s);
        if (!daemon)
          return fail(daemon.error());
        return *wanted ? raise_level(*daemon, s, **wanted) : show_level(*daemon, s);
      });
  add_client_options(command, s);
  command.add_option("--raise", *wanted,
                     "Raise it to this, for ever: builds that know less are locked out");
}

} // namespace carillon::tools
