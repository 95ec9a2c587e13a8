#pragma once

#include "stores/appender.hpp"
#include "stores/event_log.hpp"
#include "stores/rocks.hpp"

namespace carillon::stores {

/// The commits whose meta has an idempotency key, by id, for 24 hours of block time: a client's
/// repeated request is recognised long after the newest commits were forgotten.
class keyed_commits {
public:
  explicit keyed_commits(std::size_t family) : family_{family} {}

  /// First position of the commit with `c`'s id; 0 = there is none, or `c` has no key.
  expected<position> find(const rocks& db, const commit& c, time_point now) const;

  /// Adds those of `pending` to `batch`.
  void add(rocks_batch& batch, const pending_block& pending) const;

  /// Once a minute of block time, takes some of those that are too old out again.
  expected<void> expire(const rocks& db, rocks_batch& batch, time_point now);

private:
  std::size_t family_;
  time_point expired_at_{};
};

} // namespace carillon::stores
