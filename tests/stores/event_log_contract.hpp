#pragma once

#include "stores/memory_sessions.hpp"
#include "stores/sessions.hpp"
#include "tests/stores/log_support.hpp"
#include "tests/support/postgres_server.hpp"

#include <functional>
#include <memory>
#include <string>

namespace carillon::stores::testing {

/// One kind of log, for the suite in event_log_test.cpp. A new store joins it with one more line
/// in `all_logs`.
struct log_under_test {
  std::string name;
  /// Opens the log; called again after the log was closed, it opens the same one.
  std::function<expected<std::unique_ptr<event_log>>()> open;
  bool survives_closing = true;
  bool is_shared = false; ///< Has many writers, a clock of its own, and keeps what was touched.
};

/// How many kinds of log there are.
inline std::size_t kinds_of_log() {
  return carillon::testing::postgres_server::available() ? 4 : 3;
}

/// One kind of log, empty. `directory` outlives it.
inline log_under_test make_log(std::size_t kind, const temp_directory& directory) {
  if (kind == 0)
    return {"memory", [] { return open_log("memory:"); }, false};
  if (kind == 1)
    return {"rocksdb", [url = directory.url()] { return open_log(url); }, true};
  if (kind == 2)
    return {"shared memory",
            [memory = make_shared_memory(wall_clock())] {
              return expected<std::unique_ptr<event_log>>{open_shared_memory(memory)};
            },
            true, true};
  auto url = carillon::testing::fresh_postgres_log();
  return {"postgres", [url] { return open_log(url); }, true, true};
}

/// Opens a session that nobody has to renew, over the one before, which is over.
inline session open_for_test(event_log& log, const std::string& node, std::uint64_t previous = 0) {
  if (log.sessions() == nullptr)
    return must(log.open_session(node_id{node}));
  return must(log.sessions()->open(
      {.node = node_id{node}, .ttl = std::chrono::hours{1}, .previous = previous}));
}

} // namespace carillon::stores::testing
