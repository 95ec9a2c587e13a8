#pragma once

#include "domain/aggregate.hpp"
#include "projections/live_state.hpp"
#include "stores/event_log.hpp"
#include "stores/sessions.hpp"
#include "tests/sim/fire_checker.hpp"
#include "tests/sim/world.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carillon::sim {

/// What everyone may know of a job, by the log.
struct job_facts {
  task_id task;
  std::optional<time_point> not_before = {}; ///< Its fire time with jitter, or run_at.
  std::optional<time_point> deadline = {};
  position fence = 0; ///< The current claim; 0 = none.
  node_id holder = {};
  std::uint32_t slot = 0;
  time_point claimed_at{};
  duration grace{}; ///< Its task's disconnect grace at the claim.
  bool was_lost = false;
  bool ended = false;
};

/// Sees every block the moment it is durable, and every session as the store has it: the truth that
/// the nodes have to agree with.
class log_checker {
public:
  explicit log_checker(world& w) : world_{w}, fires_{w} {}

  void opened(const stores::session& who, duration ttl);
  void renewed(const stores::session& who);
  void closed(const stores::session& who);
  /// `who` asked for it; the block may name another when the rules are broken.
  void appended(const stores::session& who, const stores::block& block);

  /// G7: a node has applied the log up to `at`.
  void applied(const node_id& node, position at,
               const std::function<projections::state_hash()>& hash);
  /// G1: a client was told that its command is in the log.
  void acknowledged(const commit_id& command);
  /// G2, G3: nothing is left over.
  void finish();

  /// The state of a node that has applied everything.
  void check_state(const node_id& node, const projections::state_hash& hash);

  const job_facts* find(const job_id& id) const;
  /// One of the newest jobs; none in particular when there are none.
  job_id some_open_job(random_source& random) const;
  position at() const { return at_; }
  std::size_t open_jobs() const { return open_; }
  std::size_t jobs() const { return jobs_.size(); }
  /// Tells runs from one another.
  const stores::digest& chain() const { return hash_; }

private:
  /// How long a node's name was without a live session.
  struct silence {
    time_point from{};
    time_point until{};
  };
  struct node_facts {
    std::uint64_t token = 0;
    duration ttl{};
    time_point expires{};
    bool closed = true;
    std::vector<silence> silences = {};
  };
  struct task_facts {
    std::optional<std::uint32_t> limit = 1;
    duration grace{};
    std::uint32_t running = 0;
    std::set<std::uint32_t> slots = {};
  };

  void check(const event& e);
  void check_claim(const job_acquired& e);
  void check_loss(const lease_lost& e);
  void check_end(const job_finished& e);
  bool end_claim(const job_id& id, position fence, const std::string& how);
  bool was_silent(const node_facts& node, time_point since, duration wait) const;
  void fail(const std::string& what);

  world& world_;
  fire_checker fires_;
  projections::live_state state_;
  std::map<position, projections::state_hash> hashes_; ///< At some ends of blocks.
  std::set<std::string> commands_;
  std::map<node_id, node_facts> nodes_;
  std::map<task_id, task_facts> tasks_;
  std::map<job_id, job_facts> jobs_;
  std::vector<job_id> added_; ///< In the order of the log.
  std::size_t open_ = 0;
  std::uint64_t blocks_ = 0;
  position at_ = 0;
  stores::digest hash_{};
  time_point time_{};
  node_id writer_;
};

} // namespace carillon::sim
