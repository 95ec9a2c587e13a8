#include "tools/client.hpp"

#include "http/token.hpp"

#include <httplib.h>

#include <fstream>

namespace carillon::tools {
namespace {

constexpr auto connect_timeout = std::chrono::seconds{5};
/// Longer than the longest wait that the daemon allows.
constexpr auto read_timeout = std::chrono::seconds{90};

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return text;
}

errc code_of(int status) {
  switch (status) {
  case 400:
  case 413:
  case 415:
  case 422:
  case 431: return errc::invalid_argument;
  case 401:
  case 403: return errc::denied;
  case 404: return errc::not_found;
  case 409:
  case 412: return errc::conflict;
  case 410: return errc::gone;
  case 429: return errc::overloaded;
  case 503:
  case 504: return errc::unavailable;
  case 507: return errc::no_space;
  default: return errc::failed;
  }
}

error to_error(int status, const value& body, const std::string& text) {
  error out{code_of(status), text_at(body, "detail")};
  if (out.message.empty())
    out.message = "the daemon answered " + std::to_string(status) + ' ' + text.substr(0, 200);
  const auto& errors = list_at(body, "errors");
  if (errors.size() == 1)
    out.field = text_at(errors.front(), "field");
  return out;
}

/// Where the daemon is: --url, CARILLON_URL, or what it wrote into the data directory.
expected<std::string> find_url(const session& s) {
  if (!s.url.empty())
    return s.url;
  if (auto set = environment("CARILLON_URL"); !set.empty())
    return set;
  std::ifstream in{address_file(s)};
  std::string url;
  if (in && std::getline(in, url) && !url.empty())
    return url;
  return refuse(errc::unavailable, "no daemon has written its address to " +
                                       address_file(s).string() +
                                       ": start one with 'carillon serve', or name it by --url");
}

/// CARILLON_TOKEN, else --token-file, else the default file if there is one.
expected<std::string> find_token(const session& s) {
  if (auto set = environment("CARILLON_TOKEN"); !set.empty())
    return set;
  if (!s.token_file.empty())
    return http::read_token(s.token_file);
  auto found = http::read_token(default_token_file(s));
  if (!found && found.error().code == errc::not_found)
    return std::string{}; // a Unix socket needs none
  return found;
}

} // namespace

struct client::connection {
  std::unique_ptr<httplib::ClientImpl> http;
  std::string url;
  httplib::Headers headers;

  error unreachable(httplib::Error why) const {
    return {errc::unavailable, "no daemon answers at " + url + " (" + httplib::to_string(why) +
                                   "): start it with 'carillon serve', or name another by --url"};
  }
};

client::client(std::unique_ptr<connection> self) : self_{std::move(self)} {}
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;
client::~client() = default;

expected<client> client::open(const session& s) {
  auto url = find_url(s);
  if (!url)
    return unexpected<error>{std::move(url).error()};
  auto token = find_token(s);
  if (!token)
    return unexpected<error>{std::move(token).error()};
  auto self = std::make_unique<connection>();
  self->url = *url;
  constexpr std::string_view unix_prefix = "unix:";
  constexpr std::string_view http_prefix = "http://";
  if (url->starts_with(unix_prefix)) {
    self->http = std::make_unique<httplib::ClientImpl>(url->substr(unix_prefix.size()), 80);
    self->http->set_address_family(AF_UNIX);
    self->headers.emplace("Host", "localhost");
  } else if (url->starts_with(http_prefix)) {
    auto authority = url->substr(http_prefix.size());
    if (authority.ends_with('/'))
      authority.pop_back();
    const auto colon = authority.rfind(':');
    auto host = authority.substr(0, colon);
    int port = 80;
    if (colon != std::string::npos && authority.back() != ']') {
      const auto digits = authority.substr(colon + 1);
      port = digits.size() <= 5 && !digits.empty() &&
                     digits.find_first_not_of("0123456789") == std::string::npos
                 ? std::stoi(digits)
                 : 0;
    }
    if (host.size() >= 2 && host.front() == '[')
      host = host.substr(1, host.size() - 2);
    if (port < 1 || port > 65535 || host.empty())
      return refuse(errc::invalid_argument, "'" + *url + "' is not http://HOST:PORT", "url");
    self->http = std::make_unique<httplib::ClientImpl>(host, port);
  } else {
    return refuse(errc::invalid_argument,
                  "'" + *url + "' is neither http://HOST:PORT nor unix:PATH", "url");
  }
  self->http->set_connection_timeout(connect_timeout);
  self->http->set_read_timeout(read_timeout);
  self->http->set_keep_alive(true);
  self->http->set_tcp_nodelay(true);
  // Targets are encoded already.
  self->http->set_url_encode(false);
  if (!token->empty())
    self->headers.emplace("Authorization", "Bearer " + *token);
  return client{std::move(self)};
}

expected<reply> client::get(const std::string& target) { return send("GET", target); }

expected<reply> client::send(const std::string& method, const std::string& target,
                             const std::string& body,
                             const std::map<std::string, std::string>& headers) {
  httplib::Request request;
  request.method = method;
  request.path = target;
  request.headers = self_->headers;
  for (const auto& [name, text] : headers)
    request.headers.emplace(name, text);
  request.body = body;
  if (!body.empty())
    request.headers.emplace("Content-Type", "application/json");
  const auto answered = self_->http->send(request);
  if (!answered)
    return unexpected<error>{self_->unreachable(answered.error())};
  reply out{answered->status, {}, answered->body, {}};
  for (const auto& [name, text] : answered->headers)
    out.headers.emplace(lower(name), text);
  if (auto parsed = parse_json(out.text))
    out.body = *std::move(parsed);
  if (out.status >= 400)
    return unexpected<error>{to_error(out.status, out.body, out.text)};
  return out;
}

expected<void> client::each_item(const std::string& target,
                                 const std::function<bool(const value&)>& each) {
  const std::string joint = target.find('?') == std::string::npos ? "?" : "&";
  std::string cursor;
  do {
    const auto page = get(target + joint + "limit=1000" +
                          (cursor.empty() ? "" : "&cursor=" + percent_encode(cursor)));
    if (!page)
      return unexpected<error>{page.error()};
    for (const auto& item : list_at(page->body, "items"))
      if (!each(item))
        return {};
    cursor = text_at(page->body, "next_cursor");
  } while (!cursor.empty());
  return {};
}

expected<void> client::follow(std::uint64_t after,
                              const std::function<bool(const std::string&)>& each) {
  std::string pending;
  int status = 200;
  bool is_wanted = true;
  const auto answered = self_->http->Get(
      ("/v1/events/stream?after=" + std::to_string(after)).c_str(), self_->headers,
      [&](const httplib::Response& res) {
        status = res.status;
        return true;
      },
      [&](const char* data, std::size_t size) {
        pending.append(data, size);
        if (status >= 400)
          return true;
        for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
          constexpr std::string_view data_prefix = "data: ";
          if (pending.starts_with(data_prefix))
            is_wanted = each(pending.substr(data_prefix.size(), end - data_prefix.size()));
          pending.erase(0, end + 1);
          if (!is_wanted)
            return false;
        }
        return true;
      });
  if (!is_wanted)
    return {};
  if (status >= 400)
    return unexpected<error>{to_error(status, parse_json(pending).value_or(value{}), pending)};
  if (!answered)
    return unexpected<error>{self_->unreachable(answered.error())};
  return refuse(errc::unavailable, "the daemon ended the stream");
}

} // namespace carillon::tools
