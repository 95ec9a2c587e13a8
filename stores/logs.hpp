#pragma once

#include "stores/event_log.hpp"
#include "stores/history_store.hpp"

#include <memory>
#include <string>
#include <string_view>

/// What the implementations of `event_log` share: their factories, and refusals worded once.
namespace carillon::stores {

class memory_sessions;

/// With `sessions`, which outlive it, everyone who holds a live one may append.
std::unique_ptr<event_log> make_memory_log(const memory_sessions* sessions = nullptr);
expected<std::unique_ptr<event_log>> open_rocksdb_log(const std::string& directory,
                                                      const log_options& options);
expected<std::unique_ptr<event_log>> open_postgres_log(std::string_view url,
                                                       const log_options& options);

std::unique_ptr<history_store> make_memory_history();
/// `directory` is the log's.
expected<std::unique_ptr<history_store>> open_rocksdb_history(const std::string& directory,
                                                              const log_options& options);

/// How long, in block time, a commit with an idempotency key is recognised when it is repeated.
inline constexpr std::chrono::hours keyed_commits_kept{24};

inline bool is_forgotten(time_point appended, time_point now) {
  return appended + keyed_commits_kept <= now;
}

unexpected<error> gone_before(position base, position after);
unexpected<error> snapshot_of_other_history(position at);
unexpected<error> not_the_end_of_a_block(position at);
unexpected<error> no_snapshot_covers(position at, position newest);

} // namespace carillon::stores
