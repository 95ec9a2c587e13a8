#include "carillon/http.hpp"

#include "carillon/scheduler.hpp"
#include "http/address.hpp"
#include "http/limits.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"
#include "http/stream.hpp"
#include "http/token.hpp"

#include <httplib.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace carillon {
namespace {

using namespace http; // ours, in one .cpp: this file is that folder's way out

/// Every path, control characters included.
constexpr const char* any_path = R"([\s\S]*)";

std::size_t header_bytes(const httplib::Request& in) {
  std::size_t out = in.target.size();
  for (const auto& [name, text] : in.headers)
    out += name.size() + text.size() + 4;
  return out;
}

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// The host of "host:port" or "[::1]:port".
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('['))
    return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

/// Refuses what a web page of another origin could make a browser send (DNS rebinding, CSRF).
bool is_own_origin(const httplib::Request& in) {
  const auto host = in.get_header_value("Host");
  if (!host.empty() && !is_loopback(host_of(host)))
    return false;
  const auto origin = in.get_header_value("Origin");
  return origin.empty() || origin == "http://" + host;
}

void send(const response& out, httplib::Response& res) {
  res.status = out.status;
  for (const auto& [name, text] : out.headers)
    res.set_header(name, text);
  res.set_header("Cache-Control", "no-store");
  res.set_header("X-Content-Type-Options", "nosniff");
  res.set_content(out.body, out.content_type);
}

/// A Unix socket that a dead process left behind is in the way of `bind`; one that answers is not
/// ours.
expected<void> clear_socket(const std::string& path) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0)
    return {};
  if (!S_ISSOCK(about.st_mode))
    return refuse(errc::invalid_argument, path + " exists and is not a socket", "listen");
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool answers =
      fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0;
  if (fd >= 0)
    ::close(fd);
  if (answers)
    return refuse(errc::unavailable, "another process listens on " + path, "listen");
  if (::unlink(path.c_str()) != 0)
    return refuse(errc::unavailable, path + ": " + std::strerror(errno), "listen");
  return {};
}

} // namespace

class http_server::implementation {
public:
  implementation(scheduler& engine, http::address where, std::optional<token_check> token)
      : engine_{engine}, where_{std::move(where)}, token_{std::move(token)} {}
  ~implementation() { stop(); }

  expected<void> start() {
    configure();
    if (auto bound = bind(); !bound)
      return bound;
    listener_ = std::thread{[this] {
      server_.listen_after_bind();
      is_over_ = true;
    }};
    if (!token_ && !where_.is_unix())
      warner_ = std::thread{[this] { warn(); }};
    return {};
  }

  const std::string& address() const { return shown_; }

  void stop() {
    {
      const std::lock_guard lock{mutex_};
      if (is_stopping_.exchange(true))
        return;
    }
    wake_.notify_all();
    if (listener_.joinable()) {
      // A stop before the listener runs would be lost.
      while (!server_.is_running() && !is_over_)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
      server_.stop();
      listener_.join();
    }
    if (warner_.joinable())
      warner_.join();
    if (where_.is_unix())
      ::unlink(where_.path.c_str());
  }

private:
  void configure() {
    server_.new_task_queue = [] {
      return new httplib::ThreadPool{request_threads + waits_max + streams_max};
    };
    server_.set_payload_max_length(body_bytes_max);
    server_.set_keep_alive_max_count(requests_per_connection_max);
    server_.set_keep_alive_timeout(keep_alive_timeout.count());
    server_.set_read_timeout(read_timeout);
    server_.set_write_timeout(write_timeout);
    server_.set_tcp_nodelay(true);
    server_.set_socket_options([this](socket_t fd) {
      // Not SO_REUSEPORT, which would let a second daemon share the port.
      const int on = 1;
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
      socket_ = fd;
    });
    const auto plain = [this](const httplib::Request& in, httplib::Response& res) {
      answer(in, "", res);
    };
    const auto reading = [this](const httplib::Request& in, httplib::Response& res,
                                const httplib::ContentReader& reader) { read(in, res, reader); };
    server_.Get(any_path, plain).Options(any_path, plain);
    server_.Post(any_path, reading).Put(any_path, reading);
    server_.Patch(any_path, reading).Delete(any_path, reading);
    server_.set_error_handler([](const httplib::Request&, httplib::Response& res) {
      if (res.body.empty())
        send(to_response(problem{res.status, "", "the request could not be read"}), res);
    });
    server_.set_exception_handler(
        [](const httplib::Request&, httplib::Response& res, std::exception_ptr) {
          send(to_response(error{errc::internal, "the request broke its handler"}), res);
        });
  }

  expected<void> bind() {
    if (where_.is_unix()) {
      if (auto cleared = clear_socket(where_.path); !cleared)
        return cleared;
      server_.set_address_family(AF_UNIX);
      // Between bind and chmod others could connect: the mask closes that gap.
      const auto mask = ::umask(0177);
      const bool is_bound = server_.bind_to_port(where_.path, 80);
      ::umask(mask);
      if (!is_bound)
        return refuse(errc::unavailable, "unix:" + where_.path + ": " + std::strerror(errno),
                      "listen");
      shown_ = "unix:" + where_.path;
    } else {
      const int port = where_.port == 0 ? server_.bind_to_any_port(where_.host)
                       : server_.bind_to_port(where_.host, where_.port) ? where_.port
                                                                        : -1;
      if (port < 0)
        return refuse(errc::unavailable,
                      where_.host + ':' + std::to_string(where_.port) +
                          " can not be listened on, another process may hold it",
                      "listen");
      const bool is_v6 = where_.host.find(':') != std::string::npos;
      shown_ =
          "http://" + (is_v6 ? '[' + where_.host + ']' : where_.host) + ':' + std::to_string(port);
    }
    // httplib listens with a backlog of 5; a second call only makes it longer.
    ::listen(socket_, listen_backlog);
    return {};
  }

