#include "tests/sim/workload.hpp"

#include "tests/sim/node.hpp"

#include <algorithm>

namespace carillon::sim {
namespace {

constexpr duration answer_patience = 6s;
constexpr int attempts_max = 8;
constexpr std::size_t schedules = 8;
constexpr std::size_t tasks = 5;
/// Schedules end so long before the faults do.
constexpr duration end_early = 5s;

task_id task_number(std::size_t n) { return task_id{"task" + std::to_string(n)}; }

configure_task task_with(std::size_t n, const char* executor,
                         std::optional<std::uint32_t> running_max, duration grace,
                         lease_lost_policy policy = lease_lost_policy::retry) {
  configure_task c{.id = task_number(n)};
  c.options.executor = executor;
  if (c.options.executor == executor_process) {
    c.options.argv = std::vector<std::string>{"/bin/true"};
    c.options.disconnect_grace = grace;
  }
  c.options.max_running_jobs = running_max;
  c.options.on_lease_lost = policy;
  return c;
}

} // namespace

/// A command on its way, however often it is sent.
struct workload::request {
  command what;
  commit_id id;
  int attempt = 0;
  bool is_done = false;
};

workload::workload(surroundings& around, std::vector<std::unique_ptr<machine>>& machines,
                   time_point until)
    : around_{around}, machines_{machines}, until_{until} {}

void workload::start() {
  ask(task_with(0, executor_threads, 1, 0s));
  ask(task_with(1, executor_process, 2, 0s));
  ask(task_with(2, executor_process, std::nullopt, 5s));
  ask(task_with(3, executor_threads, 3, 0s));
  ask(task_with(4, executor_process, 2, 3s, lease_lost_policy::fail));
  around_.w.after(3s, [this] { go_on(); });
}

void workload::go_on() {
  if (around_.w.now() >= until_ - end_early)
    return;
  auto what = some_command();
  // Claims are to meet the change of their task's limit.
  if (const auto* change = std::get_if<configure_task>(&what))
    for (auto jobs = around_.w.random.below(4); jobs > 0; --jobs)
      ask(add_jobs{{job_spec{.task = change->id}, job_spec{.task = change->id}}});
  ask(std::move(what));
  around_.w.after(around_.w.random.between(50ms, 2500ms), [this] { go_on(); });
}

command workload::some_schedule(bool replaces) {
  auto& random = around_.w.random;
  schedule_spec spec;
  const auto number = random.below(schedules);
  spec.id = schedule_id{"schedule" + std::to_string(number)};
  spec.task = task_number(random.below(tasks));
  const auto now = around_.w.now();
  spec.trigger.start_time = when{.at = now - random.between(0s, 3s)};
  spec.trigger.end_time = when{.at = until_ - end_early};
  spec.coalesce = static_cast<coalesce_policy>(random.below(3));
  if (random.chance(0.25)) {
    cron every_seventh;
    every_seventh.second = "*/7";
    spec.trigger.kind = every_seventh;
  } else {
    const auto least = spec.coalesce == coalesce_policy::all ? 4s : 500ms;
    spec.trigger.kind = interval{.every = random.between(least, 10s)};
  }
  if (random.chance(0.3))
    spec.misfire_grace_time = std::optional{random.between(0s, 10s)};
  if (random.chance(0.3))
    spec.max_jitter = random.between(1ms, 2s);
  if (replaces)
    spec.on_conflict = random.chance(0.5) ? conflict_policy::replace : conflict_policy::update;
  return add_schedule{.spec = std::move(spec)};
}

command workload::some_jobs() {
  auto& random = around_.w.random;
  add_jobs jobs;
  for (auto count = 1 + random.below(3); count > 0; --count) {
    job_spec job{.task = task_number(random.below(tasks))};
    if (random.chance(0.3))
      job.run_at = around_.w.now() + random.between(0s, 5s);
    if (random.chance(0.2))
      job.deadline = around_.w.now() + random.between(5s, 20s);
    jobs.jobs.push_back(std::move(job));
  }
  return jobs;
}

command workload::some_command() {
  auto& random = around_.w.random;
  const schedule_id schedule{"schedule" + std::to_string(random.below(schedules))};
  const auto kind = random.below(100);
  if (kind < 25)
    return some_schedule(random.chance(0.3));
  if (kind < 55)
    return some_jobs();
  if (kind < 65)
    return pause_schedule{schedule};
  if (kind < 75)
    return resume_schedule{.id = schedule,
                           .mode = random.chance(0.5) ? resume_schedule::from::next_fire_time
                                                      : resume_schedule::from::now};
  if (kind < 80)
    return remove_schedule{schedule};
  if (kind < 85)
    return trigger_schedule{schedule};
  if (kind < 92) {
    configure_task change{.id = task_number(random.below(tasks))};
    if (random.chance(0.3)) { // runs are to meet the change of their grace
      change.options.disconnect_grace = std::optional{random.between(0s, 8s)};
      return change;
    }
    const auto most = random.below(5);
    change.options.max_running_jobs =
        most == 0 ? std::nullopt : std::optional{static_cast<std::uint32_t>(most)};
    return change;
  }
  return cancel_job{around_.log.some_open_job(random)};
}

void workload::ask(command what) {
  auto r = std::make_shared<request>();
  r->what = std::move(what);
  r->id = around_.w.random.id<commit_id>();
  ++open_;
  send(r);
}

void workload::send(const std::shared_ptr<request>& r) {
  auto& w = around_.w;
  if (++r->attempt > attempts_max) {
    r->is_done = true;
    --open_;
    return;
  }
  auto* to = machines_[w.random.below(machines_.size())].get();
  w.after(answer_patience, [this, r, attempt = r->attempt] {
    answered(r, attempt, refuse(errc::unavailable, "no answer"));
  });
  if (!to->is_up())
    return;
  to->post(w.random.between(200us, 3ms), [this, to, r, attempt = r->attempt] {
    to->daemon()->handle(r->what, r->id, [this, r, attempt](expected<position> reply) {
      around_.w.after(around_.w.random.between(200us, 3ms), [this, r, attempt, reply] {
        if (reply && *reply != 0)
          around_.log.acknowledged(r->id);
        answered(r, attempt, reply);
      });
    });
  });
}

void workload::answered(const std::shared_ptr<request>& r, int attempt, expected<position> reply) {
  if (r->is_done || attempt != r->attempt)
    return;
  const bool again = !reply && (reply.error().code == errc::unavailable ||
                                (reply.error().code == errc::conflict && r->attempt < 4));
  if (again)
    return around_.w.after(around_.w.random.between(50ms, 1s), [this, r, attempt] {
      if (!r->is_done && attempt == r->attempt)
        send(r);
    });
  acknowledged_ += reply && *reply != 0;
  r->is_done = true;
  --open_;
}

} // namespace carillon::sim
