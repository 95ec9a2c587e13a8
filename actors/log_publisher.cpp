#include "actors/log_publisher.hpp"

#include "stores/block.hpp"
#include "values/crash_point.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <limits>

namespace carillon::actors {
namespace {

/// Bytes of the log read at a time to catch up.
constexpr std::size_t read_bytes = 256 << 10;

constexpr position log_end = std::numeric_limits<position>::max();

void count(counters& counts, const event& e) {
  if (const auto* finished = std::get_if<job_finished>(&e))
    ++counts.jobs_by_outcome[static_cast<std::size_t>(finished->outcome)];
  else if (std::holds_alternative<schedule_fired>(e))
    ++counts.fires;
}

/// The log's level after `block`, which found it at `level`.
std::uint32_t level_after(const stores::block& block, std::uint32_t level) {
  for (const auto& commit : block.commits)
    for (const auto& e : commit.events)
      if (const auto* raised = std::get_if<level_raised>(&e))
        level = std::max(level, raised->level);
  return level;
}

cluster::log_head to_gate(const stores::head& head) { return {head.at, head.hash}; }

} // namespace

template <class Message> void log_publisher::tell_followers(const Message& message) const {
  // Those who begin runs come first, then those who lead to more of them.
  for (const auto& actor : peers_->jobs)
    caf::anon_send(actor, message);
  if constexpr (std::is_same_v<Message, published>)
    caf::anon_send(peers_->dispatch, message);
  for (const auto& actor : peers_->schedules)
    caf::anon_send(actor, message);
  if constexpr (std::is_same_v<Message, published>)
    caf::anon_send(peers_->subscriptions, message);
  caf::anon_send(peers_->history, message);
}

template void log_publisher::tell_followers(const gather_here&) const;

expected<void> log_publisher::publish(std::shared_ptr<const stores::block> block) {
  const auto level = level_after(*block, node_->level);
  if (auto known = events::check_known(level); !known)
    return known;
  node_->level = level;
  auto& counts = node_->counts;
  head_ = {block->first + block->count - 1, block->hash, block->time};
  counts.records += block->count;
  counts.commits += block->commits.size();
  ++counts.blocks;
  for (const auto& commit : block->commits) {
    auto at = commit.first;
    for (const auto& e : commit.events) {
      node_->tasks.apply(e, {at, block->time});
      node_->rules.apply(e, {at++, block->time});
      count(counts, e);
    }
  }
  crash_point("publish.before");
  tell_followers(published{block});
  const auto& sharing = node_->sharing;
  if (sharing != nullptr && sharing->tell_outside && block->node == node_->node)
    sharing->tell_outside(std::move(block));
  node_->applied = head_.at;
  crash_point("publish.after");
  return {};
}

expected<void> log_publisher::follow(position up_to) {
  while (head_.at < up_to) {
    auto blocks = log_->read(head_.at, read_bytes);
    if (!blocks)
      return unexpected<error>{std::move(blocks).error()};
    if (blocks->empty())
      return {};
    for (auto& block : *blocks) {
      if (block.first != head_.at + 1 || block.previous != head_.hash)
        return refuse(errc::corrupt, "log regressed: the block at position " +
                                         std::to_string(block.first) +
                                         " does not continue what this node knows up to " +
                                         std::to_string(head_.at));
      if (block.first > up_to)
        return {};
      if (auto done = publish(std::make_shared<const stores::block>(std::move(block))); !done)
        return done;
    }
  }
  return {};
}

/// False when the bytes are not what they should be: then the log is read.
bool log_publisher::publish_bytes(const cluster::block_message& told) {
  if (told.bytes.empty() || told.first != head_.at + 1 || told.previous != head_.hash)
    return false;
  auto block = stores::decode_block(told.bytes, told.last);
  if (!block || block->first != told.first || block->previous != head_.hash ||
      block->hash != told.hash)
    return false;
  log_->learn(*block);
  return publish(std::make_shared<const stores::block>(std::move(*block))).has_value();
}

/// Reads what is missing, then publishes what was heard meanwhile and follows it.
expected<void> log_publisher::fetch() {
  gate_.fetching();
  auto followed = follow(log_end);
  gate_.fetched(to_gate(head_));
  return followed;
}

expected<void> log_publisher::hear(const cluster::received_block& told) {
  switch (gate_.hear(to_gate(head_), told).what) {
  case cluster::block_answer::apply:
    if (!publish_bytes(told.block))
      return fetch();
    break;
  case cluster::block_answer::fetch:
    if (auto fetched = fetch(); !fetched)
      return fetched;
    break;
  case cluster::block_answer::wait:
  case cluster::block_answer::old:
  case cluster::block_answer::foreign: return {};
  }
  while (auto next = gate_.next(to_gate(head_)))
    if (!publish_bytes(*next))
      return fetch();
  return {};
}

} // namespace carillon::actors
