#include "tools/client.hpp"
#include "tools/subcommands.hpp"

#include "http/json_writer.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

struct run_options {
  std::string task;
  std::string args;
  std::string kwargs;
  std::string name;
  bool is_waiting = false;
};

constexpr std::string_view result_kept = "15m";

/// The task that runs a command line: named by its words, so that the same command is one task.
std::string task_name(const std::vector<std::string>& argv) {
  std::size_t hash = 1469598103934665603ULL; // FNV-1a
  for (const auto& word : argv) {
    for (const char c : word)
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    hash = (hash ^ 0xFF) * 1099511628211ULL;
  }
  std::string program = argv.front().substr(argv.front().rfind('/') + 1);
  for (auto& c : program)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-')
      c = '_';
  char text[24];
  std::snprintf(text, sizeof(text), "%016zx", hash);
  return "run/" + program.substr(0, 100) + '-' + text;
}

expected<std::string> make_task(client& daemon, const session& s, const run_options& o) {
  if (s.tail.empty())
    return refuse(errc::invalid_argument, "no command stands after --");
  const auto name = o.name.empty() ? task_name(s.tail) : o.name;
  http::json_array words;
  for (const auto& word : s.tail)
    words.text(word);
  http::json_object body;
  body.text("executor", "process").raw("argv", words.done());
  // The same command may well run several times at once.
  if (o.name.empty())
    body.null("max_running_jobs");
  const auto made = daemon.send("PUT", "/v1/tasks/" + percent_encode(name), body.done());
  if (!made)
    return unexpected<error>{made.error()};
  return name;
}

/// Waits for the job, shows what it printed, and says how it ended.
int wait_for(client& daemon, const session& s, const std::string& id) {
  for (;;) {
    const auto result = daemon.get("/v1/jobs/" + id + "/result?wait=30s");
    if (!result)
      return fail(result.error());
    if (result->status == 202)
      continue;
    const auto outcome = text_at(result->body, "outcome");
    const auto job = daemon.get("/v1/jobs/" + id);
    if (s.json)
      std::cout << (job ? job->text : result->text) << '\n';
    else if (job)
      std::cout << text_at(job->body, "output");
    std::cout.flush();
    if (outcome == "success")
      return exit_ok;
    const auto& reason = member(result->body, "error");
    note("job " + id + ": " + outcome +
         (reason.is_null() ? "" : ", " + text_at(reason, "message")));
    return exit_failure;
  }
}

int run_run(const session& s, const run_options& o) {
  if (s.has_tail == !o.task.empty())
    return fail({errc::invalid_argument,
                 s.has_tail ? "a task and a command after -- exclude each other"
                            : "what shall run? give a TASK, or a command after --"});
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  auto task = s.has_tail ? make_task(*daemon, s, o) : expected<std::string>{o.task};
  if (!task)
    return fail(task.error());
  http::json_object body;
  body.text("task", *task);
  for (const auto& [name, text] : {std::pair{"args", &o.args}, std::pair{"kwargs", &o.kwargs}}) {
    if (text->empty())
      continue;
    const auto read = parse_json(*text);
    if (!read)
      return fail({errc::invalid_argument, read.error().message, name});
    body.raw(name, to_json(*read));
  }
  if (o.is_waiting)
    body.text("result_expiration_time", result_kept);
  const auto added = daemon->send("POST", "/v1/jobs", body.done());
  if (!added)
    return fail(added.error());
  if (o.is_waiting)
    return wait_for(*daemon, s, text_at(added->body, "id"));
  std::cout << (s.json ? added->text : text_at(added->body, "id")) << '\n';
  return exit_ok;
}

} // namespace

void add_run(CLI::App& program, session& s) {
  auto o = std::make_shared<run_options>();
  auto& command = subcommand(program, s, "run", "Queue one job: run TASK, or run -- ARGV",
                             [&s, o] { return run_run(s, *o); });
  add_client_options(command, s);
  command.add_option("task", o->task, "Task to run");
  command.add_flag("--wait", o->is_waiting, "Wait for its end and print its output");
  command.add_option("--args", o->args, "Positional arguments, a JSON array");
  command.add_option("--kwargs", o->kwargs, "Named arguments, a JSON object");
  command.add_option("--name", o->name, "Name of the task made for the command after --");
}

} // namespace carillon::tools
