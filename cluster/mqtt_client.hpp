#pragma once

#include "cluster/broker.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace carillon::cluster {

/// One Paho client, without its exceptions and its opinions: nothing here waits for the broker,
/// answers come as events. Used by one thread; the listener is called by Paho's.
class mqtt_client {
public:
  /// The broker accepted us.
  struct connected {
    bool resumed = false;
  };
  /// An attempt failed, or the connection broke.
  struct disconnected {
    std::string why;
  };
  /// The broker answered a subscription; `problem` is empty when it granted it.
  struct subscribed {
    std::string filter;
    std::string problem;
  };
  /// The broker answered a message; `problem` is empty when it took it over.
  struct delivered {
    std::uint64_t id = 0; ///< As given to `publish`.
    std::string problem;
  };
  /// Something to be logged.
  struct note {
    std::string text;
  };
  using event = std::variant<message, connected, disconnected, subscribed, delivered, note>;

  class listener {
  public:
    /// Called by Paho's threads: must neither block nor call the client.
    virtual void on_event(event e) = 0;

  protected:
    ~listener() = default;
  };

  /// `options` and `events` must outlive the client. Errors: unavailable.
  static expected<std::unique_ptr<mqtt_client>> make(const broker_options& options,
                                                     listener& events);

  /// When connected, says good-bye first and waits a little for it to leave.
  virtual ~mqtt_client() = default;

  /// Begins the only attempt; `connected` or `disconnected` follows. Errors: unavailable.
  virtual expected<void> connect() = 0;
  /// `subscribed` follows. Errors: unavailable.
  virtual expected<void> subscribe(const std::string& filter) = 0;
  /// `delivered` follows. Errors: unavailable (not connected), invalid_argument (a bad message).
  virtual expected<void> publish(const message& m, std::uint64_t id) = 0;
  virtual bool is_connected() const = 0;
};

} // namespace carillon::cluster
