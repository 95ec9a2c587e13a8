#include "tools/cli.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <pwd.h>
#include <unistd.h>

namespace carillon::tools {
namespace {

constexpr std::size_t file_bytes_max = 16U << 20;

/// What helps, by what went wrong; empty when the message says it all.
std::string_view advice(errc code) {
  switch (code) {
  case errc::denied: return "set CARILLON_TOKEN or --token-file to the daemon's token";
  case errc::overloaded: return "try again in a moment";
  case errc::no_space: return "make room on the disk of the log, then try again";
  default: return {};
  }
}

std::filesystem::path home() {
  if (const auto set = environment("HOME"); !set.empty())
    return set;
  const auto* user = ::getpwuid(::getuid());
  return user ? user->pw_dir : "/";
}

} // namespace

int exit_code_of(errc code) {
  switch (code) {
  case errc::invalid_argument:
  case errc::unsupported: return exit_usage;
  case errc::not_found: return exit_not_found;
  case errc::conflict:
  case errc::already_running: return exit_conflict;
  case errc::unavailable:
  case errc::overloaded:
  case errc::timed_out: return exit_unavailable;
  case errc::denied: return exit_denied;
  default: return exit_failure;
  }
}

CLI::App& subcommand(CLI::App& program, session& s, const std::string& name,
                     const std::string& about, std::function<int()> run) {
  auto& made = *program.add_subcommand(name, about);
  made.callback([&s, &made, run = std::move(run)] {
    // A subcommand below this one has set its own.
    if (made.get_subcommands().empty())
      s.run = run;
  });
  return made;
}

void add_json_option(CLI::App& command, session& s) {
  command.add_flag("--json", s.json, "Print JSON");
}

void add_client_options(CLI::App& command, session& s) {
  add_json_option(command, s);
  command.add_option("--url", s.url,
                     "The daemon: http://HOST:PORT or unix:PATH (default: CARILLON_URL, else the "
                     "one that wrote its address into the data directory)");
  command.add_option("--token-file", s.token_file,
                     "File with the bearer token (CARILLON_TOKEN goes before it)");
  command.add_option("--data", s.data, "Data directory (default: CARILLON_DATA, else by user)");
}

int fail(const error& e) {
  const bool names_field = !e.field.empty() && e.message.find(e.field) == std::string::npos;
  std::cerr << "carillon: " << (names_field ? e.field + ": " : "") << e.message << '\n';
  if (const auto help = advice(e.code); !help.empty())
    std::cerr << "carillon: " << help << '\n';
  return exit_code_of(e.code);
}

void note(std::string_view text) { std::cerr << "carillon: " << text << '\n'; }

std::filesystem::path data_directory(const session& s) {
  if (!s.data.empty())
    return s.data;
  if (const auto set = environment("CARILLON_DATA"); !set.empty())
    return set;
  if (::geteuid() == 0)
    return "/var/lib/carillon";
  if (const auto state = environment("XDG_STATE_HOME"); !state.empty())
    return std::filesystem::path{state} / "carillon";
  return home() / ".local/state/carillon";
}

std::filesystem::path address_file(const session& s) { return data_directory(s) / "address"; }
std::filesystem::path default_token_file(const session& s) { return data_directory(s) / "token"; }

std::string environment(const char* name) {
  const char* found = std::getenv(name);
  return found ? found : "";
}

const value& member(const value& object, std::string_view name) {
  static const value none;
  const auto* held = object.get_if<value::object>();
  if (!held)
    return none;
  const auto found = held->find(std::string{name});
  return found == held->end() ? none : found->second;
}

std::string text_at(const value& object, std::string_view name) {
  const auto* held = member(object, name).get_if<std::string>();
  return held ? *held : std::string{};
}

std::int64_t number_at(const value& object, std::string_view name) {
  const auto* held = member(object, name).get_if<std::int64_t>();
  return held ? *held : 0;
}

const value::array& list_at(const value& object, std::string_view name) {
  static const value::array none;
  const auto* held = member(object, name).get_if<value::array>();
  return held ? *held : none;
}

expected<std::string> read_file(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file)
      return refuse(errc::not_found, path + ": " + std::strerror(errno));
  }
  auto& in = path == "-" ? std::cin : static_cast<std::istream&>(file);
  std::string out;
  std::array<char, 65536> buffer{};
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    out.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
    if (out.size() > file_bytes_max)
      return refuse(errc::limit_exceeded, path + " is longer than 16 MiB");
  }
  if (in.bad())
    return refuse(errc::not_found, path + " can not be read: " + std::strerror(errno));
  return out;
}

} // namespace carillon::tools
