#pragma once

#include "carillon/expected.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::http {

/// Where a server listens, or a client connects.
struct address {
  std::string host = {}; ///< Loopback: "127.0.0.1", "::1", "localhost". Empty for a Unix socket.
  std::uint16_t port = 0;
  std::string path = {}; ///< Of a Unix socket; else empty.

  bool is_unix() const { return !path.empty(); }
};

/// Reads "HOST:PORT", "[::1]:PORT" or "unix:PATH". Accepts loopback addresses only.
/// Errors: invalid_argument with field "listen".
expected<address> parse_listen(std::string_view text);

/// Whether `host` names this machine's loopback: 127.0.0.0/8, ::1 or localhost.
bool is_loopback(std::string_view host);

} // namespace carillon::http
