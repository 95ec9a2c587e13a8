#include "tests/sim/run_checker.hpp"

#include <algorithm>

namespace carillon::sim {
namespace {

/// How much sooner than agreed a run may start (G6).
constexpr duration early_max = 50ms;
/// How soon a run that stood still must notice that it is not wanted any more: time to look at the
/// lease, and for a supervisor two seconds to kill.
constexpr duration noticed_within = 3s;

std::string text_of(const run_key& run) {
  return to_string(run.job) + " under fence " + std::to_string(run.fence);
}

} // namespace

bool run_checker::is_still(const run_facts& run) const {
  const auto found = nodes_.find(run.node);
  return found != nodes_.end() &&
         (found->second.machine || (found->second.daemon && !run.outlives_daemon));
}

time_point run_checker::went_on(const run_facts& run) const {
  const auto found = nodes_.find(run.node);
  if (found == nodes_.end())
    return {};
  return run.outlives_daemon
             ? found->second.machine_went_on
             : std::max(found->second.machine_went_on, found->second.daemon_went_on);
}

void run_checker::began(const run_key& run, const node_id& node, bool outlives_daemon) {
  const auto* job = log_.find(run.job);
  if (job == nullptr || job->fence != run.fence || job->holder != node)
    return world_.fail("G4: " + node.value + " began " + text_of(run) + ", the claim is " +
                       std::to_string(job == nullptr ? 0 : job->fence));
  if (job->not_before && world_.now() < *job->not_before - early_max)
    world_.fail("G6: " + text_of(run) + " began before " + to_rfc3339(*job->not_before));
  for (auto other = runs_.lower_bound({run.job, 0}); other != runs_.end(); ++other) {
    auto& [key, facts] = *other;
    if (key.job != run.job)
      break;
    if (facts.is_over)
      continue;
    // One that stands still does nothing; it is over soon after it goes on.
    if (!is_still(facts) && world_.now() - went_on(facts) > noticed_within)
      world_.fail("G5: " + text_of(run) + " began on " + node.value + " beside " + text_of(key) +
                  " on " + facts.node.value + ", which nothing held up");
    facts.overlapped_at = world_.now();
    ++overlaps_;
  }
  if (!runs_.emplace(run, run_facts{node, outlives_daemon}).second)
    world_.fail("G4: " + text_of(run) + " began twice");
}

void run_checker::ended(const run_key& run, std::optional<job_outcome> outcome) {
  auto& facts = runs_.at(run);
  if (facts.is_over)
    return world_.fail("the model ended " + text_of(run) + " twice");
  facts.is_over = true;
  facts.outcome = outcome;
  if (facts.overlapped_at && !is_still(facts) &&
      world_.now() > std::max(*facts.overlapped_at, went_on(facts)) + noticed_within)
    world_.fail("G5: " + text_of(run) + " went on beside a later attempt for more than " +
                to_string(noticed_within));
}

void run_checker::stands_still(const node_id& node, bool whole_machine, bool still) {
  auto& facts = nodes_[node];
  (whole_machine ? facts.machine : facts.daemon) = still;
  if (!still)
    (whole_machine ? facts.machine_went_on : facts.daemon_went_on) = world_.now();
}

void run_checker::recorded(const stores::block& block) {
  for (const auto& commit : block.commits)
    for (const auto& e : commit.events)
      if (const auto* end = std::get_if<job_finished>(&e);
          end != nullptr && end->outcome == job_outcome::success) {
        const auto found = runs_.find({end->id, end->fence});
        if (found == runs_.end() || found->second.outcome != job_outcome::success)
          world_.fail("G4: the log says success of " + text_of({end->id, end->fence}) +
                      ", which had none");
      }
}

bool run_checker::are_over() const {
  return std::all_of(runs_.begin(), runs_.end(),
                     [](const auto& run) { return run.second.is_over; });
}

void run_checker::finish() {
  for (const auto& [key, facts] : runs_)
    if (!facts.is_over)
      world_.fail("G5: " + text_of(key) + " on " + facts.node.value + " still runs");
}

} // namespace carillon::sim
