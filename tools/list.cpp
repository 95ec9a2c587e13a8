#include "tools/client.hpp"
#include "tools/subcommands.hpp"
#include "tools/table.hpp"

#include "http/json_writer.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

namespace carillon::tools {
namespace {

struct list_options {
  bool has_all = false;
  bool is_watching = false;
};

constexpr auto watch_period = std::chrono::seconds{2};

struct line {
  std::optional<time_point> next;
  value schedule;
};

expected<std::vector<line>> read_lines(client& daemon, bool has_all) {
  std::vector<line> out;
  auto read = daemon.each_item("/v1/schedules", [&](const value& item) {
    if (has_all || text_at(item, "state") != "finished")
      out.push_back({instant_in(text_at(item, "next_fire_time")), item});
    return true;
  });
  if (!read)
    return unexpected<error>{std::move(read).error()};
  // Those that never fire again come last.
  std::stable_sort(out.begin(), out.end(), [](const line& a, const line& b) {
    if (a.next && b.next)
      return *a.next < *b.next;
    return a.next.has_value() && !b.next.has_value();
  });
  return out;
}

void print(const std::vector<line>& lines, bool has_all) {
  const auto now = wall_clock().now();
  table out{{"NEXT", "LEFT", "LAST", "PASSED", "OUTCOME", "SCHEDULE", "TASK", "STATE"}};
  for (const auto& [next, item] : lines) {
    const auto last = instant_in(text_at(item, "last_fire_time"));
    out.row({local_text(next), left_text(next, now), local_text(last), ago_text(last, now),
             dash(text_at(item, "last_outcome")), text_at(item, "id"), text_at(item, "task"),
             text_at(item, "state")});
  }
  out.print(std::cout, wants_colours());
  std::cout << '\n'
            << out.size() << " schedules listed."
            << (has_all ? "" : " Pass --all to see finished ones, too.") << '\n';
}

int run_list(const session& s, const list_options& o) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  for (;;) {
    const auto lines = read_lines(*daemon, o.has_all);
    if (!lines)
      return fail(lines.error());
    if (o.is_watching)
      std::cout << "\033[H\033[2J";
    if (s.json) {
      http::json_array out;
      for (const auto& each : *lines)
        out.raw(to_json(each.schedule));
      std::cout << out.done() << '\n';
    } else {
      print(*lines, o.has_all);
    }
    std::cout.flush();
    if (!o.is_watching)
      return exit_ok;
    std::this_thread::sleep_for(watch_period);
  }
}

} // namespace

void add_list(CLI::App& program, session& s) {
  auto o = std::make_shared<list_options>();
  auto& command = subcommand(program, s, "list", "List schedules by their next fire time",
                             [&s, o] { return run_list(s, *o); });
  add_client_options(command, s);
  command.add_flag("--all", o->has_all, "Finished schedules, too");
  command.add_flag("--watch", o->is_watching, "Print again every 2 s");
}

} // namespace carillon::tools
