#pragma once

#include "carillon/expected.hpp"
#include "carillon/ids.hpp"
#include "cluster/envelope.hpp"
#include "cluster/topics.hpp"
#include "cluster/transport.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Committed blocks on their way to the other nodes.
namespace carillon::cluster {

/// SHA-256, as in the log.
using digest = std::array<std::uint8_t, 32>;

/// A committed block as it travels. Without bytes it only says that there is one.
struct block_message {
  position first = 0;
  position last = 0;
  digest previous{};      ///< Chain hash of the block before.
  digest hash{};          ///< Its own.
  node_id node = {};      ///< Who committed it.
  std::string bytes = {}; ///< As they stand in the log; empty = fetch it from there.

  bool operator==(const block_message&) const = default;
};

/// The body of a message. Names of nodes are at most `name_bytes_max` long.
std::string encode(const block_message& m);

/// Errors: corrupt (too short, positions that cannot be), unsupported (a newer format).
expected<block_message> decode_block_message(std::string_view bytes);

struct block_options {
  /// Larger blocks are announced without their bytes. Keep it below the broker's packet limit.
  std::size_t bytes_max = 256 * 1024;
  /// The broker forgets a block after so long: by then everyone has polled.
  std::chrono::seconds expiry{60};
};

/// Seals `m` for `names.blocks()`.
message to_message(const block_message& m, const topics& names, sealer& seal,
                   const block_options& options = {});

/// A block and whether it carried the cluster's MAC.
struct received_block {
  block_message block;
  bool authentic = false;
};

/// Opens what came in on `names.blocks()`. Errors: as `sealer::open` and `decode_block_message`.
expected<received_block> open_block(const message& m, sealer& seal);

} // namespace carillon::cluster
