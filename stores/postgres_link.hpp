#pragma once

#include "stores/event_log.hpp"
#include "stores/postgres_connection.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

namespace carillon::stores {

/// What the functions of the schema say about the log (`check_in`).
struct postgres_state {
  int version = 0; ///< Of the schema.
  stores::head head;
  stores::base base;
};

/// Which log this is and how far we know it: shared by all connections of one `event_log`, which
/// compare after every connect. From any thread.
class postgres_identity {
public:
  /// Notes a block that we have seen in the log.
  void know(position at, const digest& hash);

  struct known {
    position at = 0;
    digest hash{};
  };
  known newest() const;

  /// Is what `check_in(asked.at)` answered the log that we know? Errors: corrupt, "log regressed:
  /// ..."; from then on always.
  expected<postgres_state> check(const postgres_result& answer, const known& asked);

private:
  expected<void> compare(const postgres_result& answer, const postgres_state& state,
                         const known& asked);

  mutable std::mutex mutex_;
  known known_;
  std::string system_;
  std::int64_t timeline_ = 0;
  std::optional<error> fault_;
};

/// A connection that comes back: connects when it is asked, checks the log's identity each time,
/// and waits longer from attempt to attempt. Used by one thread at a time.
class postgres_link {
public:
  using clock = std::chrono::steady_clock;

  /// `call_max`: as of `postgres_connection::open`.
  postgres_link(postgres_url url, postgres_connection::purpose why,
                std::shared_ptr<postgres_identity> identity, duration call_max);

  /// The connection, a new one if the last was lost. Errors: unavailable (not until `deadline`),
  /// corrupt (log regressed), denied, not_found (no such schema).
  expected<postgres_connection*> get(clock::time_point deadline);

  /// Runs a statement that may be repeated, until `deadline`. `sql` begins behind "SELECT * FROM
  /// SCHEMA.". Errors: as `postgres_connection::call`, and of `get`.
  expected<postgres_result> call(std::string_view sql, const postgres_params& params,
                                 clock::time_point deadline);

  /// Asks for the state of the log.
  expected<postgres_state> state(clock::time_point deadline);

  /// "SELECT * FROM SCHEMA." and `sql`.
  std::string statement(std::string_view sql) const;

  /// Counts connections: what belonged to an older one is gone.
  std::uint64_t generation() const noexcept { return generation_; }
  /// Waits before the next attempt; false when that would be after `deadline`.
  bool pause(clock::time_point deadline);

private:
  expected<void> connect();

  postgres_url url_;
  postgres_connection::purpose why_;
  std::shared_ptr<postgres_identity> identity_;
  duration call_max_;
  std::unique_ptr<postgres_connection> connection_;
  std::uint64_t generation_ = 0;
  int failures_ = 0;
  std::minstd_rand jitter_{std::random_device{}()};
};

} // namespace carillon::stores
