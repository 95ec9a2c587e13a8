#pragma once

#include "stores/event_log.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace carillon::stores {

/// Follows a chain of blocks: dense positions, hashes that continue each other, time that does not
/// go back. Pure.
class chain_checker {
public:
  explicit chain_checker(const base& start)
      : at_{start.at}, hash_{start.hash}, time_{start.time} {}

  /// The block whose stored bytes are `bytes`, under the key `last`, if it is the one that follows.
  /// Errors: corrupt, unsupported.
  expected<block> follow(position last, std::string_view bytes);

  position at() const noexcept { return at_; } ///< Last position followed.
  const digest& hash() const noexcept { return hash_; }

private:
  position at_;
  digest hash_;
  time_point time_;
};

struct verify_fault {
  position at = 0; ///< The first position that is not, or cannot be told to be, what was written.
  std::string message = {};
};

struct verify_report {
  position after = 0; ///< The base: what lies before it is not in the log.
  position to = 0;    ///< The last position found good.
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;
  std::optional<verify_fault> fault = {}; ///< The first one; none = the log is what was written.
};

/// Called with each good block, in order; an error ends the walk as a fault at the block's first
/// position.
using visit_block = std::function<expected<void>(const block&)>;

/// Reads the whole log from its base, recomputes the chain, decodes every body, and looks for
/// damage below the blocks. A fault is part of the report, not an error.
/// Errors: unavailable (could not be read for other reasons than damage).
expected<verify_report> verify(event_log& log, const visit_block& visit = {});

} // namespace carillon::stores
