#pragma once

#include "stores/event_log.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::stores {

/// Names the chunks of a snapshot by their digests. Written after them: a snapshot is there when
/// its manifest is.
struct snapshot_manifest {
  struct chunk {
    std::string name = {};
    digest of{}; ///< SHA-256 of its bytes.
  };
  position at = 0;
  digest hash{};
  std::vector<chunk> chunks = {};
};

std::string encode_manifest(const snapshot_manifest& m);
/// None when the bytes are not whole or of a format that this build does not know.
std::optional<snapshot_manifest> decode_manifest(std::string_view bytes);

} // namespace carillon::stores
