#include "tools/client.hpp"
#include "tools/crontab.hpp"
#include "tools/subcommands.hpp"
#include "tools/trigger_options.hpp"

#include "events/trigger_json.hpp"
#include "http/json_writer.hpp"
#include "projections/share.hpp"
#include "triggers/resolve.hpp"

#include <iostream>
#include <pwd.h>
#include <set>
#include <unistd.h>

namespace carillon::tools {
namespace {

struct import_options {
  std::string file;
  std::string label;
  bool has_user = false;
  bool is_dry = false;
  bool has_prune = false;
};

/// What an entry becomes: a schedule and its task of the same name.
struct wanted {
  std::string id;
  value trigger;      ///< As the daemon would store it, but for its start.
  value::object task; ///< "task_settings"
  value::object meta;
  std::size_t line = 0;
};

struct tally {
  std::size_t created = 0;
  std::size_t updated = 0;
  std::size_t unchanged = 0;
  std::size_t removed = 0;
  std::size_t skipped = 0;
};

std::string name_part(std::string_view text) {
  std::string out;
  for (const char c : text)
    out +=
        std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-' ? c : '-';
  return out.substr(0, 60);
}

/// "crontab:root/backup.sh-1f2e3d4c5b6a7988": the program for people, the line's hash for identity.
std::string id_of(const crontab_entry& entry, const std::string& source,
                  std::set<std::string>& taken) {
  const auto first = entry.command.substr(0, entry.command.find_first_of(" \t;|&"));
  char hash[20];
  std::snprintf(hash, sizeof(hash), "%016llx",
                static_cast<unsigned long long>(projections::stable_hash(entry.text)));
  const auto base = source + '/' + name_part(first.substr(first.rfind('/') + 1)) + '-' + hash;
  auto id = base;
  // The same line twice runs twice.
  for (int i = 2; !taken.insert(id).second; ++i)
    id = base + '-' + std::to_string(i);
  return id;
}

struct account {
  std::string name;
  std::string home;
};

/// The user whose command it is. Errors: not_found.
expected<account> account_of(const std::string& user) {
  const auto* found = user.empty() ? ::getpwuid(::geteuid()) : ::getpwnam(user.c_str());
  if (!found)
    return refuse(errc::not_found, "there is no user '" + user + "' on this machine");
  return account{found->pw_name, found->pw_dir};
}

value texts(const std::vector<std::string>& words) {
  value::array out;
  for (const auto& word : words)
    out.emplace_back(word);
  return out;
}

/// Errors: denied (another user's command, and we are not root), not_found (no such user).
expected<value::object> task_of(const crontab_entry& entry) {
  const auto self = account_of("");
  const auto owner = account_of(entry.user);
  if (!self || !owner)
    return unexpected<error>{(self ? owner : self).error()};
  std::vector<std::string> argv{entry.shell, "-c", entry.command};
  if (owner->name != self->name) {
    if (::geteuid() != 0)
      return refuse(errc::denied, "belongs to user '" + owner->name +
                                      "': only a daemon of root, "
                                      "imported into by root, can run it");
    argv.insert(argv.begin(), {"/usr/sbin/runuser", "-u", owner->name, "--"});
  }
  // What cron itself sets; lines of the crontab go over it.
  std::map<std::string, std::string> env{{"HOME", owner->home},
                                         {"LOGNAME", owner->name},
                                         {"USER", owner->name},
                                         {"SHELL", entry.shell},
                                         {"PATH", "/usr/bin:/bin"}};
  for (const auto& [name, text] : entry.env)
    env[name] = text;
  value::object env_json;
  for (const auto& [name, text] : env)
    env_json.emplace(name, text);
  value::object out;
  out["executor"] = "process";
  out["argv"] = texts(argv);
  out["env"] = env_json;
  out["cwd"] = env["HOME"];
  out["stdin"] = entry.stdin_text.empty() ? value{} : value{entry.stdin_text};
  // cron starts a command whether or not the one before has ended.
  out["max_running_jobs"] = nullptr;
  return out;
}

expected<wanted> to_wanted(const crontab_entry& entry, const std::string& source,
                           std::set<std::string>& taken) {
  auto task = task_of(entry);
  if (!task)
    return unexpected<error>{std::move(task).error()};
  const auto resolved = triggers::resolve(trigger_of(entry, local_zone()), {wall_clock().now()});
  if (!resolved)
    return unexpected<error>{resolved.error()};
  auto trigger = parse_json(events::trigger_to_json(*resolved));
  if (!trigger)
    return unexpected<error>{std::move(trigger).error()};
  auto fields = *trigger->get_if<value::object>();
  fields.erase("start_time");
  wanted out{
      id_of(entry, source, taken), value{std::move(fields)}, *std::move(task), {}, entry.line};
  out.meta["source"] = source;
  out.meta["crontab"] = entry.text;
  if (!entry.description.empty())
    out.meta["description"] = entry.description;
  out.task["metadata"] = value::object{{"source", source}};
  return out;
}

bool same_members(const value& present, const value::object& wanted) {
  for (const auto& [name, held] : wanted)
    if (member(present, name) != held)
      return false;
  return true;
}

/// Whether the daemon has it already, just so.
bool is_same(const value& schedule, const value& task, const wanted& w) {
  return text_at(schedule, "task") == w.id &&
         same_members(member(schedule, "trigger"), *w.trigger.get_if<value::object>()) &&
         member(schedule, "metadata") == value{w.meta} && same_members(task, w.task);
}

/// The daemon's answer, or null when there is no such thing.
expected<value> find(client& daemon, const std::string& target) {
  auto found = daemon.get(target);
  if (found)
    return std::move(found->body);
  if (found.error().code == errc::not_found)
    return value{};
  return unexpected<error>{std::move(found).error()};
}

expected<std::string> apply(client& daemon, const wanted& w, bool is_dry) {
  const auto name = percent_encode(w.id);
  const auto schedule = find(daemon, "/v1/schedules/" + name);
  if (!schedule)
    return unexpected<error>{schedule.error()};
  const auto task = find(daemon, "/v1/tasks/" + name);
  if (!task)
    return unexpected<error>{task.error()};
  if (is_same(*schedule, *task, w))
    return std::string{"unchanged"};
  const std::string change = schedule->is_null() ? "created" : "updated";
  if (is_dry)
    return change;
  value::object body;
  body["id"] = w.id;
  body["task"] = w.id;
  body["task_settings"] = w.task;
  body["trigger"] = w.trigger;
  body["metadata"] = w.meta;
  body["conflict_policy"] = "update";
  const auto done = daemon.send("POST", "/v1/schedules", to_json(value{std::move(body)}));
  if (!done)
    return unexpected<error>{done.error()};
  return change;
}

/// Removes what came from this crontab once and is no longer in it.
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

void say(const import_options& o, const crontab_message& m) {
  std::cerr << o.file << ':' << m.line << ':' << m.column << ": "
            << (m.is_error ? "error: " : "note: ") << m.text << '\n';
}

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

int run_import(const session& s, const import_options& o) {
  const auto text = read_file(o.file);
  if (!text)
    return fail(text.error());
  const auto read = parse_crontab(*text, o.has_user);
  for (const auto& message : read.messages)
    say(o, message);
  if (read.has_errors()) {
    note("nothing was imported");
    return exit_usage;
  }
  const auto label = o.label.empty() ? o.file.substr(o.file.rfind('/') + 1) : o.label;
  const auto source = "crontab:" + name_part(label == "-" ? "stdin" : label);
  std::set<std::string> taken;
  std::vector<wanted> all;
  tally t;
  for (const auto& entry : read.entries) {
    auto made = to_wanted(entry, source, taken);
    if (!made) {
      say(o, {entry.line, 1, "is left out: " + made.error().message, false});
      ++t.skipped;
      continue;
    }
    all.push_back(*std::move(made));
  }
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  report out{s.json};
  for (const auto& each : all) {
    const auto change = apply(*daemon, each, o.is_dry);
    if (!change) {
      std::cerr << o.file << ':' << each.line << ":1: error:\n";
      return fail(change.error());
    }
    ++(*change == "created" ? t.created : *change == "updated" ? t.updated : t.unchanged);
    out.add(*change, each.id);
  }
  if (o.has_prune) {
    const auto gone = prune(*daemon, source, taken, o.is_dry);
    if (!gone)
      return fail(gone.error());
    for (const auto& id : *gone)
      out.add("removed", id);
    t.removed = gone->size();
  }
  out.finish(t, o.is_dry);
  return exit_ok;
}

} // namespace

void add_import(CLI::App& program, session& s) {
  auto o = std::make_shared<import_options>();
  auto& import = *program.add_subcommand("import", "Take over schedules from elsewhere");
  import.require_subcommand(1);
  auto& command =
      subcommand(import, s, "crontab", "Import a crontab; doing it again changes nothing",
                 [&s, o] { return run_import(s, *o); });
  add_client_options(command, s);
  command.add_option("file", o->file, "The crontab; - = standard input")->required();
  command.add_flag("--system", o->has_user, "It has a user column, as /etc/crontab has");
  command.add_flag("--dry-run", o->is_dry, "Only say what would change");
  command.add_flag("--prune", o->has_prune,
                   "Remove what was imported under this label and is no longer in the file");
  command.add_option("--label", o->label, "Name of this crontab (default: the file's name)");
}

} // namespace carillon::tools
