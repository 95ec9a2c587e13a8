#include "tools/log_lines.hpp"
#include "tools/settings.hpp"
#include "tools/subcommands.hpp"

#include "carillon/http.hpp"
#include "carillon/scheduler.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <poll.h>
#include <thread>
#include <unistd.h>

namespace carillon::tools {
namespace {

struct serve_flags {
  std::string config;
  std::map<std::string, std::string> texts = {};
  std::map<std::string, bool> switches = {};
};

/// How often the daemon looks whether its engine stopped by itself.
constexpr int engine_check_ms = 500;

/// The write end of the pipe through which the signal handler speaks.
int signal_pipe = -1;

extern "C" void on_signal(int number) {
  const auto byte = static_cast<char>(number);
  const auto kept = errno;
  [[maybe_unused]] const auto written = ::write(signal_pipe, &byte, 1);
  errno = kept;
}

/// TERM and INT arrive as bytes to read: handlers, not masks, because masks would be inherited by
/// the commands that the daemon starts.
int catch_signals() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return -1;
  signal_pipe = ends[1];
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  return ends[0];
}

/// Whether a signal came within `wait_ms`; -1 = for ever.
bool signal_came(int fd, int wait_ms) {
  pollfd waited{fd, POLLIN, 0};
  if (::poll(&waited, 1, wait_ms) <= 0)
    return false;
  char byte = 0;
  return ::read(fd, &byte, 1) == 1;
}

/// Tells the clients of this user where the daemon is; withdrawn when the daemon stops.
class address_note {
public:
  address_note(std::filesystem::path file, std::string address)
      : file_{std::move(file)}, address_{std::move(address)} {
    std::ofstream{file_, std::ios::trunc} << address_ << '\n';
  }
  ~address_note() {
    std::ifstream in{file_};
    std::string line;
    // Another daemon may have taken the place since.
    if (std::getline(in, line) && line == address_)
      ::unlink(file_.c_str());
  }

private:
  std::filesystem::path file_;
  std::string address_;
};

/// The first line of `file`, which nobody but its owner should be able to read.
expected<void> read_secret(const std::string& file, std::string& out) {
  if (file.empty())
    return {};
  auto text = read_file(file);
  if (!text)
    return unexpected<error>{std::move(text).error()};
  out = text->substr(0, text->find_first_of("\r\n"));
  if (out.empty())
    return refuse(errc::invalid_argument, file + " is empty: its first line is the secret");
  return {};
}

expected<serve_options> read_options(const session& s, const serve_flags& flags) {
  setting_values given;
  auto file = flags.config.empty() ? environment("CARILLON_CONFIG") : flags.config;
  if (!file.empty()) {
    auto read = settings_of_file(file);
    if (!read)
      return unexpected<error>{std::move(read).error()};
    given = *std::move(read);
  }
  given = merge_settings(std::move(given), settings_of_environment());
  for (const auto& [name, text] : flags.texts)
    if (!text.empty())
      given[name] = text;
  for (const auto& [name, is_set] : flags.switches)
    if (is_set)
      given[name] = "true";
  auto out = to_options(given, data_directory(s));
  if (!out)
    return out;
  out->http.token = environment("CARILLON_TOKEN");
  auto& broker = out->engine.broker;
  for (const auto& [file, secret] : {std::pair{&out->cluster_key_file, &broker.key},
                                     std::pair{&out->broker_password_file, &broker.password}})
    if (auto read = read_secret(*file, *secret); !read)
      return unexpected<error>{std::move(read).error()};
  return out;
}

expected<void> make_directory(const std::filesystem::path& data) {
  std::error_code failure;
  const bool is_new = std::filesystem::create_directories(data, failure);
  if (failure)
    return refuse(errc::denied, "data directory " + data.string() + ": " + failure.message() +
                                    "; name another by --data");
  if (is_new)
    std::filesystem::permissions(data, std::filesystem::perms::owner_all, failure);
  return {};
}

/// Runs until a signal comes or the engine stops by itself. Returns the exit code.
int serve(scheduler& engine, const serve_options& options, const std::filesystem::path& note_file,
          int signals) {
  auto server = http_server::serve(engine, options.http);
  if (!server)
    return fail(server.error());
  if (auto started = engine.start(); !started)
    return fail(started.error());
  const address_note noted{note_file, server->address()};
  std::cerr << "ready " << server->address() << std::endl;
  bool is_asked = false;
  while (!is_asked && engine.state() == scheduler_state::started)
    is_asked = signal_came(signals, engine_check_ms);
  if (!is_asked) {
    note("the engine stopped by itself; the lines above say why");
    server->stop();
    return exit_failure;
  }
  options.engine.sink(log_level::info, "draining for up to " + to_string(options.drain_timeout) +
                                           "; a second signal ends it at once");
  std::thread{[signals] {
    signal_came(signals, -1);
    // Nothing acknowledged is lost, and supervised runs go on: the next start adopts them.
    std::_Exit(exit_failure);
  }}.detach();
  engine.stop(options.drain_timeout);
  server->stop();
  return exit_ok;
}

int run_serve(const session& s, const serve_flags& flags) {
  auto options = read_options(s, flags);
  if (!options)
    return fail(options.error());
  const auto data = data_directory(s);
  if (auto made = make_directory(data); !made)
    return fail(made.error());
  const int signals = catch_signals();
  if (signals < 0)
    return fail({errc::internal, std::string{"no pipe for signals: "} + std::strerror(errno)});
  options->engine.sink = log_lines(options->engine.node);
  auto engine = scheduler::open(options->engine);
  if (!engine)
    return fail(engine.error());
  return serve(*engine, *options, address_file(s), signals);
}

} // namespace

void add_serve(CLI::App& program, session& s) {
  auto flags = std::make_shared<serve_flags>();
  auto& command = subcommand(program, s, "serve", "Run the daemon",
                             [&s, flags] { return run_serve(s, *flags); });
  command.add_option("--config", flags->config, "TOML file with the same names as these flags");
  command.add_option("--data", s.data,
                     "Data directory: token, address and log (default: CARILLON_DATA, else "
                     "/var/lib/carillon for root and ~/.local/state/carillon for others)");
  for (const auto& each : settings()) {
    const std::string name{each.name};
    if (each.is_switch)
      command.add_flag("--" + name, flags->switches[name], std::string{each.about});
    else
      command.add_option("--" + name, flags->texts[name], std::string{each.about});
  }
}

} // namespace carillon::tools
