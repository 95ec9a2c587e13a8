#include "tools/import_apply.hpp"

#include "events/trigger_json.hpp"
#include "http/json_writer.hpp"
#include "triggers/resolve.hpp"
#include "values/percent.hpp"

#include <iostream>
#include <set>

namespace carillon::tools {
namespace {

struct tally {
  std::size_t created = 0;
  std::size_t updated = 0;
  std::size_t unchanged = 0;
  std::size_t removed = 0;
  std::size_t skipped = 0;
};

/// One line of output per entry, as text or as JSON.
class report {
public:
  explicit report(bool as_json) : as_json_{as_json} {}
  void add(const std::string& change, const std::string& id) {
    if (as_json_)
      entries_.raw(http::json_object{}.text("id", id).text("result", change).done());
    else
      std::cout << change << "  " << id << '\n';
  }
  void finish(const tally& t, bool is_dry) {
    if (as_json_)
      std::cout << http::json_object{}
                       .boolean("dry_run", is_dry)
                       .number("created", t.created)
                       .number("updated", t.updated)
                       .number("unchanged", t.unchanged)
                       .number("removed", t.removed)
                       .number("skipped", t.skipped)
                       .raw("entries", entries_.done())
                       .done()
                << '\n';
    else
      std::cout << t.created << " created, " << t.updated << " updated, " << t.unchanged
                << " unchanged, " << t.removed << " removed, " << t.skipped << " skipped"
                << (is_dry ? " (dry run: nothing was written)" : "") << '\n';
  }

private:
  bool as_json_;
  http::json_array entries_;
};

/// The daemon's answer, or null when there is no such thing.
expected<value> find(client& daemon, const std::string& target) {
  auto found = daemon.get(target);
  if (found)
    return std::move(found->body);
  if (found.error().code == errc::not_found)
    return value{};
  return unexpected<error>{std::move(found).error()};
}

/// `paused` is compared only when it is wanted: who paused a schedule by hand means it.
bool has_members(const value& present, const value::object& wanted) {
  for (const auto& [name, held] : wanted)
    if (member(present, name) != held && (name != "paused" || held == value{true}))
      return false;
  return true;
}

/// Whether the daemon has it already, just so.
bool is_same(const value& schedule, const value& task, const planned_schedule& planned) {
  return text_at(schedule, "task") == planned.task && has_members(schedule, planned.settings) &&
         member(schedule, "metadata") == value{planned.metadata} &&
         (!planned.task_settings || has_members(task, *planned.task_settings));
}

expected<std::string> apply(client& daemon, const planned_schedule& planned, bool is_dry) {
  const auto target = "/v1/schedules/" + percent_encode(planned.id);
  const auto schedule = find(daemon, target);
  if (!schedule)
    return unexpected<error>{schedule.error()};
  const auto task = find(daemon, "/v1/tasks/" + percent_encode(planned.task));
  if (!task)
    return unexpected<error>{task.error()};
  if (task->is_null() && !planned.task_settings)
    return refuse(errc::not_found, planned.id + " needs the task '" + planned.task +
                                       "', which does not exist; make it first");
  const auto resolved = triggers::resolve(planned.trigger, {wall_clock().now(), "UTC"});
  if (!resolved)
    return unexpected<error>{resolved.error()};
  const auto json = parse_json(events::trigger_to_json(*resolved));
  if (!json)
    return unexpected<error>{json.error()};
  const auto trigger = without_open_start(planned.trigger, *json);
  const auto& present = member(*schedule, "trigger");
  const bool has_trigger = without_open_start(planned.trigger, present) == trigger;
  if (has_trigger && is_same(*schedule, *task, planned))
    return std::string{"unchanged"};
  const std::string change = schedule->is_null() ? "created" : "updated";
  if (is_dry)
    return change;
  auto body = planned.settings;
  body["id"] = planned.id;
  body["task"] = planned.task;
  if (planned.task_settings)
    body["task_settings"] = *planned.task_settings;
  body["trigger"] = has_trigger ? present : trigger; // an equal one goes on where it stands
  body["metadata"] = planned.metadata;
  body["conflict_policy"] = "update";
  const auto done = daemon.send("POST", "/v1/schedules", to_json(value{std::move(body)}));
  if (!done)
    return unexpected<error>{done.error()};
  const auto paused = planned.settings.find("paused");
  if (!schedule->is_null() && paused != planned.settings.end() && paused->second == value{true})
    if (const auto held = daemon.send("POST", target + "/pause"); !held)
      return unexpected<error>{held.error()};
  return change;
}

/// Removes what came from this source once and is no longer wanted.
expected<std::vector<std::string>> prune(client& daemon, const std::string& source,
                                         const std::set<std::string>& kept, bool is_dry) {
  std::vector<std::string> gone;
  auto read = daemon.each_item("/v1/schedules", [&](const value& schedule) {
    const auto id = text_at(schedule, "id");
    if (text_at(member(schedule, "metadata"), "source") == source && !kept.contains(id))
      gone.push_back(id);
    return true;
  });
  if (!read)
    return unexpected<error>{std::move(read).error()};
  for (const auto& id : gone) {
    if (is_dry)
      continue;
    const auto removed = daemon.send("DELETE", "/v1/schedules/" + percent_encode(id));
    if (!removed)
      return unexpected<error>{removed.error()};
    const auto task = daemon.send("DELETE", "/v1/tasks/" + percent_encode(id));
    // Its last job may still run: then the task stays for now.
    if (!task && task.error().code != errc::conflict && task.error().code != errc::not_found)
      return unexpected<error>{task.error()};
  }
  return gone;
}

void say(const import_message& m) {
  std::cerr << m.file << ':';
  if (m.line != 0)
    std::cerr << m.line << ':' << m.column << ':';
  std::cerr << ' ' << (m.is_error ? "error: " : "note: ") << m.text << '\n';
}

} // namespace

int apply_plan(const session& s, const import_plan& plan, const apply_options& options) {
  for (const auto& message : plan.messages)
    say(message);
  if (plan.has_errors()) {
    note("nothing was imported");
    return exit_usage;
  }
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  report out{options.as_json};
  tally t;
  t.skipped = plan.skipped;
  std::set<std::string> kept;
  for (const auto& each : plan.schedules) {
    kept.insert(each.id);
    const auto change = apply(*daemon, each, options.is_dry);
    if (!change) {
      std::cerr << each.file << ':' << each.line << ":1: error:\n";
      return fail(change.error());
    }
    ++(*change == "created" ? t.created : *change == "updated" ? t.updated : t.unchanged);
    out.add(*change, each.id);
  }
  if (options.has_prune) {
    const auto gone = prune(*daemon, options.source, kept, options.is_dry);
    if (!gone)
      return fail(gone.error());
    for (const auto& id : *gone)
      out.add("removed", id);
    t.removed = gone->size();
  }
  out.finish(t, options.is_dry);
  return exit_ok;
}

} // namespace carillon::tools
