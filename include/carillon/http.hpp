#pragma once

#include "carillon/expected.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace carillon {

class scheduler;

/// Where and for whom the HTTP API is served.
struct http_options {
  /// "HOST:PORT" (port 0 = a free one) or "unix:PATH". Anything but loopback is refused.
  std::string listen = "127.0.0.1:0";
  /// SHA-256 of it is kept; empty with `no_auth` false = made and written to `token_file`.
  std::string token = {};
  /// Where the token is read from, or written to (mode 0600) when there is none yet.
  std::filesystem::path token_file = {};
  /// Serves loopback without a token, and warns each minute. For experiments.
  bool no_auth = false;
};

/// Serves the HTTP API of a scheduler until destroyed. The scheduler must outlive it.
class http_server {
public:
  /// Errors: invalid_argument (address not loopback, unreadable token), unavailable (port taken).
  static expected<http_server> serve(scheduler& engine, http_options options = {});

  http_server(http_server&&) noexcept;
  http_server& operator=(http_server&&) noexcept;
  ~http_server();

  /// "http://127.0.0.1:PORT" or "unix:PATH".
  const std::string& address() const;
  /// Answers no more requests; those under way are finished.
  void stop();

  class implementation;

private:
  explicit http_server(std::unique_ptr<implementation> self);
  std::unique_ptr<implementation> self_;
};

} // namespace carillon
