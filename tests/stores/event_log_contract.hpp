#pragma once

#include "tests/stores/log_support.hpp"

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
};

/// The kinds of log there are, each empty. `directory` outlives them.
inline std::vector<log_under_test> all_logs(const temp_directory& directory) {
  return {
      {"memory", [] { return open_log("memory:"); }, false},
      {"rocksdb", [url = directory.url()] { return open_log(url); }, true},
  };
}

} // namespace carillon::stores::testing
