#include "cluster/succession.hpp"

#include <algorithm>

namespace carillon::cluster {

time_point may_give_up_at(time_point expires, duration disconnect_grace) {
  const auto wait = session_grace + disconnect_grace;
  return expires > time_point::max() - wait ? time_point::max() : expires + wait;
}

bool is_over(const session_end& session, time_point now) { return session.expires <= now; }

std::optional<time_point> may_give_up_at(const session_look& look, const held_claim& claim,
                                         absent_nodes& absent) {
  if (claim.fence > look.known)
    return std::nullopt;
  const auto newest = std::find_if(look.sessions.begin(), look.sessions.end(),
                                   [&](const session_end& s) { return s.node == claim.holder; });
  if (newest == look.sessions.end())
    return may_give_up_at(absent.try_emplace(claim.holder, look.now).first->second,
                          claim.disconnect_grace);
  absent.erase(claim.holder);
  if (!is_over(*newest, look.now))
    return std::nullopt;
  return may_give_up_at(newest->expires, claim.disconnect_grace);
}

bool may_give_up(const session_look& look, const held_claim& claim, absent_nodes& absent) {
  const auto when = may_give_up_at(look, claim, absent);
  return when && *when <= look.now;
}

std::optional<time_point> next_look(std::span<const session_end> sessions, time_point now) {
  std::optional<time_point> first;
  for (const auto& session : sessions)
    for (const auto when : {session.expires, may_give_up_at(session.expires, duration{0})})
      if (when > now && (!first || when < *first))
        first = when;
  return first;
}

} // namespace carillon::cluster
