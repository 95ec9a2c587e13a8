#include "tests/sim/sim_store.hpp"

#include "stores/block.hpp"

#include <algorithm>

namespace carillon::sim {
namespace {

/// Bytes of blocks in one answer.
constexpr std::size_t read_bytes = 64 * 1024;

} // namespace

sim_store::sim_store(world& w, log_checker& log, run_checker& runs)
    : world_{w}, checker_{log}, runs_{runs}, memory_{stores::make_shared_memory(w)},
      log_{stores::open_shared_memory(memory_)} {
  if (w.breaks(rule::session_fence))
    anyone_ = log_->sessions()->open({.node = node_id{"anyone"}, .ttl = 24h}).value();
}

expected<stores::append_result> sim_store::append(const stores::session& who,
                                                  std::span<const stores::commit> commits) {
  std::vector<stores::commit> offered{commits.begin(), commits.end()};
  for (auto& c : offered) {
    if (world_.breaks(rule::guard_check))
      c.guards.clear();
    if (world_.breaks(rule::commit_ids))
      c.id = world_.random.id<commit_id>();
  }
  auto result = log_->append(who, world_.now(), offered);
  const auto is_fenced = [](const auto& o) { return o.kind == stores::outcome_kind::fenced; };
  if (result && world_.breaks(rule::session_fence) &&
      std::any_of(result->outcomes.begin(), result->outcomes.end(), is_fenced))
    result = log_->append(anyone_, world_.now(), offered);
  if (result && result->first != 0) {
    const auto block = stores::decode_block(result->bytes, result->after.at);
    if (!block) {
      world_.fail("a block of the log cannot be read: " + block.error().message);
      return result;
    }
    checker_.appended(who, *block);
    runs_.recorded(*block);
  }
  return result;
}

expected<std::vector<stores::raw_block>> sim_store::read(position after) {
  return log_->read_raw(after, read_bytes);
}

expected<stores::session> sim_store::open(const stores::session_request& request) {
  auto opened = log_->sessions()->open(request);
  if (opened)
    checker_.opened(*opened, request.ttl);
  return opened;
}

expected<time_point> sim_store::renew(const stores::session& who) {
  auto renewed = log_->sessions()->renew(who);
  if (renewed)
    checker_.renewed(who);
  return renewed;
}

expected<void> sim_store::close(const stores::session& who) {
  checker_.closed(who);
  return log_->sessions()->close(who);
}

} // namespace carillon::sim
