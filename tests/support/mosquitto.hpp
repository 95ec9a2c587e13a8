#pragma once

#include "support/temp_dir.hpp"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace carillon::test {

/// How a private broker is set up.
struct mosquitto_options {
  std::string username = {}; ///< With a name, nobody else may connect.
  std::string password = {};
  bool tls = false;                 ///< A listener with certificates made by `make_certificates`.
  bool client_certificates = false; ///< With `tls`: clients must show one.
  bool websocket = false;           ///< A second listener, for ws://.
  std::string acl = {};   ///< The lines of an ACL file; empty = everyone may do everything.
  std::string extra = {}; ///< More lines for the configuration.
};

/// A mosquitto of our own on free loopback ports, run as the current user with everything in a
/// directory of its own. It ends with this object, and with this process however that ends.
class mosquitto_broker {
public:
  explicit mosquitto_broker(mosquitto_options options = {});
  ~mosquitto_broker() { stop(); }
  mosquitto_broker(const mosquitto_broker&) = delete;
  mosquitto_broker& operator=(const mosquitto_broker&) = delete;

  /// Whether the program is installed.
  static bool is_installed();

  /// Starts it, again on the same ports; false when it did not answer within 5 s.
  bool start();
  /// Ends it with SIGTERM; `kill9`: with SIGKILL.
  void stop(bool kill9 = false);
  /// Stops the process without ending it, or lets it go on.
  void pause(bool paused);

  /// "mqtt://127.0.0.1:PORT", or "mqtts://localhost:PORT".
  std::string url() const;
  std::string websocket_url() const;
  std::filesystem::path path(const std::string& file) const { return dir_.path() / file; }
  /// What it has logged.
  std::string log() const;

private:
  void write_configuration() const;

  temp_dir dir_;
  mosquitto_options options_;
  std::uint16_t port_ = 0;
  std::uint16_t websocket_port_ = 0;
  pid_t pid_ = -1;
};

/// A throw-away authority in `dir`: ca.crt, server.crt/.key for localhost and 127.0.0.1,
/// client.crt/.key, and other-ca.crt that signed none of them. False when openssl did not do it.
bool make_certificates(const std::filesystem::path& dir);

/// A port of 127.0.0.1 that was free a moment ago.
std::uint16_t free_port();

} // namespace carillon::test
