#pragma once

#include "actors/outside_feed.hpp"
#include "carillon/scheduler.hpp"
#include "cluster/block_channel.hpp"
#include "cluster/broker.hpp"
#include "cluster/presence.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace carillon::actors {

/// This node's way to the others through a broker: blocks, presence, and events for listeners
/// outside. Everything goes out on a thread of its own, behind the commit path. Thread-safe.
class broker_link {
public:
  struct settings {
    node_id node = {};
    broker_settings broker = {};
    log_sink sink = {};
  };

  /// Called on threads of the transport; must not block for long.
  struct callbacks {
    std::function<void(cluster::received_block)> on_block = {};
    /// Something may have happened that nobody told: the connection was away.
    std::function<void()> on_gap = {};
    /// A node fell silent, or is back.
    std::function<void()> on_presence = {};
    std::function<void(bool)> on_connection = {};
  };

  /// Takes what is said, and waits for `start`. Errors: invalid_argument with the field at fault.
  static expected<std::unique_ptr<broker_link>> open(settings how, callbacks call);
  ~broker_link();

  /// Begins to connect, for as long as it lives; from now on callbacks come. A broker that is away
  /// is no error. Errors: invalid_argument, unavailable (no thread).
  expected<void> start();

  void announce(cluster::block_message block);
  /// Records for listeners outside, of a block that this node wrote.
  void publish(std::shared_ptr<const stores::block> block);
  /// What this node says about itself; said again after every reconnect.
  void say(cluster::node_status status);

  bool publishes_events() const { return how_.broker.publish_events; }
  cluster::transport_stats stats() const;
  /// Sends what waits, for a while, and says good-bye.
  void close();

private:
  broker_link(settings how, callbacks call);
  void on_message(const cluster::message& m);
  void on_status(const cluster::message& m);
  void publish_status(std::unique_lock<std::mutex>& hold);
  void send_blocks(std::unique_lock<std::mutex>& hold);
  void send_outside(std::unique_lock<std::mutex>& hold);
  void work();

  settings how_;
  callbacks call_;
  cluster::broker_url url_;
  cluster::topics names_;
  std::uint64_t incarnation_ = 0;

  mutable std::mutex mutex_; ///< Guards what follows.
  std::condition_variable changed_;
  std::optional<cluster::sealer> seal_;
  std::optional<cluster::presence_table> peers_;
  std::optional<cluster::node_status> status_;
  std::deque<cluster::block_message> blocks_;
  std::optional<outside_feed> outside_;
  bool is_closing_ = false;
  std::unique_ptr<cluster::transport> transport_;
  std::thread worker_;
};

} // namespace carillon::actors
