#pragma once

#include "stores/event_log.hpp"

#include <cstdint>
#include <unordered_map>

namespace carillon::tools {

/// The rules that a log keeps whatever happens: a job is added once, claimed only while it is open
/// and unclaimed, and ends once, under its current fence or without one. Feed it every block in
/// order.
class invariants {
public:
  /// The log's beginning was retired: jobs that turn up unknown were added there.
  void begin_in_the_middle() { is_partial_ = true; }

  /// Errors: corrupt, with the position of the record that broke a rule.
  expected<void> check(const stores::block& block);

private:
  struct open_job {
    position fence = 0; ///< 0 = not claimed.
  };

  expected<void> check(position at, const event& what);
  expected<open_job*> find(position at, const job_id& id);
  expected<void> check_fence(position at, const job_id& id, position fence);

  std::unordered_map<job_id, open_job> open_;
  bool is_partial_ = false;
};

} // namespace carillon::tools
