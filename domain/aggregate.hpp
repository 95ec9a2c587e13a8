#pragma once

#include "carillon/command.hpp"
#include "carillon/event.hpp"
#include "domain/named_calendars.hpp"

#include <memory>
#include <string>
#include <vector>

/// Rules: what may happen. Pure functions over plain structs; time, ids and randomness come in by
/// argument, and the same input gives the same output on every node, for ever.
namespace carillon::domain {

/// What a decision may know beside the state.
struct decision_context {
  time_point now{};                 ///< The shell's clock, read once per decision.
  node_id node = {};                ///< Who decides; claims name it.
  std::string default_zone = "UTC"; ///< Zone of cron and calendar triggers that name none.
  std::shared_ptr<const calendar_map> calendars = {}; ///< All there are; null = none.
};

/// What a command leads to: the events to append as one commit, and what to answer once they are
/// durable. No events means "already so", which is not an error.
struct decision {
  std::vector<event> events = {};
  answer reply = {};
  bool more = false; ///< A bounded catch-up stopped early: decide again after this commit.
  /// Of a schedule that is due: why this node does nothing about it, for its log.
  std::string left_alone = {};
};

/// Where a record stands: what `evolve` may know beside the event.
struct record_info {
  position at = 0;
  time_point time{};
};

} // namespace carillon::domain
