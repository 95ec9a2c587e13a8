#include "tools/client.hpp"
#include "tools/subcommands.hpp"
#include "tools/table.hpp"

#include <algorithm>
#include <iostream>

namespace carillon::tools {
namespace {

/// The texts of a list, or how many there are when they would fill the line.
std::string list_text(const value& list) {
  constexpr std::size_t shown_max = 4;
  const auto* texts = list.get_if<value::array>();
  if (texts == nullptr || texts->empty())
    return "-";
  if (texts->size() > shown_max)
    return std::to_string(texts->size());
  std::string out;
  for (const auto& each : *texts)
    if (const auto* text = each.get_if<std::string>())
      out += (out.empty() ? "" : ",") + *text;
  return out;
}

int run_nodes(const session& s) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  const auto found = daemon->get("/v1/nodes");
  if (!found)
    return fail(found.error());
  if (s.json) {
    std::cout << to_json(member(found->body, "items")) << '\n';
    return exit_ok;
  }
  const auto now = wall_clock().now();
  table out{{"NODE", "STATE", "ROLE", "SINCE", "SESSION", "EXECUTORS", "TASKS", "LABELS"}};
  if (const auto* nodes = member(found->body, "items").get_if<value::array>())
    for (const auto& node : *nodes) {
      const auto opened = instant_in(text_at(node, "opened_at"));
      const bool is_this = member(node, "this") == value{true};
      out.row({text_at(node, "node") + (is_this ? " *" : ""), text_at(node, "state"),
               text_at(node, "role"), opened ? span_text(now - *opened) : "-",
               to_json(member(node, "session")), list_text(member(node, "executors")),
               list_text(member(node, "tasks")), list_text(member(node, "labels"))});
    }
  out.print(std::cout, wants_colours());
  return exit_ok;
}

} // namespace

void add_nodes(CLI::App& program, session& s) {
  auto& command = subcommand(program, s, "nodes",
                             "List the nodes that share the log; * is the one that was asked",
                             [&s] { return run_nodes(s); });
  add_client_options(command, s);
}

} // namespace carillon::tools
