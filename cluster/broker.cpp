#include "cluster/broker.hpp"

#include "cluster/topics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace carillon::cluster {
namespace {

struct scheme_row {
  broker_scheme scheme;
  std::string_view name;
  std::uint16_t port;
};

constexpr std::array schemes{
    scheme_row{broker_scheme::mqtt, "mqtt", 1883}, scheme_row{broker_scheme::mqtts, "mqtts", 8883},
    scheme_row{broker_scheme::ws, "ws", 80}, scheme_row{broker_scheme::wss, "wss", 443}};

constexpr std::string_view allowed =
    "; allowed: mqtt://HOST[:PORT], mqtts://..., ws://HOST[:PORT][/PATH], wss://...";

constexpr std::size_t client_id_bytes_max = 1024;

unexpected<error> refused(std::string_view shown, std::string_view why) {
  return refuse(errc::invalid_argument,
                "broker '" + std::string{shown.substr(0, name_bytes_max)} + "' " +
                    std::string{why} + std::string{allowed},
                "broker");
}

bool is_host_text(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '%';
  });
}

} // namespace

std::string to_string(const broker_url& url) {
  std::string out{schemes[static_cast<std::size_t>(url.scheme)].name};
  const bool six = url.host.find(':') != std::string::npos;
  out += six ? "://[" + url.host + "]:" : "://" + url.host + ":";
  return out + std::to_string(url.port) + url.path;
}

expected<broker_url> parse_broker_url(std::string_view text) {
  const auto mark = text.find("://");
  const auto name = text.substr(0, mark);
  const auto row = std::find_if(schemes.begin(), schemes.end(),
                                [&](const scheme_row& s) { return s.name == name; });
  // What cannot be read is not shown whole: it may hold a password.
  if (mark == std::string_view::npos)
    return refused("...", "does not begin with a scheme");
  if (row == schemes.end())
    return refused(name, "is no scheme of a broker");
  auto rest = text.substr(mark + 3);
  const auto slash = rest.find('/');
  const auto path = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  auto authority = rest.substr(0, slash);
  if (rest.find('@') != std::string_view::npos)
    return refused(std::string{name} + "://...",
                   "must not hold a user name or password: they have options of their own");
  broker_url url{row->scheme, {}, row->port, {}};
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos)
      return refused(text, "has no ']' after its address");
    url.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && port.front() != ':')
      return refused(text, "has '" + std::string{port} + "' after its address");
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon);
  }
  if (!is_host_text(url.host))
    return refused(text, "names no host");
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto* end = port.data() + port.size();
    const auto read = std::from_chars(port.data(), end, url.port);
    if (read.ec != std::errc{} || read.ptr != end || url.port == 0)
      return refused(text, "has port '" + std::string{port} + "', not a number of 1 to 65535");
  }
  const bool web = url.scheme == broker_scheme::ws || url.scheme == broker_scheme::wss;
  if (!web && !path.empty() && path != "/")
    return refused(text, "has a path, which only ws and wss may");
  if (web && path != "/")
    url.path = path;
  if (url.path.find_first_of(" ?#") != std::string::npos)
    return refused(text, "has a path with ' ', '?' or '#'");
  return url;
}

expected<void> check(const broker_options& o) {
  const auto wrong = [](std::string field, std::string message) {
    return refuse(errc::invalid_argument, std::move(message), std::move(field));
  };
  if (o.url.host.empty() || o.url.port == 0)
    return wrong("broker", "broker: host and port must be given");
  if (o.client_id.empty() || o.client_id.size() > client_id_bytes_max)
    return wrong("client_id", "client_id has " + std::to_string(o.client_id.size()) +
                                  " bytes, 1 to " + std::to_string(client_id_bytes_max) +
                                  " are allowed");
  if (!o.password.empty() && o.username.empty())
    return wrong("username", "username must be given with a password");
  const auto& tls = o.tls;
  if (!o.url.is_encrypted() && !(tls.ca_file.empty() && tls.certificate_file.empty()))
    return wrong("tls", "tls: " + to_string(o.url) + " is not encrypted; certificates need " +
                            "mqtts:// or wss://");
  if (tls.certificate_file.empty() && !tls.key_file.empty())
    return wrong("tls.certificate_file", "tls.certificate_file must be given with a key file");
  if (o.will && o.will_delay > o.session_expiry)
    return wrong("will_delay", "will_delay of " + std::to_string(o.will_delay.count()) +
                                   " s is longer than session_expiry of " +
                                   std::to_string(o.session_expiry.count()) + " s");
  if (o.in_flight_max == 0 || o.receive_max == 0 || o.outgoing_max == 0 ||
      o.outgoing_bytes_max == 0 || o.incoming_max == 0)
    return wrong("limits", "limits of a broker connection must be at least 1");
  if (o.retry_first.count() <= 0 || o.retry_max < o.retry_first || o.connect_timeout.count() <= 0 ||
      o.keep_alive.count() <= 0 || o.keep_alive.count() > 65'535)
    return wrong("times", "connect_timeout, keep_alive (to 65535 s) and retry_first must be more "
                          "than 0, retry_max at least retry_first");
  return {};
}

std::string client_id_of(std::string_view node, std::uint64_t incarnation) {
  return "carillon-" + percent_encode(node) + "-" + std::to_string(incarnation);
}

std::chrono::milliseconds retry_delay(const broker_options& options, std::uint32_t failures,
                                      double random) {
  constexpr std::uint32_t doublings_max = 20;
  const auto doublings = std::min(failures == 0 ? 0 : failures - 1, doublings_max);
  const auto whole = std::min(
      static_cast<double>(options.retry_max.count()),
      std::ldexp(static_cast<double>(options.retry_first.count()), static_cast<int>(doublings)));
  const auto part = 0.5 + std::clamp(random, 0.0, 1.0) / 2;
  return std::chrono::milliseconds{std::llround(whole * part)};
}

} // namespace carillon::cluster