  bool is_trusted(const httplib::Request& in) const {
    return !token_ || token_->accepts(in.get_header_value("Authorization"));
  }

  /// Reads the body up to the limit, then answers. What is longer is read and dropped, so that the
  /// next request on the connection is found.
  void read(const httplib::Request& in, httplib::Response& res,
            const httplib::ContentReader& reader) {
    std::string body;
    std::size_t size = 0;
    if (in.is_multipart_form_data()) {
      reader([](const httplib::MultipartFormData&) { return true; },
             [](const char*, std::size_t) { return true; });
      return send(to_response(problem{415, "", "the body must be application/json"}), res);
    }
    if (in.has_header("Content-Length") || in.has_header("Transfer-Encoding")) {
      reader([&](const char* data, std::size_t length) {
        size += length;
        if (size <= body_bytes_max)
          body.append(data, length);
        return size <= drained_bytes_max;
      });
    }
    if (size > body_bytes_max || res.status == 413)
      return send(
          to_response(problem{
              413, "", "the body is longer than " + std::to_string(body_bytes_max) + " bytes"}),
          res);
    answer(in, std::move(body), res);
  }

  void answer(const httplib::Request& in, std::string body, httplib::Response& res) {
    if (header_bytes(in) > header_bytes_max)
      return send(to_response(problem{431, "",
                                      "the headers are longer than " +
                                          std::to_string(header_bytes_max) + " bytes"}),
                  res);
    if (!where_.is_unix() && !is_own_origin(in))
      return send(to_response(problem{403, "", "requests of other origins are refused"}), res);
    request asked{.method = in.method, .target = in.target, .body = std::move(body)};
    for (const auto& [name, text] : in.headers)
      asked.headers.emplace(lower(name), text);
    asked.from = where_.is_unix() ? "unix " + where_.path : "http " + in.remote_addr;
    const auto out = dispatch(engine_, asked, is_trusted(in));
    if (out.stream_after)
      return stream(*out.stream_after, res);
    send(out, res);
  }

  void stream(position after, httplib::Response& res) {
    if (streams_.fetch_add(1) >= streams_max) {
      streams_.fetch_sub(1);
      return send(to_response(problem{
                      429, "", std::to_string(streams_max) + " event streams are open already"}),
                  res);
    }
    res.set_header("Cache-Control", "no-store");
    auto source = std::make_shared<event_stream>(engine_, after, is_stopping_);
    res.set_chunked_content_provider(
        "text/event-stream",
        [source](std::size_t, httplib::DataSink& sink) {
          const auto text = source->next();
          if (!text) {
            sink.done();
            return true;
          }
          return sink.is_writable() && (text->empty() || sink.write(text->data(), text->size()));
        },
        [this](bool) { streams_.fetch_sub(1); });
  }

  void warn() {
    std::unique_lock lock{mutex_};
    do {
      if (const auto& sink = engine_.options().sink)
        sink(log_level::warning,
             "serving " + shown_ +
                 " without a token: any program of any "
                 "user on this machine can run commands as this user (--no-auth)");
    } while (!wake_.wait_for(lock, no_auth_warning, [&] { return is_stopping_.load(); }));
  }

  scheduler& engine_;
  http::address where_;
  std::optional<token_check> token_;
  std::string shown_;
  httplib::Server server_;
  socket_t socket_ = -1;
  std::thread listener_;
  std::thread warner_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_over_{false};
  std::atomic<std::size_t> streams_{0};
};

expected<http_server> http_server::serve(scheduler& engine, http_options options) {
  auto where = parse_listen(options.listen);
  if (!where)
    return unexpected<error>{std::move(where).error()};
  std::optional<token_check> token;
  if (!where->is_unix() && !options.no_auth) {
    auto text = expected<std::string>{options.token};
    if (options.token.empty()) {
      if (options.token_file.empty())
        return refuse(errc::invalid_argument,
                      "needs a token or a token file, unless no_auth is set", "token");
      text = read_or_make_token(options.token_file);
    }
    if (!text)
      return unexpected<error>{std::move(text).error()};
    if (text->size() > token_bytes_max)
      return refuse(errc::invalid_argument,
                    "is " + std::to_string(text->size()) + " bytes long, at most " +
                        std::to_string(token_bytes_max) + " are allowed",
                    "token");
    token.emplace(*text);
  }
  auto self = std::make_unique<implementation>(engine, *std::move(where), std::move(token));
  if (auto started = self->start(); !started)
    return unexpected<error>{std::move(started).error()};
  return http_server{std::move(self)};
}

http_server::http_server(std::unique_ptr<implementation> self) : self_{std::move(self)} {}
http_server::http_server(http_server&&) noexcept = default;
http_server& http_server::operator=(http_server&&) noexcept = default;
http_server::~http_server() = default;

const std::string& http_server::address() const { return self_->address(); }
void http_server::stop() { self_->stop(); }

} // namespace carillon
