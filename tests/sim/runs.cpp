// What runs on a node: begun by claims in the log, adopted after a restart, reported until
// recorded.
#include "stores/commit_keys.hpp"
#include "tests/sim/node.hpp"

#include <algorithm>

namespace carillon::sim {
namespace {

/// How long a handler takes to follow its stop token.
constexpr duration stop_takes_max = 500ms;
constexpr duration drain_look_every = 100ms;
/// How much longer than its patience a stopping node tries to say what became of its runs.
constexpr duration good_bye_patience = 10s;

duration some_run_time(random_source& random) {
  const auto kind = random.below(20);
  return kind < 15   ? random.between(50ms, 1500ms)
         : kind < 19 ? random.between(1s, 5s)
                     : random.between(5s, 25s);
}

bool is_process(const domain::task_state& task) {
  return task.settings.executor == executor_process;
}

} // namespace

/// A claim begins a run only under the very session that made it, and only while that is believed
/// in: a claim of an older one may have been given up by others, in a block that is still to come.
/// What does not begin is settled once the next session's beginning is in the log.
void node::begin_run(const domain::job_state& job, std::uint64_t session) {
  if (!w().breaks(rule::own_session_runs) && (session != session_.token || !holds_lease()))
    return;
  if (draining_)
    return give_back(job);
  const run_key key{job.id, job.fence};
  auto& random = w().random;
  const auto takes = some_run_time(random);
  const auto outcome = random.chance(0.9) ? job_outcome::success : job_outcome::error;
  const auto task = live_.tasks.find(job.task);
  if (task == nullptr)
    return w().fail("G7: " + name().value + " does not know task " + job.task.value);
  w().note([&] {
    return name().value + " begins " + to_string(job.id) + " of " + job.task.value +
           " under fence " + std::to_string(job.fence) + " for " + to_string(takes);
  });
  if (is_process(*task))
    machine_.supervise(key, {job.task, disconnect_grace_of(task->settings)}, takes, outcome);
  else
    begin_thread(key, takes, outcome);
}

void node::begin_thread(const run_key& key, duration takes, job_outcome outcome) {
  threads_.emplace(key, thread_run{});
  machine_.around().runs.began(key, name(), false);
  machine_.post(takes, [this, key, outcome] { end_thread(key, outcome); });
}

void node::end_thread(const run_key& key, std::optional<job_outcome> outcome) {
  if (threads_.erase(key) == 0)
    return;
  machine_.around().runs.ended(key, outcome);
  report(key, outcome.value_or(job_outcome::abandoned));
}

void node::stop_thread(const run_key& key, job_outcome because) {
  if (std::exchange(threads_.at(key).is_stopping, true))
    return;
  machine_.post(w().random.between(0us, stop_takes_max),
                [this, key, because] { end_thread(key, because); });
}

void node::die() {
  for (const auto& [key, run] : threads_)
    machine_.around().runs.ended(key, std::nullopt);
  threads_.clear();
}

void node::cancel_run(const job_id& id) {
  for (const auto& [key, run] : threads_)
    if (key.job == id)
      stop_thread(key, job_outcome::cancelled);
  for (const auto& [key, run] : machine_.runs)
    if (key.job == id && !run.is_over)
      machine_.kill(key, job_outcome::cancelled);
}

/// The log says that this claim is over: whatever it left here may go.
void node::forget_run(const run_key& key) {
  if (!w().breaks(rule::run_fence))
    reports_.erase(key);
  if (threads_.contains(key))
    stop_thread(key, job_outcome::abandoned);
  const auto run = machine_.runs.find(key);
  if (run == machine_.runs.end())
    return;
  if (run->second.is_over)
    machine_.runs.erase(run);
  else
    machine_.kill(key, std::nullopt);
}

void node::supervisor_reports(const run_key& key) {
  const auto run = machine_.runs.find(key);
  if (run != machine_.runs.end() && run->second.is_over)
    report(key, run->second.outcome.value_or(job_outcome::abandoned));
}

/// A new session has begun, everything before it is known: what this node claimed earlier either
/// runs here, or has left a result, or is lost.
void node::settle_own_claims() {
  std::set<run_key> current;
  for (const auto* job : running_jobs()) {
    if (job->node != name() || job->fence >= session_start_)
      continue;
    const run_key key{job->id, job->fence};
    current.insert(key);
    if (reports_.contains(key) || threads_.contains(key))
      continue;
    const auto run = machine_.runs.find(key);
    const auto task = live_.tasks.find(job->task);
    if (task == nullptr)
      continue;
    if (run == machine_.runs.end() && is_process(*task) &&
        task->settings.on_lease_lost == lease_lost_policy::retry)
      give_back(*job); // no trace of a run: it was never begun
    else if (run == machine_.runs.end())
      report(key, job_outcome::abandoned);
    else if (run->second.is_over)
      supervisor_reports(key);
    else if (job->cancel_requested)
      machine_.kill(key, job_outcome::cancelled);
  }
  for (auto run = machine_.runs.begin(); run != machine_.runs.end();) {
    const auto here = run++;
    if (!current.contains(here->first) && here->first.fence < session_start_)
      forget_run(here->first);
  }
  for (const auto& [key, outcome] : std::map{reports_})
    offer(key);
}

void node::report(const run_key& key, job_outcome outcome) {
  reports_.try_emplace(key, outcome);
  offer(key);
}

void node::offer(const run_key& key) {
  if (session_start_ == 0 || offering_.contains(key))
    return; // the next session begins with it
  const auto outcome = reports_.at(key);
  const auto* job = live_.jobs[0].find(key.job);
  auto c = new_commit(machine_.wall());
  const auto task = job == nullptr ? nullptr : live_.tasks.find(job->task);
  if (task != nullptr && outcome == job_outcome::abandoned) {
    c.events = lose_lease(*job, key.fence, task->settings.on_lease_lost).events;
  } else if (job != nullptr) {
    const auto fence = w().breaks(rule::run_fence) ? job->fence : key.fence;
    if (auto decided = finish(job, {.id = key.job, .fence = fence, .outcome = outcome}))
      c.events = std::move(decided->events);
  }
  if (c.events.empty()) {
    reports_.erase(key);
    return forget_run(key);
  }
  stores::guard_own_streams(c);
  offering_.insert(key);
  submit(std::move(c), [this, key](const stores::outcome&) {
    offering_.erase(key);
    if (reports_.contains(key)) // someone asked it to stop meanwhile
      offer(key);
  });
}

void node::give_back(const domain::job_state& job) {
  const run_key key{job.id, job.fence};
  if (offering_.contains(key))
    return;
  auto c = new_commit(machine_.wall());
  c.events = release(job, job.fence).events;
  stores::guard_own_streams(c);
  offering_.insert(key);
  submit(std::move(c), [this, key](const stores::outcome&) {
    offering_.erase(key);
    const auto* again = live_.jobs[0].find(key.job);
    if (again != nullptr && again->status == job_status::running && again->fence == key.fence)
      give_back(*again);
  });
}

void node::drain(duration patience) {
  if (std::exchange(draining_, true))
    return;
  w().note([&] { return name().value + " is told to stop"; });
  has_stopped_renewing_ = w().breaks(rule::renew_to_the_end);
  machine_.post(patience, [this] {
    for (const auto& [key, run] : threads_)
      stop_thread(key, job_outcome::abandoned);
  });
  finish_drain(w().now() + patience + good_bye_patience);
}

void node::finish_drain(time_point give_up_at) {
  const auto leave = [this] { machine_.post(0us, [on = &machine_] { on->exit(); }); };
  if (w().now() >= give_up_at)
    return leave();
  if (!threads_.empty() || !reports_.empty() || !offering_.empty() || !in_flight_.empty() ||
      !waiting_.empty())
    return machine_.post(drain_look_every, [this, give_up_at] { finish_drain(give_up_at); });
  // Commands go on under their supervisors: their claims need the session until it runs out.
  const auto running = running_jobs();
  if (std::any_of(running.begin(), running.end(),
                  [&](const auto* job) { return job->node == name(); }))
    return leave();
  machine_.ask<void>(
      1s, [who = session_](sim_store& s) { return s.close(who); },
      [leave](const expected<void>&) { leave(); });
}

} // namespace carillon::sim
