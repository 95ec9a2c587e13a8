#include "tools/records.hpp"
#include "tools/replayed_state.hpp"
#include "tools/subcommands.hpp"
#include "tools/table.hpp"

#include "events/trigger_json.hpp"
#include "http/json_writer.hpp"
#include "http/view_json.hpp"

#include <iostream>

namespace carillon::tools {
namespace {

struct replay_options {
  std::string url;
  std::string at;
};

std::vector<projections::task_ptr> tasks_of(const projections::live_state& state) {
  return state.tasks.page({}, state.tasks.size());
}

std::string schedule_state_text(const domain::schedule_state& s) {
  return s.paused ? "paused" : !s.fault.empty() ? "error" : s.next_fire ? "active" : "finished";
}

std::string schedule_json(const domain::schedule_state& s) {
  http::json_object out;
  out.text("id", s.id.value)
      .text("task", s.settings.task.value)
      .raw("trigger", events::trigger_to_json(s.settings.trigger))
      .text("state", schedule_state_text(s));
  if (s.next_fire)
    out.text("next_fire_time", http::zoned_text(*s.next_fire, http::zone_of(s.settings.trigger)));
  else
    out.null("next_fire_time");
  return out.time("last_fire_time", s.last_fire_time)
      .number("open_jobs", s.open_jobs)
      .number("revision", s.revision)
      .done();
}

std::string job_json(const domain::job_state& job) {
  return http::json_object{}
      .text("id", to_string(job.id))
      .text("task", job.task.value)
      .text_or_null("schedule", job.schedule.value)
      .text("state", to_string(job.status))
      .time("scheduled_fire_time", job.fire_time)
      .number("attempts", job.attempts)
      .text_or_null("node", job.node.value)
      .number("fence", job.fence)
      .number("revision", job.revision)
      .done();
}

std::string task_json(const domain::task_state& task) {
  return http::json_object{}
      .text("id", task.id.value)
      .text("executor", task.settings.executor)
      .number("revision", task.revision)
      .time("created_at", task.created_at)
      .done();
}

void print_json(const replayed& r) {
  http::json_array tasks;
  for (const auto& task : tasks_of(r.state))
    tasks.raw(task_json(*task));
  http::json_array schedules;
  r.state.schedules.front().for_each([&](const auto& s) { schedules.raw(schedule_json(s)); });
  http::json_array jobs;
  r.state.jobs.front().for_each([&](const auto& job) { jobs.raw(job_json(job)); });
  std::cout << http::json_object{}
                   .number("position", r.at)
                   .time("time", r.time)
                   .text("state_hash", projections::to_hex(r.state.hash()))
                   .raw("tasks", tasks.done())
                   .raw("schedules", schedules.done())
                   .raw("jobs", jobs.done())
                   .done()
            << '\n';
}

void print_table(const replayed& r) {
  table tasks{{"TASK", "EXECUTOR"}};
  for (const auto& task : tasks_of(r.state))
    tasks.row({task->id.value, task->settings.executor});
  table schedules{{"SCHEDULE", "TASK", "STATE", "NEXT", "OPEN JOBS"}};
  r.state.schedules.front().for_each([&](const auto& s) {
    schedules.row({s.id.value, s.settings.task.value, schedule_state_text(s),
                   local_text(s.next_fire), std::to_string(s.open_jobs)});
  });
  table jobs{{"JOB", "TASK", "SCHEDULE", "STATE", "TRIES"}};
  r.state.jobs.front().for_each([&](const auto& job) {
    jobs.row({to_string(job.id), job.task.value, dash(job.schedule.value),
              std::string{to_string(job.status)}, std::to_string(job.attempts)});
  });
  for (const auto* part : {&tasks, &schedules, &jobs})
    if (part->size() > 0) {
      part->print(std::cout, wants_colours());
      std::cout << '\n';
    }
  std::cout << "position    " << r.at << "\ntime        " << local_text(r.time) << "\nstate_hash  "
            << projections::to_hex(r.state.hash()) << '\n';
}

int run_replay(const session& s, const replay_options& o) {
  auto log = open_for_reading(o.url);
  if (!log)
    return fail(log.error());
  const auto head = (*log)->head();
  if (!head)
    return fail(head.error());
  const auto up_to = o.at.empty() ? expected<position>{head->at} : position_at(**log, o.at);
  if (!up_to)
    return fail(up_to.error());
  if (*up_to > head->at)
    return fail({errc::not_found, "position " + std::to_string(*up_to) +
                                      " is not written yet, the log ends at " +
                                      std::to_string(head->at)});
  const auto state = replay(**log, *up_to);
  if (!state)
    return fail(state.error());
  if (s.json)
    print_json(*state);
  else
    print_table(*state);
  return exit_ok;
}

} // namespace

void add_replay(CLI::App& program, session& s) {
  auto o = std::make_shared<replay_options>();
  auto& command =
      subcommand(program, s, "replay", "Print the state as of a position or instant (offline)",
                 [&s, o] { return run_replay(s, *o); });
  add_json_option(command, s);
  command.add_option("--log", o->url, "The log: rocksdb:DIRECTORY")->required();
  command.add_option("--at", o->at, "Position or instant (default: the end)");
}

} // namespace carillon::tools
