#include "tests/sim/log_checker.hpp"

#include "cluster/succession.hpp"

#include <algorithm>

namespace carillon::sim {
namespace {

/// "job_acquired 1f0c... by node1", as much as fits a line of a trace.
std::string text_of(const event& e) {
  return std::visit(
      [](const auto& what) {
        std::string out{std::decay_t<decltype(what)>::name};
        if constexpr (requires { what.id.value; })
          out += ' ' + what.id.value;
        else if constexpr (requires { what.id.bytes; })
          out += ' ' + to_string(what.id);
        if constexpr (requires { what.fence; })
          out += " fence " + std::to_string(what.fence);
        if constexpr (requires { what.slot; })
          out += " slot " + std::to_string(what.slot);
        if constexpr (requires { what.outcome; })
          out += ' ' + std::string{to_string(what.outcome)};
        if constexpr (requires { what.schedule; })
          out += ' ' + what.schedule.value;
        return out;
      },
      e);
}

/// The states of every so many blocks are compared: hashing is what costs most.
constexpr std::uint64_t blocks_per_hash = 8;

} // namespace

void log_checker::fail(const std::string& what) {
  world_.fail("position " + std::to_string(at_) + ": " + what);
}

void log_checker::opened(const stores::session& who, duration ttl) {
  auto& node = nodes_[who.node];
  const auto now = world_.now();
  if (node.token != 0 && !node.closed && node.expires < now)
    node.silences.push_back({node.expires, now});
  node.token = who.token;
  node.ttl = ttl;
  node.expires = now + ttl;
  node.closed = false;
}

void log_checker::renewed(const stores::session& who) {
  if (auto& node = nodes_[who.node]; node.token == who.token)
    node.expires = world_.now() + node.ttl;
}

void log_checker::closed(const stores::session& who) {
  if (auto& node = nodes_[who.node]; node.token == who.token)
    node.closed = true;
}

void log_checker::appended(const stores::session& who, const stores::block& block) {
  if (block.first != at_ + 1 || block.previous != hash_ || block.time < time_)
    fail("G7: the block of " + std::to_string(block.first) + " does not continue the log");
  const auto& writer = nodes_[who.node];
  if (writer.token != who.token || writer.closed || writer.expires <= world_.now())
    fail("session " + std::to_string(who.token) + " of " + who.node.value + " wrote after its end");
  time_ = block.time;
  hash_ = block.hash;
  writer_ = who.node;
  for (const auto& commit : block.commits) {
    if (!commands_.insert(commit.meta->correlation).second)
      fail("what was asked for as " + commit.meta->correlation + " was done twice");
    fires_.check(block, commit);
    for (const auto& e : commit.events) {
      ++at_;
      world_.note([&] {
        return "log " + std::to_string(at_) + ": " + text_of(e) + " by " + who.node.value;
      });
      check(e);
      state_.apply(e, {at_, block.time});
    }
  }
  if (++blocks_ % blocks_per_hash == 0)
    hashes_.emplace(at_, state_.hash());
}

void log_checker::applied(const node_id& node, position at,
                          const std::function<projections::state_hash()>& hash) {
  if (at > at_)
    fail("G7: " + node.value + " has applied up to " + std::to_string(at));
  const auto truth = hashes_.find(at);
  if (truth != hashes_.end() && truth->second != hash())
    fail("G7: the state of " + node.value + " at " + std::to_string(at) +
         " is not what the log says");
}

void log_checker::acknowledged(const commit_id& command) {
  if (!commands_.contains(to_string(command)))
    fail("G1: command " + to_string(command) + " was acknowledged, and is not in the log");
}

const job_facts* log_checker::find(const job_id& id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

void log_checker::check_state(const node_id& node, const projections::state_hash& hash) {
  if (hash != state_.hash())
    fail("G7: the state of " + node.value + " is not what the log says");
}

job_id log_checker::some_open_job(random_source& random) const {
  const auto newest = std::min<std::size_t>(added_.size(), 10);
  return newest == 0 ? job_id{} : added_[added_.size() - 1 - random.below(newest)];
}

void log_checker::check(const event& e) {
  const auto set_task = [&](const task_id& id, const task_settings& settings) {
    tasks_[id].limit = settings.max_running_jobs;
    tasks_[id].grace = disconnect_grace_of(settings);
  };
  if (const auto* task = std::get_if<task_added>(&e))
    set_task(task->id, task->settings);
  else if (const auto* changed = std::get_if<task_updated>(&e))
    set_task(changed->id, changed->settings);
  else if (const auto* job = std::get_if<job_added>(&e)) {
    const auto not_before = job->run_at ? job->run_at : job->fire_time;
    if (!jobs_.emplace(job->id, job_facts{job->task, not_before, job->deadline}).second)
      fail("job " + to_string(job->id) + " was added twice");
    added_.push_back(job->id);
    ++open_;
  } else if (const auto* claim = std::get_if<job_acquired>(&e))
    check_claim(*claim);
  else if (const auto* released = std::get_if<job_released>(&e))
    end_claim(released->id, released->fence, "released");
  else if (const auto* lost = std::get_if<lease_lost>(&e))
    check_loss(*lost);
  else if (const auto* end = std::get_if<job_finished>(&e))
    check_end(*end);
}

void log_checker::check_claim(const job_acquired& e) {
  const auto found = jobs_.find(e.id);
  if (found == jobs_.end() || found->second.ended)
    return fail("job " + to_string(e.id) + " was claimed, and is not open");
  auto& job = found->second;
  if (job.fence != 0)
    return fail("G4: job " + to_string(e.id) + " was claimed while the claim of " +
                std::to_string(job.fence) + " held");
  if (job.not_before && *job.not_before > time_)
    return fail("G6: job " + to_string(e.id) + " of " + to_rfc3339(*job.not_before) +
                " was claimed at " + to_rfc3339(time_));
  auto& task = tasks_[job.task];
  if (task.limit && task.running >= *task.limit)
    return fail("job " + to_string(e.id) + " is run number " + std::to_string(task.running + 1) +
                " of task " + job.task.value + ", allowed are " + std::to_string(*task.limit));
  if (e.slot != 0 && !task.slots.insert(e.slot).second)
    return fail("slot " + std::to_string(e.slot) + " of " + job.task.value + " is taken twice");
  ++task.running;
  job.fence = at_;
  job.holder = e.node;
  job.slot = e.slot;
  job.grace = task.grace;
  job.claimed_at = time_;
}

bool log_checker::end_claim(const job_id& id, position fence, const std::string& how) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || found->second.ended || found->second.fence != fence || fence == 0) {
    fail("G4: job " + to_string(id) + " was " + how + " under fence " + std::to_string(fence) +
         ", its claim is " + std::to_string(found == jobs_.end() ? 0 : found->second.fence));
    return false;
  }
  auto& job = found->second;
  auto& task = tasks_[job.task];
  --task.running;
  task.slots.erase(job.slot);
  job.fence = 0;
  return true;
}

