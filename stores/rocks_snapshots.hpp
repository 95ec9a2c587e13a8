#pragma once

#include "stores/event_log.hpp"
#include "stores/rocks.hpp"
#include "stores/snapshot_manifest.hpp"

#include <optional>

namespace carillon::stores {

/// Snapshots in one family of a database: chunks under their digests, then the manifest.
class rocks_snapshots {
public:
  rocks_snapshots(rocks& db, std::size_t family) : db_{db}, family_{family} {}

  /// Writes the chunks that are not there yet, then, synced, the manifest; removes what only older
  /// snapshots used. Errors: of `rocks::write`.
  expected<void> put(const snapshot& s);
  /// The newest snapshot; none when there is none, its format is strange or a chunk is damaged.
  expected<std::optional<snapshot>> load() const;
  expected<std::optional<snapshot_manifest>> manifest() const;

private:
  rocks& db_;
  std::size_t family_;
};

} // namespace carillon::stores
