#pragma once

#include "carillon/expected.hpp"
#include "carillon/value.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// What the subcommands share: options, output, errors and exit codes.
namespace carillon::tools {

/// Exit codes; stable, and documented in docs/cli.md.
enum exit_code : int {
  exit_ok = 0,
  exit_failure = 1,
  exit_usage = 2,
  exit_not_found = 3,
  exit_conflict = 4,
  exit_unavailable = 5,
  exit_denied = 6,
};

/// The exit code that stands for `code`.
int exit_code_of(errc code);

/// One run of the program.
struct session {
  bool json = false;                  ///< --json
  std::string url = {};               ///< --url
  std::string token_file = {};        ///< --token-file
  std::string data = {};              ///< --data
  std::vector<std::string> tail = {}; ///< What stood after "--".
  bool has_tail = false;
  std::function<int()> run = {}; ///< Set by the subcommand that was chosen.
};

/// Adds a subcommand to the program.
using add_subcommand = void (*)(CLI::App& program, session& s);

/// Makes a subcommand; `run` is called when it was chosen and its options were read.
CLI::App& subcommand(CLI::App& program, session& s, const std::string& name,
                     const std::string& about, std::function<int()> run);

/// --json
void add_json_option(CLI::App& command, session& s);
/// --json, --url, --token-file, --data: how to reach a daemon.
void add_client_options(CLI::App& command, session& s);

/// Writes "carillon: MESSAGE" with the field at fault, and what to do next if that is known.
/// Returns the exit code.
int fail(const error& e);

/// A line for people, on standard error.
void note(std::string_view text);

/// --data, else CARILLON_DATA, else /var/lib/carillon for root and
/// ${XDG_STATE_HOME:-$HOME/.local/state}/carillon for everyone else.
std::filesystem::path data_directory(const session& s);
/// Where the daemon writes its address for the clients, and its token.
std::filesystem::path address_file(const session& s);
std::filesystem::path default_token_file(const session& s);

/// The environment variable's value; empty when it is not set.
std::string environment(const char* name);

/// A JSON object's member as text; empty when absent, null or no string.
std::string text_at(const value& object, std::string_view name);
/// A member; null when absent.
const value& member(const value& object, std::string_view name);
/// A member as a whole number; 0 when absent.
std::int64_t number_at(const value& object, std::string_view name);
/// A member as a list; empty when absent.
const value::array& list_at(const value& object, std::string_view name);

/// Reads a whole file, "-" = standard input. Errors: not_found, limit_exceeded (over 16 MiB).
expected<std::string> read_file(const std::string& path);

} // namespace carillon::tools
