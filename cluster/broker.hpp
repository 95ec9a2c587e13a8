#pragma once

#include "carillon/expected.hpp"
#include "cluster/transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Where the broker is and how to talk to it.
namespace carillon::cluster {

/// How bytes get to a broker.
enum class broker_scheme : std::uint8_t { mqtt, mqtts, ws, wss };

/// A broker's address, taken apart.
struct broker_url {
  broker_scheme scheme = broker_scheme::mqtt;
  std::string host = {};  ///< A name, an IPv4 address, or an IPv6 address without brackets.
  std::uint16_t port = 0; ///< Default: 1883, 8883 (mqtts), 80 (ws), 443 (wss).
  std::string path = {};  ///< WebSocket only: "/mqtt"; empty otherwise.

  bool is_encrypted() const {
    return scheme == broker_scheme::mqtts || scheme == broker_scheme::wss;
  }
  bool operator==(const broker_url&) const = default;
};

/// "mqtts://broker.example:8883". There are no secrets in it.
std::string to_string(const broker_url& url);

/// Reads `mqtt://`, `mqtts://`, `ws://` or `wss://` with a host, an optional port and, for
/// WebSocket, a path. User names and passwords have options of their own: one in the URL is refused
/// (and not shown), because URLs end up in process lists and logs.
/// Errors: invalid_argument with field "broker" and what is allowed.
expected<broker_url> parse_broker_url(std::string_view text);

/// Certificates for `mqtts` and `wss`. All files are PEM.
struct tls_options {
  std::string ca_file = {};          ///< Whom to trust; empty = the system's authorities.
  std::string certificate_file = {}; ///< The client's own certificate and chain; empty = none.
  std::string key_file = {};         ///< Its private key; empty = it is in `certificate_file`.
  std::string key_password = {};     ///< Of an encrypted key. Never printed.
};

/// Everything about a connection to a broker.
struct broker_options {
  broker_url url = {};
  /// Unique for each run of each node: `client_id_of` makes one.
  std::string client_id = {};
  std::string username = {}; ///< Empty = none.
  std::string password = {}; ///< Never printed.
  tls_options tls = {};
  /// What the broker says for this client once it is gone without a good-bye ...
  std::optional<message> will = {};
  /// ... for so long; a client that comes back in time leaves it unsaid.
  std::chrono::seconds will_delay{5};
  /// How long the broker keeps messages and subscriptions of a client that is away.
  std::chrono::seconds session_expiry{60};
  std::chrono::seconds keep_alive{15};         ///< Silence after which the other side is asked.
  std::chrono::seconds connect_timeout{5};     ///< For one attempt.
  std::chrono::milliseconds retry_first{250};  ///< Wait after the first failed attempt ...
  std::chrono::milliseconds retry_max{10'000}; ///< ... doubled up to this, with jitter.
  std::uint16_t in_flight_max = 64;            ///< Messages sent but not acknowledged.
  std::uint16_t receive_max = 100;   ///< MQTT's Receive Maximum: what the broker may send ahead.
  std::size_t outgoing_max = 20'000; ///< Waiting messages of each kind of delivery ...
  std::size_t outgoing_bytes_max = std::size_t{32} << 20; ///< ... and their bytes.
  std::size_t incoming_max = 20'000;                      ///< Messages that wait for `on_message`.
};

/// Errors: invalid_argument with the field at fault (client id, certificates without TLS, a
/// password without a user name, Will delay beyond the session, limits of 0).
expected<void> check(const broker_options& options);

/// "carillon-{node}-{incarnation}", percent-encoded: the same for as long as one process lives.
std::string client_id_of(std::string_view node, std::uint64_t incarnation);

/// How long to wait before attempt `failures + 1`: doubled each time from `retry_first` up to
/// `retry_max`, of which `random` (0 to 1) picks between the half and the whole. Pure.
std::chrono::milliseconds retry_delay(const broker_options& options, std::uint32_t failures,
                                      double random);

/// Opens a connection over MQTT 5 and returns at once: `on_connected` tells when it stands.
/// Errors: those of `check`; unavailable (no thread, no memory for one).
expected<std::unique_ptr<transport>> open_mqtt(broker_options options,
                                               transport_callbacks callbacks);

} // namespace carillon::cluster