bool log_checker::was_silent(const node_facts& node, time_point since, duration wait) const {
  for (const auto& silence : node.silences)
    if (silence.until > since && silence.until - silence.from >= wait)
      return true;
  return node.closed || world_.now() - node.expires >= wait;
}

void log_checker::check_loss(const lease_lost& e) {
  const auto* job = find(e.id);
  const auto holder = job == nullptr ? node_id{} : job->holder;
  const auto since = job == nullptr ? time_point{} : job->claimed_at;
  if (!end_claim(e.id, e.fence, "lost"))
    return;
  jobs_[e.id].was_lost = true;
  if (holder == writer_)
    return; // it knows best
  const auto wait = cluster::session_grace + job->grace;
  if (!was_silent(nodes_[holder], since, wait))
    fail("G5: " + writer_.value + " recorded the loss of " + to_string(e.id) + " on " +
         holder.value + " before its session was over for " + to_string(wait));
}

void log_checker::check_end(const job_finished& e) {
  const auto found = jobs_.find(e.id);
  if (found == jobs_.end() || found->second.ended)
    return fail("G4: job " + to_string(e.id) + " has two ends");
  auto& job = found->second;
  const bool is_after_loss = job.was_lost && job.fence == 0 && e.outcome == job_outcome::abandoned;
  if (e.fence != 0 && !is_after_loss)
    end_claim(e.id, e.fence, "finished");
  else if (job.fence != 0)
    fail("G4: job " + to_string(e.id) + " ended beside the claim of " + std::to_string(job.fence));
  if (e.outcome == job_outcome::missed && (!job.deadline || *job.deadline >= time_))
    fail("G3: job " + to_string(e.id) + " was missed at " + to_rfc3339(time_) +
         ", before its deadline");
  job.ended = true;
  --open_;
}

void log_checker::finish() {
  fires_.finish(world_.now() - 5s);
  for (const auto& [id, job] : jobs_)
    if (!job.ended)
      fail("G3: job " + to_string(id) + " of " + job.task.value + " has no outcome");
}

} // namespace carillon::sim
