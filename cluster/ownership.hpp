#pragma once

#include "carillon/ids.hpp"
#include "carillon/task.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Who tries first. Pure: every node that sees the same sessions comes to the same answer. It is
/// about speed only: who *wins*, the guards of the log decide.
namespace carillon::cluster {

// On the wire and in the store since 0.1, as text: "none", "scheduler", "worker", "both".
/// What a node does for the cluster.
enum class node_role : std::uint8_t {
  none,      ///< A client: adds and asks, fires nothing and runs nothing.
  scheduler, ///< Fires schedules.
  worker,    ///< Runs jobs.
  both,
};

std::string_view to_string(node_role role);
/// Errors: invalid_argument with field "role".
expected<node_role> parse_role(std::string_view text);

/// What a node tells the others when it opens its session.
struct announcement {
  node_role role = node_role::both;
  std::set<std::string> tasks = {};     ///< Tasks it has a C++ handler for.
  std::set<std::string> executors = {}; ///< Executors it has.
  std::map<std::string, std::string> labels = {};
  std::uint32_t level = 0; ///< The newest log format it reads and writes.

  bool operator==(const announcement&) const = default;
};

/// A node that holds a live session.
struct live_session {
  node_id node = {};
  std::uint64_t token = 0; ///< Of its session.
  announcement says = {};
  bool draining = false;       ///< Takes nothing new.
  std::uint32_t free_room = 0; ///< Jobs it could start now, as far as is known.

  bool operator==(const live_session&) const = default;
};

/// What a job needs of the node that runs it.
struct job_needs {
  task_id task = {};
  std::string executor = {};
  bool handler = true; ///< The task must be among the node's; false: the log says how (processes).
  std::map<std::string, std::string> labels = {}; ///< All of these, with these values.
};

/// Labels as a node is given them: "name=value", or "name", whose value is empty.
std::map<std::string, std::string> parse_labels(std::span<const std::string> texts);

/// Whether `labels` has all that are `wanted`, with these values.
bool has_labels(const std::map<std::string, std::string>& labels,
                const std::map<std::string, std::string>& wanted);

/// Whether the node may fire schedules: by its role, and not while it drains.
bool can_fire(const live_session& s);

/// Whether the node may run such a job, room or not.
bool can_run(const live_session& s, const job_needs& needs);

/// Why it may not, for people: "no executor 'gpu'". Empty when it may.
std::string why_not_run(const live_session& s, const job_needs& needs);

/// Rank of `node` for the schedule (or other key) among the sessions that can fire: 0 tries first.
/// None = it is not among them. Two sessions of one node (the old one not yet expired) count once.
std::optional<std::uint32_t> rank_of(const node_id& node, std::string_view key,
                                     std::span<const live_session> sessions);

/// The node of rank 0; none when no session can fire.
std::optional<node_id> owner_of(std::string_view key, std::span<const live_session> sessions);

/// Ranks of one node for jobs with the same needs, among the sessions that can run them; those with
/// room come first. Made once for many jobs; as `rank_of`, none = it is not among them.
class job_ranks {
public:
  job_ranks(const node_id& node, const job_needs& needs, std::span<const live_session> sessions);

  std::optional<std::uint32_t> of(const job_id& job) const;
  /// The same for all jobs of the task: for tasks of which only a few may run at once, so that the
  /// nodes do not contend for their slots.
  std::optional<std::uint32_t> of_task() const { return of_task_; }

private:
  /// What decides between two nodes, together with the job.
  struct candidate {
    bool has_room = false;
    std::uint64_t seed = 0; ///< Of its name.
    node_id node = {};
  };
  std::optional<std::uint32_t> rank(std::uint64_t key) const;

  std::optional<candidate> self_;
  std::vector<candidate> others_;
  std::optional<std::uint32_t> of_task_;
};

/// How long the others leave the first a head start.
struct stand_in_options {
  duration overdue = std::chrono::seconds{2}; ///< When rank 1 would step in at the earliest ...
  duration stagger = std::chrono::milliseconds{250}; ///< ... and so much for each rank.
};

/// When the node of `rank` may try what is due at `due`: rank 0 at once, rank r at
/// `due + overdue + r * stagger`, so that slow nodes are helped without a storm of conflicts.
time_point may_try_at(time_point due, std::uint32_t rank, const stand_in_options& options = {});

} // namespace carillon::cluster
