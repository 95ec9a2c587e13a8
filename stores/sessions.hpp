#pragma once

#include "carillon/expected.hpp"
#include "carillon/ids.hpp"
#include "carillon/time.hpp"
#include "stores/event_log.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace carillon::stores {

/// What a node lets the others know about itself.
struct announcement {
  std::string role = {};                   ///< "scheduler", "worker", "both", "client".
  std::vector<std::string> tasks = {};     ///< Tasks that it can run.
  std::vector<std::string> executors = {}; ///< Executors that it has.
  std::vector<std::string> labels = {};    ///< "name=value" or "name".
  std::uint32_t level = 0;                 ///< Highest format level that it understands.
  std::string address = {};                ///< Where its API is; empty = it has none.

  bool operator==(const announcement&) const = default;
};

struct session_request {
  node_id node = {};
  /// How long it lives after it was opened or renewed, by the store's clock. At least 100 ms.
  duration ttl = std::chrono::seconds{10};
  announcement what = {};
  /// The token of this node's session before, presented by a restarted process that holds the same
  /// data directory: it is taken over at once. 0 = none.
  std::uint64_t previous = 0;
};

/// A session as the others see it.
struct session_record {
  node_id node = {};
  std::uint64_t token = 0;
  time_point opened{}; ///< By the store's clock, as all instants here.
  time_point expires{};
  bool expired = false; ///< Its node is to be taken for lost. It can only be opened anew.
  announcement what = {};
};

struct session_list {
  time_point now{};                          ///< The store's clock.
  std::vector<session_record> sessions = {}; ///< By node. One per node: the newest.
};

/// The sessions of the nodes that share a log: leases, by the store's clock alone. A session that
/// has expired never lives again; what is appended under it is `fenced`. Nothing here is an event.
///
/// Blocking; any thread may call, beside the log's own. Errors of all: unavailable (the store is
/// away), corrupt ("log regressed: ...").
class session_store {
public:
  virtual ~session_store() = default;

  /// Opens a session; its token is greater than every one before. An older session of the node is
  /// fenced. Errors: conflict (a live session holds the name; says for how long), invalid_argument.
  virtual expected<session> open(const session_request& request) = 0;

  /// Gives a live session its full time again, and returns the store's time at that. The holder
  /// counts its own deadline from before it called. Errors: lease_lost (expired, or taken over).
  virtual expected<time_point> renew(const session& who) = 0;

  /// Replaces what the node lets others know. Errors: lease_lost.
  virtual expected<void> announce(const session& who, const announcement& what) = 0;

  /// Ends a session and forgets it: at an orderly stop, or once the loss of an expired one is in
  /// the log. One that is not there any more is no error.
  virtual expected<void> close(const session& who) = 0;

  virtual expected<session_list> list() = 0;
};

/// Shortest time to live that is accepted.
inline constexpr duration session_ttl_min = std::chrono::milliseconds{100};

/// Whether a session may be asked for like that. Errors: invalid_argument (`ttl`, `node`).
expected<void> check(const session_request& request);

} // namespace carillon::stores
