#pragma once

#include "tests/sim/log_checker.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carillon::sim {

/// Which run: a job under the fence of one of its claims.
struct run_key {
  job_id job;
  position fence = 0;
  auto operator<=>(const run_key&) const = default;
};

/// Sees what really runs, which no node knows for sure.
class run_checker {
public:
  run_checker(world& w, const log_checker& log) : world_{w}, log_{log} {}

  /// `outlives_daemon`: it stands still only with its machine.
  void began(const run_key& run, const node_id& node, bool outlives_daemon);
  /// `outcome`: what it has achieved; none = it was stopped or died.
  void ended(const run_key& run, std::optional<job_outcome> outcome);
  /// A daemon, or its whole machine, stands still from now on, or no more.
  void stands_still(const node_id& node, bool whole_machine, bool still);
  /// The log says that a run has succeeded.
  void recorded(const stores::block& block);
  void finish();
  bool are_over() const;

  std::size_t overlaps() const { return overlaps_; }

private:
  struct run_facts {
    node_id node;
    bool outlives_daemon = false;
    bool is_over = false;
    std::optional<job_outcome> outcome = {};
    std::optional<time_point> overlapped_at = {};
  };
  struct standstill {
    bool daemon = false;
    bool machine = false;
    time_point daemon_went_on{};
    time_point machine_went_on{};
  };

  bool is_still(const run_facts& run) const;
  time_point went_on(const run_facts& run) const;

  world& world_;
  const log_checker& log_;
  std::map<run_key, run_facts> runs_;
  std::map<node_id, standstill> nodes_;
  std::size_t overlaps_ = 0;
};

} // namespace carillon::sim
