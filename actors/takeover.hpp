#pragma once

#include "actors/node_context.hpp"
#include "projections/job_table.hpp"
#include "stores/event_log.hpp"

#include <optional>
#include <vector>

namespace carillon::actors {

/// What is to be written down of the nodes that fell silent.
struct takeover {
  std::vector<stores::commit> commits = {}; ///< `lease_lost`, one job each; no ids yet.
  /// When to look at the sessions again, by the store's clock: there may be more to write.
  std::optional<time_point> next = {};
};

/// Looks through the jobs of an owner for claims of nodes whose session is over, and gives those up
/// that nobody can be running any more. The node's rank tells how long others may be first.
takeover find_losses(const node_context& node, const projections::job_table& jobs, position known,
                     cluster::absent_nodes& absent);

/// One commit for each session that is over and whose end nobody may have written down: under an id
/// that all nodes derive alike, so that it stands in the log once.
std::vector<stores::commit> find_lost_sessions(const node_context& node);

} // namespace carillon::actors
