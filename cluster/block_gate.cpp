#include "cluster/block_gate.hpp"

#include <algorithm>
#include <iterator>

namespace carillon::cluster {

block_verdict judge(const log_head& mine, const block_message& m, bool authentic) {
  if (m.last == mine.at)
    return {m.hash == mine.hash ? block_answer::old : block_answer::foreign};
  if (m.last < mine.at)
    return {block_answer::old};
  if (m.first > mine.at + 1)
    return {block_answer::fetch, m.last};
  // A block that begins before our end and ends after it cannot be of our history: blocks are
  // applied whole.
  if (m.first <= mine.at || m.previous != mine.hash)
    return {block_answer::foreign};
  if (!authentic || m.bytes.empty())
    return {block_answer::fetch, m.last};
  return {block_answer::apply};
}

block_verdict block_gate::hear(const log_head& mine, const received_block& block) {
  const auto& m = block.block;
  const auto verdict = judge(mine, m, block.authentic);
  switch (verdict.what) {
  case block_answer::apply: ++stats_.applied; break;
  case block_answer::fetch:
    if (block.authentic && !m.bytes.empty())
      keep(m);
    if (fetching_) {
      heard_ = std::max(heard_, m.last);
      ++stats_.waiting;
      return {block_answer::wait};
    }
    fetching();
    break;
  case block_answer::old: ++stats_.old; break;
  case block_answer::foreign: ++stats_.foreign; break;
  case block_answer::wait: break; // `judge` never says so
  }
  return verdict;
}

void block_gate::fetching() {
  if (!fetching_)
    ++stats_.fetches;
  fetching_ = true;
  // The fetch begins after all that was heard of: it finds it, or it is not in the log.
  heard_ = 0;
}

void block_gate::fetched(const log_head& mine) {
  fetching_ = false;
  forget(mine);
}

std::optional<block_message> block_gate::next(const log_head& mine) {
  forget(mine);
  const auto found = kept_.find(mine.at + 1);
  if (found == kept_.end())
    return std::nullopt;
  auto m = std::move(found->second);
  kept_bytes_ -= m.bytes.size();
  kept_.erase(found);
  if (judge(mine, m, true).what != block_answer::apply) {
    ++stats_.foreign;
    return std::nullopt;
  }
  ++stats_.applied;
  return m;
}

std::optional<position> block_gate::missing(const log_head& mine) {
  if (fetching_ || heard_ <= mine.at)
    return std::nullopt;
  const auto up_to = heard_;
  fetching();
  return up_to;
}

void block_gate::keep(const block_message& m) {
  // The furthest are given up first: the nearest are the next to be needed.
  if (kept_.contains(m.first) || m.bytes.size() > options_.kept_bytes_max)
    return;
  while (!kept_.empty() && kept_bytes_ + m.bytes.size() > options_.kept_bytes_max) {
    const auto furthest = std::prev(kept_.end());
    if (furthest->first < m.first)
      return;
    kept_bytes_ -= furthest->second.bytes.size();
    kept_.erase(furthest);
  }
  kept_bytes_ += m.bytes.size();
  kept_.emplace(m.first, m);
}

void block_gate::forget(const log_head& mine) {
  while (!kept_.empty() && kept_.begin()->first <= mine.at) {
    kept_bytes_ -= kept_.begin()->second.bytes.size();
    kept_.erase(kept_.begin());
  }
}

} // namespace carillon::cluster
