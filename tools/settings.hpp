#pragma once

#include "carillon/http.hpp"
#include "carillon/scheduler.hpp"
#include "tools/cli.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>

/// What `serve` can be told: the same names as flags (--max-concurrent-jobs), in the environment
/// (CARILLON_MAX_CONCURRENT_JOBS) and in the file (max-concurrent-jobs = 100).
namespace carillon::tools {

struct setting {
  std::string_view name;
  std::string_view about;
  bool is_switch = false; ///< A flag without a value.
};

std::span<const setting> settings();

/// Values as text, by name. Only what was given.
using setting_values = std::map<std::string, std::string>;

/// CARILLON_* of the environment.
setting_values settings_of_environment();

/// Reads a TOML file. Errors: not_found, invalid_argument with line and column, an unknown key with
/// a suggestion.
expected<setting_values> settings_of_file(const std::string& path);

/// Values of `over` win.
setting_values merge_settings(setting_values under, const setting_values& over);

/// What the daemon needs to start.
struct serve_options {
  scheduler_options engine;
  http_options http;
  duration drain_timeout = std::chrono::seconds{30};
  std::string cluster_key_file = {};     ///< To be read into `engine.broker.key`; empty = none.
  std::string broker_password_file = {}; ///< To be read into `engine.broker.password`.
};

/// Reads the texts. Errors: invalid_argument or unsupported, with the setting's name as field.
expected<serve_options> to_options(const setting_values& values, const std::filesystem::path& data);

} // namespace carillon::tools
