#pragma once

#include "carillon/event.hpp"
#include "carillon/ids.hpp"
#include "carillon/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The one agreed order of events, on disk. Format: docs/event-log.md.
namespace carillon::stores {

using digest = std::array<std::uint8_t, 32>;

/// 64-bit hash of a name that a commit touches or relies on. A false match costs a retry, no more.
using key = std::uint64_t;

/// One decision: appended whole or not at all.
struct commit {
  commit_id id = {};              ///< The command's id; a repeated one is answered `duplicate`.
  position known = 0;             ///< Up to where the writer had applied the log.
  std::vector<key> guards = {};   ///< What was relied on: touched after `known` = conflict.
  std::vector<key> touches = {};  ///< Named keys touched beside the streams of `events` and `id`.
  std::optional<time_point> not_before = {}; ///< Refused as too_early before this block time.
  commit_meta meta = {};
  std::vector<event> events = {};
};

enum class outcome_kind : std::uint8_t { appended, conflict, duplicate, fenced, too_early, full };

/// What became of one commit.
struct outcome {
  outcome_kind kind = outcome_kind::appended;
  position at = 0; ///< appended, duplicate: first position; conflict: where the guard was touched.
  key conflicting = 0; ///< conflict only.
};

/// Who appends. An append with an older token than the newest opened one is `fenced`.
struct session {
  node_id node = {};
  std::uint64_t token = 0;
};

/// The end of the log.
struct head {
  position at = 0;
  digest hash{};       ///< Chain hash of the last block.
  time_point time{};   ///< Block time: never goes back.
};

struct append_result {
  std::vector<outcome> outcomes; ///< One per commit, in order.
  head after;                    ///< The head after the append, with the new block's time.
};

/// A commit as it stands in the log.
struct recorded_commit {
  commit_id id = {};
  commit_meta meta = {};
  position first = 0;
  std::vector<event> events = {};
};

/// What one append made durable, decoded.
struct block {
  position first = 0;
  std::uint32_t count = 0; ///< Records.
  time_point time{};
  node_id node = {};
  std::uint64_t session = 0;
  digest previous{};
  digest hash{};
  std::vector<recorded_commit> commits = {};
};

/// Part of a snapshot: the bytes of one share of the state.
struct snapshot_chunk {
  std::string name = {};
  std::string bytes = {};
};

/// The state as of a position.
struct snapshot {
  position at = 0;
  digest hash{}; ///< Chain hash at `at`: a snapshot of another history is refused.
  std::vector<snapshot_chunk> chunks = {};
};

/// The oldest position kept: everything up to it was archived and dropped.
struct base {
  position at = 0;  ///< Reads start after it. 0 = nothing was dropped.
  digest hash{};
  time_point time{};
};

/// A block as it is stored.
struct raw_block {
  position last = 0; ///< The position of its last record, which is its key.
  std::string bytes = {};
};

/// Damage that can be seen without reading blocks.
struct storage_damage {
  position at = 0; ///< The first position that may be affected.
  std::string message = {};
};

/// What a log has done since it was opened.
struct log_stats {
  std::uint64_t syncs = 0; ///< Writes that waited for the disk.
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0; ///< Of the blocks, as written.
};

/// A log. Blocking; used by one thread at a time, but for `read`, `read_raw` and `get_blob`, which
/// any thread may call meanwhile.
class event_log {
public:
  virtual ~event_log() = default;

  /// Makes `node` the writer; every older session is fenced from now on. Errors: unavailable.
  virtual expected<session> open_session(const node_id& node) = 0;

  /// Appends each commit whole or not at all, all that pass in one block. Durable when it returns.
  /// Block time is the later of `now` and the time of the block before.
  /// Errors: no_space (nothing was written), unavailable (the log is broken and takes no more).
  virtual expected<append_result> append(const session& who, time_point now,
                                         std::span<const commit> commits) = 0;

  /// Blocks after `after`, oldest first, until `bytes_max` stored bytes are reached (at least one).
  /// The first of them begins before when `after` lies inside a block. None = `after` is the head.
  /// Decoded blocks take some 25 times their bytes: pieces of 64 to 256 KiB are the fastest.
  /// Errors: gone (before the base), corrupt with the position.
  virtual expected<std::vector<block>> read(position after, std::size_t bytes_max) = 0;

  virtual expected<stores::head> head() = 0;
  virtual expected<stores::base> base() = 0;

  /// Keeps `bytes` under their SHA-256, durable at the latest with the next append.
  virtual expected<blob_ref> put_blob(std::string_view bytes) = 0;
  /// Errors: not_found, corrupt.
  virtual expected<std::string> get_blob(const blob_ref& ref) = 0;

  /// Replaces the newest snapshot; chunks whose bytes did not change are not written again.
  virtual expected<void> put_snapshot(const snapshot& s) = 0;
  /// The newest whole snapshot; none when there is none or its format is strange.
  virtual expected<std::optional<snapshot>> load_snapshot() = 0;

  /// Drops all blocks up to `at`, which must be a block's last position covered by a snapshot.
  virtual expected<void> drop_before(position at) = 0;

  /// As `read`, without looking into the blocks. Errors: gone, corrupt (cannot be read at all).
  virtual expected<std::vector<raw_block>> read_raw(position after, std::size_t bytes_max) = 0;
  /// Looks for damage below the blocks: table files, a tail that was lost. None = all is well.
  virtual expected<std::optional<storage_damage>> find_damage() {
    return std::optional<storage_damage>{};
  }
  /// Read-only logs: sees what the writer has appended since.
  virtual expected<void> catch_up() { return {}; }
  virtual log_stats stats() const = 0;
};

struct log_options {
  bool read_only = false;        ///< For tools: no lock, no writes; a view that `catch_up` renews.
  bool accept_data_loss = false; ///< Open a log that ends before its durable mark.
};

/// Opens "memory:" or "rocksdb:DIRECTORY".
/// Errors: invalid_argument (unknown URL), conflict (names the process that holds it), corrupt.
expected<std::unique_ptr<event_log>> open_log(std::string_view url,
                                              const log_options& options = {});

/// Key of the stream of one entity.
key stream_key(stream_category category, std::string_view id);
key stream_key(const job_id& id);
key commit_key(const commit_id& id);
/// Key of the stream that `e` belongs to.
key stream_key_of(const event& e);

} // namespace carillon::stores
