#pragma once

#include "carillon/scheduler.hpp"

#include <atomic>
#include <chrono>
#include <string>

namespace carillon::http {

/// Writes the log as server-sent events, from a position on.
class event_stream {
public:
  /// `is_stopping` becomes true when the server stops; it must outlive the stream, as must
  /// `engine`.
  event_stream(scheduler& engine, position after, const std::atomic<bool>& is_stopping)
      : engine_{engine}, after_{after}, is_stopping_{is_stopping} {}

  /// The text to send next, after waiting up to a second for some; empty when there is none yet.
  /// Errors: unavailable (the server stops), gone, corrupt.
  expected<std::string> next();

private:
  scheduler& engine_;
  position after_;
  const std::atomic<bool>& is_stopping_;
  std::chrono::steady_clock::time_point last_write_ = std::chrono::steady_clock::now();
};

} // namespace carillon::http
