#pragma once

#include "actors/command_handler.hpp"
#include "actors/id_source.hpp"

#include <vector>

/// What an owner of schedules decides, with the keys that it relied on.
namespace carillon::actors {

/// What its decisions start from.
struct schedule_ground {
  const projections::schedule_table& table;
  const node_context& node;
  id_source& ids;
};

/// Where nodes share a log nothing is due before it is so by the log's clock, too.
domain::decision_context context_of(const node_context& node);

stores::key schedule_key(const schedule_id& id);

/// What a decision about `current` relied on beside `guards`: that its jobs are new, and that the
/// days of the calendars by which it names fire times, before or from now on, are still the same.
expected<prepared> prepare(expected<domain::decision> decided, std::vector<stores::key> guards,
                           const domain::schedule_state* current = nullptr);

/// `ready` on its way into the log, decided as of `known`.
stores::commit to_commit(prepared ready, commit_id id, position known, commit_meta meta);

/// Decides on a command about schedules, tasks or calendars.
expected<prepared> decide_command(const schedule_ground& on, const pending_command& asked);

} // namespace carillon::actors
