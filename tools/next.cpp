#include "tools/next_batch.hpp"
#include "tools/subcommands.hpp"
#include "tools/trigger_options.hpp"

#include "carillon/fire_times.hpp"
#include "http/json_writer.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

constexpr int count_default = 10;
constexpr int count_max = 100'000;
constexpr std::uint64_t total_max = 10'000'000;

struct next_options {
  std::shared_ptr<trigger_options> trigger;
  std::string from;
  std::string to;
  std::string id;
  int count = count_default;
  bool is_batch = false;
  bool is_previous = false;
  bool is_total = false;
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

/// Fire times on standard output, as lines or as one JSON object.
class fire_printer {
public:
  explicit fire_printer(bool as_json) : as_json_{as_json} {}

  void print(const std::string& fire) {
    if (as_json_)
      fires_.text(fire);
    else
      std::cout << fire << '\n';
  }

  int finish(bool is_exhausted, const std::optional<error>& stopped = {}) {
    if (as_json_)
      std::cout << http::json_object{}
                       .raw("fires", fires_.done())
                       .boolean("exhausted", is_exhausted)
                       .done()
                << '\n';
    std::cout.flush();
    return stopped ? fail(*stopped) : exit_ok;
  }

private:
  bool as_json_;
  http::json_array fires_;
};

int print_next(const next_options& o, const trigger_spec& spec, const batch_context& context,
               std::optional<time_point> to, bool as_json) {
  auto resolved = triggers::resolve(spec, {context.now, context.default_zone, o.id});
  if (!resolved)
    return fail(resolved.error());
  const auto trigger = triggers::compile(*resolved);
  if (!trigger)
    return fail(trigger.error());
  fire_printer out{as_json};
  trigger_cursor cursor;
  for (int i = 0; i < o.count; ++i) {
    auto found = i == 0 && !o.from.empty() ? triggers::seek(*trigger, cursor, context.now)
                                           : triggers::next(*trigger, cursor);
    if (!found)
      return out.finish(false, found.error());
    if (!found->at)
      return out.finish(true);
    if (to && *found->at >= *to)
      break;
    cursor = std::move(found->cursor);
    out.print(fire_text(*trigger, *found->at));
  }
  return out.finish(false);
}

/// The last fire times before `before`, the latest first.
int print_previous(const next_options& o, const fire_times& trigger, time_point before,
                   bool as_json) {
  fire_printer out{as_json};
  for (int i = 0; i < o.count; ++i) {
    const auto found = trigger.previous(before);
    if (!found)
      return out.finish(false, found.error());
    if (!*found)
      return out.finish(true);
    before = **found;
    out.print(trigger.to_text(before));
  }
  return out.finish(false);
}

int print_total(const fire_times& trigger, time_point from, time_point to, bool as_json) {
  const auto total = trigger.count(from, to, total_max);
  if (!total)
    return fail(total.error());
  if (as_json)
    std::cout << http::json_object{}.number("total", *total).done() << '\n';
  else
    std::cout << *total << '\n';
  return exit_ok;
}

/// An instant of an option; none when it was not given.
expected<std::optional<time_point>> instant_of(const std::string& text, const char* name) {
  if (text.empty())
    return std::optional<time_point>{};
  const auto at = parse_instant(text);
  if (!at)
    return refuse(errc::invalid_argument, at.error().message, name);
  return std::optional{*at};
}

int run_next(const session& s, const next_options& o) {
  const auto from = instant_of(o.from, "from");
  if (!from)
    return fail(from.error());
  const auto to = instant_of(o.to, "to");
  if (!to)
    return fail(to.error());
  const batch_context context{from->value_or(wall_clock().now()),
                              o.trigger->zone.empty() ? local_zone() : o.trigger->zone};
  if (o.is_batch) {
    if (is_given(*o.trigger))
      return fail({errc::invalid_argument, "--batch reads its triggers from standard input"});
    return run_batch(context);
  }
  if (o.is_total && !*to)
    return fail({errc::invalid_argument, "--total needs an end: --to INSTANT", "to"});
  const auto spec = to_trigger(*o.trigger, context.now);
  if (!spec)
    return fail(spec.error());
  if (!o.is_previous && !o.is_total)
    return print_next(o, *spec, context, *to, s.json);
  const auto trigger = fire_times::of(*spec, {context.now, context.default_zone, o.id});
  if (!trigger)
    return fail(trigger.error());
  if (o.is_total)
    return print_total(*trigger, context.now, **to, s.json);
  return print_previous(o, *trigger, context.now, s.json);
}

} // namespace

void add_next(CLI::App& program, session& s) {
  auto o = std::make_shared<next_options>();
  auto& command = subcommand(program, s, "next", "Print the next fire times of a trigger (offline)",
                             [&s, o] { return run_next(s, *o); });
  add_json_option(command, s);
  o->trigger = add_trigger_options(command);
  add_expression(command, *o->trigger);
  command.add_option("--from", o->from, "Start here instead of now");
  command.add_option("--id", o->id, "Id of the schedule, which H in a cron expression depends on");
  command.add_option("-n,--count", o->count, "How many fire times (default: 10)")
      ->check(CLI::Range(0, count_max));
  auto* to = command.add_option("--to", o->to, "Stop before this instant");
  auto* batch =
      command.add_flag("--batch", o->is_batch,
                       "Read one JSON trigger a line from standard input, answer a line each");
  auto* previous = command.add_flag("--previous", o->is_previous,
                                    "The fire times before --from, the latest first");
  auto* total =
      command.add_flag("--total", o->is_total, "Only how many there are from --from to --to");
  previous->excludes(batch)->excludes(to)->excludes(total);
  total->excludes(batch);
  to->excludes(batch);
}

} // namespace carillon::tools
