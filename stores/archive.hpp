#pragma once

#include "stores/event_log.hpp"

#include <cstdint>
#include <string>

/// Old blocks in a file of their own. Format: docs/event-log.md, "Archives".
namespace carillon::stores {

struct archive_report {
  position first = 0;
  position last = 0;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0; ///< Of the file.
  digest hash{};           ///< Chain hash at `last`: what the log's base then holds.
};

/// Writes the blocks up to `up_to`, which must be the end of a block, into a new file at `path`.
/// Durable when it returns. Errors: invalid_argument, conflict (the file exists), no_space,
/// unavailable, corrupt.
expected<archive_report> write_archive(event_log& log, position up_to, const std::string& path);

/// Reads an archive fully and recomputes its chain. Errors: not_found, corrupt.
expected<archive_report> verify_archive(const std::string& path);

/// Writes an archive, reads it back, and only then drops its blocks from the log. A snapshot has to
/// cover `up_to`. Errors: of all three steps; the log is untouched in that case.
expected<archive_report> retire(event_log& log, position up_to, const std::string& path);

} // namespace carillon::stores
