#pragma once

#include "domain/job_aggregate.hpp"
#include "projections/share.hpp"

#include <absl/container/node_hash_map.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::projections {

/// A job that has just left the live state, with the record that ended it.
struct ended_job {
  domain::job_state state;
  job_finished end;
  domain::record_info info; ///< Where the ending stands in the log.
};

/// The unfinished jobs of some shares. Not thread-safe: one owner.
class job_table {
public:
  /// Applies an event of a job; others are ignored. Never fails.
  /// Answers the job when the event ended it: it is no longer live.
  std::optional<ended_job> apply(const event& e, const domain::record_info& info);

  /// nullptr when the job is not live.
  const domain::job_state* find(const job_id& id) const;
  std::size_t size() const noexcept { return jobs_.size(); }
  std::size_t running() const noexcept { return running_; }

  void for_each(const std::function<void(const domain::job_state&)>& visit) const;

  state_hash hash() const;
  /// The entities of one share, in the order of their addition; `load` reads it back.
  std::string save(std::size_t share) const;
  expected<void> load(std::string_view bytes);

private:
  // Ids are random, or hashes: std::hash of them is good enough.
  absl::node_hash_map<job_id, domain::job_state, std::hash<job_id>> jobs_;
  std::size_t running_ = 0;
};

} // namespace carillon::projections
