#pragma once

#include "carillon/ids.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

/// When the work of a node that fell silent becomes the others'. Pure; every instant is by the
/// store's clock.
namespace carillon::cluster {

/// Between the end of a session and the moment when others take its work. The holder stops a second
/// before the end (`lease_deadline`), and whatever it does not stop is killed at most two later.
inline constexpr duration session_grace = std::chrono::seconds{2};

/// What everyone may know of a node's newest session.
struct session_end {
  node_id node = {};
  std::uint64_t token = 0;
  time_point expires{};

  bool operator==(const session_end&) const = default;
};

/// When others may write that the claims of a session which ends at `expires` are lost:
/// `disconnect_grace` is the task's. Before that its runs may still be under way, under the
/// supervisors that a dead or cut-off node leaves behind.
time_point may_give_up_at(time_point expires, duration disconnect_grace);

/// What a look at the sessions has shown.
struct session_look {
  time_point now{};   ///< The store's clock at the answer.
  position known = 0; ///< Up to where the looking node had applied the log when it *asked*.
  std::span<const session_end> sessions; ///< The newest of each node.
};

/// A claim as it stands in the log.
struct held_claim {
  node_id holder = {};
  position fence = 0;
  duration disconnect_grace{}; ///< How long its run may outlive the session of its node.
};

/// Nodes that hold claims and have no session, and since when, by the store's clock, that is known.
/// Kept by who looks, from one look to the next.
using absent_nodes = std::map<node_id, time_point>;

/// When, by what `look` shows, it may be written that `claim` is lost; none = not by this look.
/// A claim that the looking node learned of after it had asked may be of a newer session than the
/// one it saw end: it has to look again. The session of a node without one was closed, or ended so
/// long ago that its record is gone; what its claims' supervisors still run nobody knows, so that
/// it counts as ended when its absence was first seen.
std::optional<time_point> may_give_up_at(const session_look& look, const held_claim& claim,
                                         absent_nodes& absent);

/// Whether that time has come.
bool may_give_up(const session_look& look, const held_claim& claim, absent_nodes& absent);

/// Whether a session is over: a node whose newest session is over is lost.
bool is_over(const session_end& session, time_point now);

/// When to look at the sessions again: the first moment from `now` on at which one of them, as they
/// are known, ends or has been over for `session_grace`. None = all of that is past.
std::optional<time_point> next_look(std::span<const session_end> sessions, time_point now);

} // namespace carillon::cluster
