#pragma once

#include "carillon/expected.hpp"
#include "carillon/ids.hpp"
#include "cluster/envelope.hpp"
#include "cluster/topics.hpp"
#include "cluster/transport.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What nodes say about themselves. A hint: who lives, the sessions in the log's store decide.
namespace carillon::cluster {

// On the wire since 0.1, as text: "online", "draining", "offline".
/// What a node is doing, as far as others need to know.
enum class node_state : std::uint8_t {
  online,
  draining, ///< Takes nothing new.
  offline,
};

std::string_view to_string(node_state state);

/// One node's word about itself, kept by the broker for those who come later.
struct node_status {
  node_id node = {};
  std::uint64_t incarnation = 0; ///< Its run, as in the envelope; grows with every start.
  std::uint64_t session = 0;     ///< The token of its session; 0 = it has none.
  std::string role = {};         ///< "scheduler", "worker", "both"; clients say nothing.
  node_state state = node_state::online;
  /// It said so itself; false = the broker says it for a node that fell silent (the Will).
  bool clean = true;
  position at = 0;          ///< Up to where it had applied the log.
  std::string address = {}; ///< Of its HTTP API; empty = none.

  bool operator==(const node_status&) const = default;
};

/// JSON: `{"node", "incarnation", "session", "role", "state", "clean", "position", "address"}`.
std::string to_json(const node_status& status);

/// Errors: corrupt, with the field at fault.
expected<node_status> node_status_from_json(std::string_view text);

/// `status` as a retained message.
message to_message(const node_status& status, const topics& names, sealer& seal);

/// What the broker is to say when `status.node` falls silent: offline, and not cleanly.
message will_of(const node_status& status, const topics& names, sealer& seal);

/// What is known of one other node.
struct peer {
  node_status status;
  std::uint64_t sequence = 0; ///< Of the message that said so.
};

/// What a status message means to the node that hears it.
enum class presence_change : std::uint8_t {
  none,       ///< Nothing new, or older than what is known.
  news,       ///< A peer came, or its state, role or address changed.
  check,      ///< A peer fell silent: look whether its session still lives. No more than that.
  contradict, ///< Someone says wrong things about ourselves (our last run's Will): say it again.
};

/// The other nodes, folded from their messages. Pure.
class presence_table {
public:
  /// `self` is this node, `incarnation` its run.
  presence_table(node_id self, std::uint64_t incarnation)
      : self_{std::move(self)}, incarnation_{incarnation} {}

  /// Takes in one message's content. A status of an older run of its node, or of an older message
  /// of the same run, changes nothing. `sequence` is that of the envelope.
  presence_change hear(const node_status& status, std::uint64_t sequence);

  /// A session is known to be over: what it said is forgotten, unless a newer run has spoken.
  void forget(const node_id& node, std::uint64_t incarnation);

  /// The peers by name.
  const std::map<std::string, peer>& peers() const { return peers_; }
  /// Peers that fell silent without a good-bye: their sessions are worth a check before they
  /// expire.
  std::vector<node_id> to_check() const;

private:
  node_id self_;
  std::uint64_t incarnation_;
  std::map<std::string, peer> peers_;
};

/// Opens and reads what came in on a status topic. Errors: as `sealer::open` and
/// `node_status_from_json`; corrupt when the sender speaks for another node or on its topic.
struct received_status {
  node_status status;
  std::uint64_t sequence = 0;
};
expected<received_status> open_status(const message& m, const topics& names, sealer& seal);

} // namespace carillon::cluster
