#pragma once

#include "carillon/time.hpp"
#include "stores/sessions.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace carillon::stores {

/// Sessions of nodes that live in one process, by the clock that it is given.
class memory_sessions final : public session_store {
public:
  /// `time` outlives it.
  explicit memory_sessions(const clock& time) : clock_{time} {}

  expected<session> open(const session_request& request) override;
  expected<time_point> renew(const session& who) override;
  expected<void> announce(const session& who, const announcement& what) override;
  expected<void> close(const session& who) override;
  expected<session_list> list() override;

  /// May `who` append?
  bool is_live(const session& who) const;
  time_point now() const { return clock_.now(); }

private:
  struct entry {
    session_record record;
    duration ttl{};
  };

  /// The live session that is `who`; null = it is not.
  entry* find(const session& who);

  const clock& clock_;
  mutable std::mutex mutex_;
  std::uint64_t token_ = 0;
  std::map<std::string, entry> by_node_;
};

/// What the `event_log` objects of a shared log in memory have in common.
class shared_memory;

/// A log in memory that nodes of one process share as others share a database; for tests and
/// simulations. `time` is the store's clock, and outlives it.
std::shared_ptr<shared_memory> make_shared_memory(const clock& time);

/// One node's way to it: any number of them, each used as a log of its own.
std::unique_ptr<event_log> open_shared_memory(std::shared_ptr<shared_memory> memory);

} // namespace carillon::stores
