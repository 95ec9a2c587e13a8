#pragma once

#include "cluster/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace carillon::cluster {

/// What waits to be sent: bounded, so that a broker that is away costs memory only up to a limit.
/// Sent in this order: `latest`, hints, events; each oldest first.
class outgoing_queue {
public:
  /// Limits of each kind of delivery: messages, and bytes of topic and payload. One message is
  /// always kept, however large.
  outgoing_queue(std::size_t messages_max, std::size_t bytes_max)
      : messages_max_{messages_max}, bytes_max_{bytes_max} {}

  /// Adds `m`; the oldest of its kind make room for it.
  void push(message m);
  /// Takes the message that is sent next; none when nothing waits.
  std::optional<message> pop();
  /// Puts back what could not be sent, to be sent before its kind's others.
  void push_front(message m);

  bool empty() const { return size() == 0; }
  std::size_t size() const {
    return latest_.size() + hints_.waiting.size() + events_.waiting.size();
  }
  /// How many messages made room for others.
  std::uint64_t dropped() const { return dropped_; }

private:
  struct lane {
    std::deque<message> waiting = {};
    std::size_t bytes = 0;
  };

  lane& lane_of(const message& m) { return m.how == delivery::event ? events_ : hints_; }
  void trim(lane& l);

  std::size_t messages_max_;
  std::size_t bytes_max_;
  std::map<std::string, message> latest_; ///< By topic.
  lane hints_;
  lane events_;
  std::uint64_t dropped_ = 0;
};

} // namespace carillon::cluster
