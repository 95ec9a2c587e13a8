#include "support/mosquitto.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace carillon::test {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr const char* program = "/usr/sbin/mosquitto";

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool answers(std::uint16_t port) {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  const bool ok = connect(s, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(s);
  return ok;
}

bool shell(const std::string& command) { return std::system(command.c_str()) == 0; }

} // namespace

std::uint16_t free_port() {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  const bool ok = bind(s, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                  getsockname(s, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(s);
  return ok ? ntohs(address.sin_port) : std::uint16_t{0};
}

bool make_certificates(const std::filesystem::path& dir) {
  // Elliptic curves: an RSA key takes a tenth of a second and more.
  const std::string key = " -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 ";
  const auto authority = [&](const std::string& name) {
    return "openssl req -x509" + key + "-subj /CN=" + name + " -keyout " + name + ".key -out " +
           name + ".crt && ";
  };
  const auto signed_by_ca = [&](const std::string& name, const std::string& names) {
    return "openssl req" + key + "-subj /CN=" + name + " -keyout " + name + ".key -out " + name +
           ".csr && printf '" + names + "' >" + name + ".ext && openssl x509 -req -in " + name +
           ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile " + name + ".ext -out " +
           name + ".crt && ";
  };
  return shell("cd '" + dir.string() + "' && { " + authority("ca") + authority("other-ca") +
               signed_by_ca("server", "subjectAltName=DNS:localhost,IP:127.0.0.1\\n") +
               signed_by_ca("client", "extendedKeyUsage=clientAuth\\n") + "true; } >tls.log 2>&1");
}

mosquitto_broker::mosquitto_broker(mosquitto_options options)
    : options_{std::move(options)}, port_{free_port()} {
  if (options_.websocket)
    do
      websocket_port_ = free_port();
    while (websocket_port_ == port_);
  if (options_.tls)
    make_certificates(dir_.path());
  if (!options_.username.empty())
    shell("mosquitto_passwd -c -b '" + path("passwords").string() + "' '" + options_.username +
          "' '" + options_.password + "' >/dev/null 2>&1");
  write_configuration();
}

bool mosquitto_broker::is_installed() { return access(program, X_OK) == 0; }

void mosquitto_broker::write_configuration() const {
  const auto* user = getpwuid(getuid());
  std::ofstream out{path("mosquitto.conf")};
  // As root mosquitto would become a user who cannot read our directory.
  out << "user " << (user != nullptr ? user->pw_name : "root") << "\n"
      << "log_dest file " << path("mosquitto.log").string() << "\n"
      << "log_type all\nconnection_messages true\n"
      << "max_inflight_messages 200\nmax_queued_messages 100000\n"
      << "allow_anonymous " << (options_.username.empty() ? "true" : "false") << "\n";
  if (!options_.username.empty())
    out << "password_file " << path("passwords").string() << "\n";
  if (!options_.acl.empty()) {
    std::ofstream{path("acl")} << options_.acl;
    out << "acl_file " << path("acl").string() << "\n";
  }
  out << options_.extra << "\nlistener " << port_ << " 127.0.0.1\n";
  if (options_.tls)
    out << "cafile " << path("ca.crt").string() << "\ncertfile " << path("server.crt").string()
        << "\nkeyfile " << path("server.key").string() << "\nrequire_certificate "
        << (options_.client_certificates ? "true" : "false") << "\n";
  if (websocket_port_ != 0)
    out << "listener " << websocket_port_ << " 127.0.0.1\nprotocol websockets\n";
}

bool mosquitto_broker::start() {
  const auto config = path("mosquitto.conf").string();
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
      _exit(1);
    const int out = open("/dev/null", O_WRONLY);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execl(program, program, "-c", config.c_str(), nullptr);
    _exit(127);
  }
  const auto until = steady::now() + 5s;
  while (pid_ > 0 && steady::now() < until) {
    if (answers(port_) && (websocket_port_ == 0 || answers(websocket_port_)))
      return true;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_)
      pid_ = -1;
    std::this_thread::sleep_for(5ms);
  }
  stop(true);
  return false;
}

void mosquitto_broker::stop(bool kill9) {
  if (pid_ <= 0)
    return;
  kill(pid_, SIGCONT);
  kill(pid_, kill9 ? SIGKILL : SIGTERM);
  const auto until = steady::now() + 3s;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (steady::now() >= until)
      kill(pid_, SIGKILL);
    std::this_thread::sleep_for(2ms);
  }
  pid_ = -1;
}

void mosquitto_broker::pause(bool paused) {
  if (pid_ > 0)
    kill(pid_, paused ? SIGSTOP : SIGCONT);
}

std::string mosquitto_broker::url() const {
  return (options_.tls ? "mqtts://localhost:" : "mqtt://127.0.0.1:") + std::to_string(port_);
}

std::string mosquitto_broker::websocket_url() const {
  return "ws://127.0.0.1:" + std::to_string(websocket_port_);
}

std::string mosquitto_broker::log() const {
  std::ifstream in{path("mosquitto.log")};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

} // namespace carillon::test
