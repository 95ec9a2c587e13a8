#pragma once

#include "actors/interfaces.hpp"
#include "projections/live_state.hpp"
#include "stores/event_log.hpp"
#include "stores/history_store.hpp"

#include <functional>
#include <memory>
#include <string>

namespace carillon::actors {

/// What a node starts from.
struct recovered {
  std::shared_ptr<stores::event_log> log;
  std::shared_ptr<stores::history_store> history;
  stores::head head;
  projections::live_state state;
  position snapshot_at = 0; ///< Where the snapshot stood; 0 = all was replayed.
};

/// Opens the log and its history and builds the live state: newest snapshot, then the tail. Endings
/// and streams that the history has not seen are fed to it on the way; a history that is lost is
/// rebuilt from the whole log. Errors: those of `open_log`, corrupt, unsupported (the log's level
/// is above what this build knows).
expected<recovered> recover(const std::string& url, const stores::log_options& options,
                            std::size_t owners);

/// The queue that the jobs of `state` make.
projections::job_queue queue_of(const projections::live_state& state, const node_context& node);

} // namespace carillon::actors
