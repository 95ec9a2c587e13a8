#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Messages between nodes. A transport may lose, double, delay and reorder them: nothing that
/// safety depends on goes this way. One broker = one file that implements `transport`.
namespace carillon::cluster {

/// What may become of a message that waits for a slow or absent broker.
enum class delivery : std::uint8_t {
  hint,   ///< Blocks and wake-ups: the oldest is dropped when too much waits; receivers fetch.
  event,  ///< For listeners outside: as `hint`, but sent after the hints.
  latest, ///< A topic's newest message replaces the one that waits, is sent first, never dropped.
};

/// One message, going out or coming in.
struct message {
  std::string topic = {};
  std::string payload = {}; ///< Any bytes.
  /// The broker keeps it for those who subscribe later; coming in: it was kept.
  bool retained = false;
  delivery how = delivery::hint; ///< Going out only.
  /// The broker forgets it after so long; none = never.
  std::optional<std::chrono::seconds> expiry = {};
  std::string content_type = {};                                    ///< Empty = none.
  std::vector<std::pair<std::string, std::string>> properties = {}; ///< MQTT's User Properties.

  bool operator==(const message&) const = default;
};

/// What a transport tells its owner. Called one at a time, from a thread of the transport: hand
/// over and return. A call may publish and subscribe, but not close.
struct transport_callbacks {
  /// A message of one of the subscribed topics.
  std::function<void(message)> on_message = {};
  /// The broker is there, and all subscriptions stand: time to look at the log once. `resumed`: it
  /// still knew this client, so nothing sent meanwhile was lost by it.
  std::function<void(bool resumed)> on_connected = {};
  /// The broker is gone, or was never there; the transport keeps trying. Holds no secrets.
  std::function<void(std::string why)> on_disconnected = {};
  /// Something for the log that changes nothing: a refused subscription, a reason of the broker.
  std::function<void(std::string text)> on_note = {};
};

/// What a transport has done since it was opened.
struct transport_stats {
  bool connected = false;
  std::uint64_t connects = 0;         ///< Times the broker was reached.
  std::uint64_t published = 0;        ///< Messages that the broker has taken over.
  std::uint64_t received = 0;         ///< Messages handed to `on_message`.
  std::uint64_t dropped_outgoing = 0; ///< Dropped because too much waited, or refused.
  std::uint64_t dropped_incoming = 0; ///< Dropped because `on_message` was too slow.
  std::uint64_t waiting = 0;          ///< Messages not yet sent.
};

/// A connection to a broker that reconnects by itself for as long as it lives. All members may be
/// called from any thread, and none but `close` blocks.
class transport {
public:
  virtual ~transport() = default;

  /// Asks for messages matching `filter`, now and after every reconnect. Own messages do not come
  /// back. Repeating a filter is not an error.
  virtual void subscribe(std::string filter) = 0;

  /// Queues `m`. What becomes of it while the broker is away, `m.how` says.
  virtual void publish(message m) = 0;

  /// Sends what waits for at most `drain`, says good-bye (so that no Will is sent) and ends all
  /// callbacks. Blocks. Later calls do nothing.
  virtual void close(std::chrono::milliseconds drain) = 0;

  virtual transport_stats stats() const = 0;
};

} // namespace carillon::cluster
