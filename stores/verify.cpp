#include "stores/verify.hpp"

#include "stores/block.hpp"

#include <fmt/core.h>

namespace carillon::stores {
namespace {

// How much is asked of the log at a time.
constexpr std::size_t read_bytes = std::size_t{1} << 20;

} // namespace

expected<block> chain_checker::follow(position last, std::string_view bytes) {
  auto decoded = decode_block(bytes, last);
  if (!decoded)
    return decoded;
  auto refused = [&](std::string what) {
    return refuse(errc::corrupt, fmt::format("block at position {} {}", at_ + 1, what));
  };
  if (decoded->first != at_ + 1)
    return refused(fmt::format("is missing: the next one begins at {}", decoded->first));
  if (decoded->previous != hash_)
    return refused("does not continue the chain of hashes");
  if (decoded->time < time_)
    return refused("has a time before that of the block before");
  at_ = last;
  hash_ = decoded->hash;
  time_ = decoded->time;
  return decoded;
}

expected<verify_report> verify(event_log& log, const visit_block& visit) {
  auto base = log.base();
  if (!base)
    return unexpected<error>{std::move(base).error()};
  verify_report report{.after = base->at, .to = base->at};
  chain_checker chain{*base};
  auto fault = [&](position at, std::string message) {
    report.fault = verify_fault{at, std::move(message)};
    return report;
  };

  for (;;) {
    auto raw = log.read_raw(chain.at(), read_bytes);
    if (!raw && raw.error().code == errc::corrupt)
      return fault(chain.at() + 1, raw.error().message);
    if (!raw)
      return unexpected<error>{std::move(raw).error()};
    if (raw->empty())
      break;
    for (const auto& r : *raw) {
      auto first = chain.at() + 1;
      auto decoded = chain.follow(r.last, r.bytes);
      if (!decoded)
        return fault(first, decoded.error().message);
      if (auto visited = visit ? visit(*decoded) : expected<void>{}; !visited)
        return fault(first, visited.error().message);
      report.to = chain.at();
      report.blocks += 1;
      report.records += decoded->count;
    }
  }
  auto damage = log.find_damage();
  if (!damage)
    return unexpected<error>{std::move(damage).error()};
  if (*damage)
    return fault((*damage)->at, (*damage)->message);
  return report;
}

} // namespace carillon::stores
