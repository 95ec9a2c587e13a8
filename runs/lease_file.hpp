#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <filesystem>

namespace carillon::runs {

/// Time since boot (CLOCK_BOOTTIME), suspend included: what a node's deadline is counted on.
duration boot_now();

/// The file by which a node tells its supervisors until when its session holds. It names the boot
/// as well: a deadline from before a reboot means nothing.
struct lease_file {
  /// Replaces the file at `path` at once or not at all; to be called after each renewal, by one
  /// thread. `deadline` is on the clock of `boot_now`. Errors: no_space, internal.
  static expected<void> write(const std::filesystem::path& path, duration deadline);
  /// The deadline. Errors: not_found, corrupt (damaged, or written in another boot), internal.
  static expected<duration> read(const std::filesystem::path& path);
};

} // namespace carillon::runs
