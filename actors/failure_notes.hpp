#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace carillon::actors {

/// Between two lines about one failure that goes on.
inline constexpr duration failure_reminder = std::chrono::minutes{1};

/// Which failures of something that is tried over and over are worth a line: the first, one of
/// another kind, and a reminder now and then. Times are of a clock that does not jump.
class failure_notes {
public:
  /// It has failed with `code` at `now`. True: say so.
  bool failed(errc code, duration now) {
    if (code_ == code && now < said_at_ + failure_reminder)
      return false;
    code_ = code;
    said_at_ = now;
    return true;
  }
  /// It works. True: it did not, and somebody was told.
  bool works() { return std::exchange(code_, std::nullopt).has_value(); }

private:
  std::optional<errc> code_; ///< Of the last failure; none = it works.
  duration said_at_{};
};

} // namespace carillon::actors
