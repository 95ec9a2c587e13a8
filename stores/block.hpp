#pragma once

#include "carillon/expected.hpp"
#include "events/level.hpp"
#include "stores/event_log.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Commits as the bytes of a block, and back. Pure. The format is told in docs/event-log.md.
namespace carillon::stores {

// On disk since 0.1: a block with a higher number is refused as unsupported.
inline constexpr std::uint8_t block_format = 1;

/// Largest body of a block, in bytes before compression; what does not fit is answered `full`.
inline constexpr std::size_t block_body_bytes_max = std::size_t{16} << 20;

/// Most records of one block.
inline constexpr std::uint32_t block_records_max = 1 << 17;

// On disk since 0.1: never renumber.
/// How a body is stored.
enum class body_codec : std::uint8_t { plain = 0, lz4 = 1 };

/// Everything a block says about itself beside its commits.
struct block_header {
  std::uint16_t level = events::first_level; ///< What a reader must understand.
  position first = 0;
  std::uint32_t count = 0; ///< Records.
  time_point time{};
  node_id node = {};
  std::uint64_t session = 0;
  digest previous{}; ///< Hash of the block before; zeros for the first.

  position last() const noexcept { return first + count - 1; }
};

/// The level that a reader of `c` must understand.
std::uint16_t level_of(const commit& c);

/// Collects the commits of one block.
class body_writer {
public:
  /// Appends `c` and says how many bytes that took.
  std::size_t add(const commit& c);
  /// Takes back everything after the first `size` bytes; `previous` is the commit before it.
  void cut(std::size_t size, const commit* previous);

  std::string_view bytes() const noexcept { return bytes_; }
  /// Where, in `bytes`, the part of the last commit begins that stands behind its meta.
  std::size_t records_at() const noexcept { return records_at_; }

private:
  std::string bytes_;
  std::size_t records_at_ = 0;
  const commit* previous_ = nullptr;
};

/// All of `meta`, as it stands in a commit whose flags say that everything differs: for stores that
/// put the commits of a block together themselves.
std::string whole_meta(const commit_meta& meta);

struct encoded_block {
  std::string bytes = {};
  digest hash{};
};

/// Header, body and hash as one value. The body is compressed when that makes it smaller.
encoded_block encode_block(const block_header& header, std::string_view body);

/// A block whose hash was recomputed and found right, its body unpacked but not decoded.
struct opened_block {
  block_header header;
  digest hash{};
  std::string body = {};
};

/// Errors: corrupt (also when its last position is not `last`), unsupported (newer format).
expected<opened_block> open_block(std::string_view bytes, position last);

/// Opens and decodes all commits. Errors: as `open_block`.
expected<block> decode_block(std::string_view bytes, position last);

/// Ids and first positions of a block's commits, without decoding their records.
expected<std::vector<std::pair<commit_id, position>>> commits_of(const opened_block& opened);

} // namespace carillon::stores
