#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// A kind of trigger that the program brings along: `custom_rule` names it by type and version
/// (CMB-07). Both functions are called from several threads at once, and must be pure and quick:
/// the same arguments give the same answer on every node, for ever. A change that moves fire times
/// takes a new version.
struct custom_trigger {
  std::string type; ///< 1 to 64 letters, digits and . _ -, such as "acme.tides".
  std::uint32_t version = 1;
  /// Checks the JSON that a user gave and returns what is stored in its place; giving it that again
  /// changes nothing. Its errors refuse the schedule. Empty: everything is taken as it is.
  std::function<expected<std::string>(std::string_view config)> resolve = {};
  /// The first fire time at or after `from`; none when there is no more.
  std::function<std::optional<time_point>(std::string_view config, time_point from)> next = {};
};

/// Makes a type known to this process, before its scheduler starts. A schedule whose type a node
/// does not know is left alone there, and reported in that node's log: it keeps its fire times and
/// goes on where the type is known.
/// Errors: invalid_argument (the name, or `next` is empty), conflict (type and version are taken).
expected<void> register_trigger(custom_trigger trigger);

} // namespace carillon
