#include "http/address.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <sys/un.h>

namespace carillon::http {
namespace {

expected<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size())
    return refuse(errc::invalid_argument,
                  "'" + std::string{text} + "' is not a port, allowed are 0 (a free one) to 65535",
                  "listen");
  return port;
}

expected<address> parse_unix(std::string_view path) {
  constexpr auto path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty() || path.size() > path_bytes_max)
    return refuse(errc::invalid_argument,
                  "the path of a Unix socket has " + std::to_string(path.size()) +
                      " bytes, allowed are 1 to " + std::to_string(path_bytes_max),
                  "listen");
  return address{.path = std::string{path}};
}

} // namespace

bool is_loopback(std::string_view host) {
  if (host == "localhost")
    return true;
  const std::string text{host};
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1)
    return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

expected<address> parse_listen(std::string_view text) {
  constexpr std::string_view unix_prefix = "unix:";
  if (text.starts_with(unix_prefix))
    return parse_unix(text.substr(unix_prefix.size()));
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return refuse(errc::invalid_argument,
                  "'" + std::string{text} + "' is neither HOST:PORT nor unix:PATH", "listen");
  auto host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  const auto port = parse_port(text.substr(colon + 1));
  if (!port)
    return unexpected<error>{port.error()};
  if (!is_loopback(host))
    return refuse(errc::invalid_argument,
                  "'" + std::string{host} +
                      "' is not a loopback address: until TLS and scopes are built only "
                      "127.0.0.1, [::1], localhost and unix:PATH are served",
                  "listen");
  return address{std::string{host}, *port, {}};
}

} // namespace carillon::http
