#include "actors/takeover.hpp"

#include "stores/sha256.hpp"

#include <algorithm>

namespace carillon::actors {
namespace {

/// How long each node leaves it to those of a lower rank to write down a loss.
constexpr duration head_start = std::chrono::milliseconds{300};

/// Losses in one append; the others follow at the next look.
constexpr std::size_t losses_per_append_max = 2'000;

commit_meta takeover_meta() { return {.who = "engine", .from = "takeover"}; }

commit_id id_of_loss(const cluster::session_end& end) {
  const auto digest =
      stores::sha256({"session_lost\n", end.node.value, "\n", std::to_string(end.token)});
  commit_id id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

/// When `claim` may be given up by what `members` shows; of this node's own claims only those of a
/// life that nobody here knows of.
std::optional<time_point> lost_at(const cluster::held_claim& claim, const node_context& self,
                                  const membership& members, cluster::absent_nodes& absent) {
  if (claim.holder != self.node)
    return cluster::may_give_up_at({members.store_time, members.known, members.ends}, claim,
                                   absent);
  const auto& past = self.sharing->past;
  if (!past || claim.fence > past->up_to)
    return std::nullopt;
  return cluster::may_give_up_at(past->ended, claim.disconnect_grace);
}

} // namespace

takeover find_losses(const node_context& node, const projections::job_table& jobs, position known,
                     cluster::absent_nodes& absent) {
  takeover out;
  const auto members = node.sharing->members();
  // By the store's clock at its answer, not by one that ran on: the session may have been renewed.
  const auto now = members->store_time;
  jobs.for_each([&](const domain::job_state& job) {
    if (job.status != job_status::running || out.commits.size() >= losses_per_append_max)
      return;
    const auto task = node.tasks.find(job.task);
    if (task == nullptr)
      return;
    const cluster::held_claim claim{job.node, job.fence,
                                    domain::disconnect_grace_of(*task, job.fence)};
    auto when = lost_at(claim, node, *members, absent);
    if (!when)
      return;
    *when += head_start * node.sharing->rank_for("lost/" + job.node.value);
    if (*when > now) {
      out.next = out.next ? std::min(*out.next, *when) : *when;
      return;
    }
    auto decided = domain::lose_lease(job, job.fence, task->settings.on_lease_lost);
    auto& commit = out.commits.emplace_back();
    commit.known = known;
    commit.guards = {stores::stream_key(job.id)};
    commit.meta = takeover_meta();
    commit.events = std::move(decided.events);
  });
  return out;
}

std::vector<stores::commit> find_lost_sessions(const node_context& node) {
  std::vector<stores::commit> out;
  const auto members = node.sharing->members();
  const auto now = members->store_time;
  for (const auto& end : members->ends) {
    const auto when = cluster::may_give_up_at(end.expires, duration{}) +
                      head_start * node.sharing->rank_for("lost/" + end.node.value);
    if (end.node == node.node || when > now)
      continue;
    auto& commit = out.emplace_back();
    commit.id = id_of_loss(end);
    commit.meta = takeover_meta();
    commit.events = {session_lost{end.node, end.token}};
  }
  return out;
}

} // namespace carillon::actors
