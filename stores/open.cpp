#include "stores/event_log.hpp"
#include "stores/history_store.hpp"
#include "stores/logs.hpp"
#include "stores/postgres_connection.hpp"

#include <fmt/core.h>

namespace carillon::stores {
namespace {

struct log_url {
  bool in_memory = false;
  bool in_postgres = false;
  std::string directory = {};
};

expected<log_url> parse(std::string_view url) {
  constexpr std::string_view rocksdb = "rocksdb:";
  if (url == "memory:")
    return log_url{.in_memory = true};
  if (url.starts_with(rocksdb)) {
    std::string directory{url.substr(rocksdb.size())};
    if (directory.empty())
      return refuse(errc::invalid_argument, "'rocksdb:' lacks a directory: rocksdb:DIRECTORY",
                    "log");
    return log_url{.directory = std::move(directory)};
  }
  if (is_postgres_url(url))
    return log_url{.in_postgres = true};
  return refuse(errc::invalid_argument,
                fmt::format("'{}' is no log URL: memory:, rocksdb:DIRECTORY or postgres://...",
                            url), "log");
}

} // namespace

bool is_shared(std::string_view url) { return is_postgres_url(url); }

expected<std::unique_ptr<event_log>> open_log(std::string_view url, const log_options& options) {
  auto parsed = parse(url);
  if (!parsed)
    return unexpected<error>{std::move(parsed).error()};
  if (parsed->in_memory)
    return make_memory_log();
  if (parsed->in_postgres)
    return open_postgres_log(url, options);
  return open_rocksdb_log(parsed->directory, options);
}

expected<std::unique_ptr<history_store>> open_history(std::string_view url,
                                                      const log_options& options) {
  auto parsed = parse(url);
  if (!parsed)
    return unexpected<error>{std::move(parsed).error()};
  if (parsed->in_memory || (parsed->in_postgres && options.history_directory.empty()))
    return make_memory_history();
  if (parsed->in_postgres)
    return open_rocksdb_history(options.history_directory, options);
  return open_rocksdb_history(parsed->directory, options);
}

unexpected<error> gone_before(position base, position after) {
  return refuse(errc::gone, fmt::format("position {} was archived: the log begins after {}",
                                        after + 1, base));
}

unexpected<error> snapshot_of_other_history(position at) {
  return refuse(errc::invalid_argument,
                fmt::format("snapshot at position {} is not of this log: no block with its hash "
                            "ends there", at));
}

unexpected<error> not_the_end_of_a_block(position at) {
  return refuse(errc::invalid_argument, fmt::format("no block ends at position {}", at));
}

unexpected<error> no_snapshot_covers(position at, position newest) {
  return refuse(errc::conflict, fmt::format("position {} is not covered by a snapshot: the newest "
                                            "is at {}", at, newest));
}

} // namespace carillon::stores
