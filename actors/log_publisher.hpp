#pragma once

#include "actors/interfaces.hpp"
#include "cluster/block_gate.hpp"

#include <memory>

namespace carillon::actors {

/// Gives this node's actors every block of the log, each once and in position order, wherever it
/// comes from: appended here, read from the log, or heard from another node. Used by the log actor.
class log_publisher {
public:
  log_publisher(node_context_ptr node, handles_ptr peers, std::shared_ptr<stores::event_log> log,
                stores::head head)
      : node_{std::move(node)}, peers_{std::move(peers)}, log_{std::move(log)}, head_{head} {}

  /// The end of the last block that was published.
  const stores::head& head() const { return head_; }

  /// `block` follows the head. Errors: unsupported (it raises the log above what this build knows;
  /// then nothing of it was published).
  expected<void> publish(std::shared_ptr<const stores::block> block);
  /// Reads the log up to `up_to` and publishes that; less, when the log ends before.
  /// Errors: unavailable, corrupt (it does not continue what was published), unsupported.
  expected<void> follow(position up_to);
  /// Another node tells of a block: publishes it, or what the log holds up to there.
  /// Errors: as `follow`.
  expected<void> hear(const cluster::received_block& told);

  /// Sends `message` to everyone who follows the log.
  template <class Message> void tell_followers(const Message& message) const;

private:
  bool publish_bytes(const cluster::block_message& told);
  expected<void> fetch();

  node_context_ptr node_;
  handles_ptr peers_;
  std::shared_ptr<stores::event_log> log_;
  stores::head head_;
  cluster::block_gate gate_;
};

} // namespace carillon::actors
