#include "tools/client.hpp"
#include "tools/subcommands.hpp"
#include "tools/table.hpp"

#include "http/json_writer.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

struct jobs_options {
  std::string task;
  std::string schedule;
  std::string state;
  std::string outcome;
  std::string from;
  std::string to;
  std::size_t limit = 50;
};

std::string target_of(const jobs_options& o) {
  std::string out = "/v1/jobs";
  char joint = '?';
  for (const auto& [name, text] : {std::pair{"task=", &o.task}, std::pair{"schedule=", &o.schedule},
                                   std::pair{"state=", &o.state}, std::pair{"outcome=", &o.outcome},
                                   std::pair{"from=", &o.from}, std::pair{"to=", &o.to}}) {
    if (text->empty())
      continue;
    out += joint + std::string{name} + percent_encode(*text);
    joint = '&';
  }
  return out;
}

/// How long it ran; "-" when it has not started.
std::string run_text(const value& job, time_point now) {
  const auto started = instant_in(text_at(job, "started_at"));
  if (!started)
    return "-";
  return span_text(instant_in(text_at(job, "finished_at")).value_or(now) - *started);
}

int run_jobs(const session& s, const jobs_options& o) {
  auto daemon = client::open(s);
  if (!daemon)
    return fail(daemon.error());
  std::vector<value> jobs;
  const auto read = daemon->each_item(target_of(o), [&](const value& job) {
    jobs.push_back(job);
    return jobs.size() < o.limit;
  });
  if (!read)
    return fail(read.error());
  if (s.json) {
    http::json_array out;
    for (const auto& job : jobs)
      out.raw(to_json(job));
    std::cout << out.done() << '\n';
    return exit_ok;
  }
  const auto now = wall_clock().now();
  table out{{"CREATED", "FIRE", "STATE", "OUTCOME", "RUN", "TRIES", "TASK", "SCHEDULE", "JOB"}};
  for (const auto& job : jobs)
    out.row({local_text(instant_in(text_at(job, "created_at"))),
             local_text(instant_in(text_at(job, "scheduled_fire_time"))), text_at(job, "state"),
             dash(text_at(job, "outcome")), run_text(job, now),
             std::to_string(number_at(job, "attempts")), text_at(job, "task"),
             dash(text_at(job, "schedule")), text_at(job, "id")});
  out.print(std::cout, wants_colours());
  return exit_ok;
}

} // namespace

void add_jobs(CLI::App& program, session& s) {
  auto o = std::make_shared<jobs_options>();
  auto& command = subcommand(program, s, "jobs", "List jobs, newest first",
                             [&s, o] { return run_jobs(s, *o); });
  add_client_options(command, s);
  command.add_option("--task", o->task, "Of this task");
  command.add_option("--schedule", o->schedule, "Of this schedule");
  command.add_option("--state", o->state, "queued, running, retrying or finished");
  command.add_option("--outcome", o->outcome,
                     "success, error, missed, cancelled, abandoned, timed_out or discarded");
  command.add_option("--from", o->from, "Finished at or after this instant");
  command.add_option("--to", o->to, "Finished before this instant");
  command.add_option("-n,--limit", o->limit, "At most so many (default: 50)")
      ->check(CLI::Range(1, 1'000'000));
}

} // namespace carillon::tools
