#pragma once

#include "stores/memory_sessions.hpp"
#include "tests/sim/log_checker.hpp"
#include "tests/sim/run_checker.hpp"
#include "tests/sim/world.hpp"

#include <memory>
#include <span>

namespace carillon::sim {

/// The shared log and its sessions, at the place where they are: calls happen at once, by the
/// store's clock. The way there is `machine::ask`. Breaks its rules when told to.
class sim_store {
public:
  sim_store(world& w, log_checker& log, run_checker& runs);

  expected<stores::append_result> append(const stores::session& who,
                                         std::span<const stores::commit> commits);
  expected<std::vector<stores::raw_block>> read(position after);
  expected<stores::head> head() { return log_->head(); }
  expected<void> put_snapshot(const stores::snapshot& s) { return log_->put_snapshot(s); }
  expected<std::optional<stores::snapshot>> load_snapshot() { return log_->load_snapshot(); }

  expected<stores::session> open(const stores::session_request& request);
  expected<time_point> renew(const stores::session& who);
  expected<void> close(const stores::session& who);
  expected<stores::session_list> list() { return log_->sessions()->list(); }

  /// Nobody gets an answer while it is away.
  bool is_away = false;

private:
  world& world_;
  log_checker& checker_;
  run_checker& runs_;
  std::shared_ptr<stores::shared_memory> memory_;
  std::unique_ptr<stores::event_log> log_;
  stores::session anyone_; ///< May always write: for a log that does not look who does.
};

} // namespace carillon::sim
