#include "tools/next_batch.hpp"
#include "tools/subcommands.hpp"
#include "tools/trigger_options.hpp"

#include "http/json_writer.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

constexpr int count_default = 10;
constexpr int count_max = 100'000;

struct next_options {
  std::shared_ptr<trigger_options> trigger;
  std::string from;
  int count = count_default;
  bool is_batch = false;
};

std::string fire_text(const triggers::compiled_trigger& trigger, time_point at) {
  const auto offset = triggers::offset_at(trigger, at);
  // RFC 3339 has no seconds in an offset; zones of long ago had.
  return offset.count() % 60 == 0 && offset.count() != 0 ? to_rfc3339(at, offset) : to_rfc3339(at);
}

int run_batch(const batch_context& context) {
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos)
      continue;
    std::cout << answer_next_line(line, context) << '\n';
    // Who drives the batch line by line waits for each answer.
    if (std::cin.rdbuf()->in_avail() <= 0)
      std::cout.flush();
  }
  std::cout.flush();
  return exit_ok;
}

int print_next(const next_options& o, const batch_context& context, bool as_json) {
  auto spec = to_trigger(*o.trigger);
  if (!spec)
    return fail(spec.error());
  auto resolved = triggers::resolve(*spec, {context.now, context.default_zone});
  if (!resolved)
    return fail(resolved.error());
  const auto trigger = triggers::compile(*resolved);
  if (!trigger)
    return fail(trigger.error());
  http::json_array fires;
  trigger_cursor cursor;
  std::optional<error> stopped;
  bool is_exhausted = false;
  for (int i = 0; i < o.count; ++i) {
    auto found = i == 0 && !o.from.empty() ? triggers::seek(*trigger, cursor, context.now)
                                           : triggers::next(*trigger, cursor);
    if (!found) {
      stopped = found.error();
      break;
    }
    if (!found->at) {
      is_exhausted = true;
      break;
    }
    cursor = std::move(found->cursor);
    const auto text = fire_text(*trigger, *found->at);
    if (as_json)
      fires.text(text);
    else
      std::cout << text << '\n';
  }
  if (as_json)
    std::cout
        << http::json_object{}.raw("fires", fires.done()).boolean("exhausted", is_exhausted).done()
        << '\n';
  std::cout.flush();
  if (stopped)
    return fail(*stopped);
  return exit_ok;
}

int run_next(const session& s, const next_options& o) {
  batch_context context{wall_clock().now(),
                        o.trigger->zone.empty() ? local_zone() : o.trigger->zone};
  if (!o.from.empty()) {
    const auto from = parse_instant(o.from);
    if (!from)
      return fail({errc::invalid_argument, from.error().message, "from"});
    context.now = *from;
  }
  if (o.is_batch) {
    if (is_given(*o.trigger))
      return fail({errc::invalid_argument, "--batch reads its triggers from standard input"});
    return run_batch(context);
  }
  return print_next(o, context, s.json);
}

} // namespace

void add_next(CLI::App& program, session& s) {
  auto o = std::make_shared<next_options>();
  auto& command = subcommand(program, s, "next", "Print the next fire times of a trigger (offline)",
                             [&s, o] { return run_next(s, *o); });
  add_json_option(command, s);
  o->trigger = add_trigger_options(command);
  command.add_option("--from", o->from, "Start here instead of now");
  command.add_option("-n,--count", o->count, "How many fire times (default: 10)")
      ->check(CLI::Range(0, count_max));
  command.add_flag("--batch", o->is_batch,
                   "Read one JSON trigger a line from standard input, answer a line each");
}

} // namespace carillon::tools
