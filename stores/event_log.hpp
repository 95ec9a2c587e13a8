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
  commit_id id = {};             ///< The command's id; a repeated one is answered `duplicate`.
  position known = 0;            ///< Up to where the writer had applied the log.
  std::vector<key> guards = {};  ///< What was relied on: touched after `known` = conflict.
  std::vector<key> touches = {}; ///< Named keys touched beside the streams of `events` and `id`.
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
  digest hash{};     ///< Chain hash of the last block.
  time_point time{}; ///< Block time: never goes back.
};

struct append_result {
  std::vector<outcome> outcomes; ///< One per commit, in order.
  head after;                    ///< The head after the append, with the new block's time.
  position first = 0;            ///< Of the block; 0 = no commit passed, there is none.
  digest previous{};             ///< Chain hash before the block.
  /// Shared logs: the block as it is stored, to tell others of it. May be empty: read it then.
  std::string bytes = {};
};

/// A commit as it stands in the log.
struct recorded_commit {
  commit_id id = {};
  /// Never null; neighbours that say the same share it.
  std::shared_ptr<const commit_meta> meta = {};
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
  position at = 0; ///< Reads start after it. 0 = nothing was dropped.
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

class session_store;

/// A log. Blocking; used by one thread at a time, but for `read`, `read_raw` and `get_blob`, which
/// any thread may call meanwhile.
///
/// A log that only one process can have open has one writer. One that many share (PostgreSQL) has
/// one per session of `sessions()`, an own clock, and answers `unavailable` while it is away.
class event_log {
public:
  virtual ~event_log() = default;

  /// Makes `node` a writer. With one writer, every older session is fenced from now on; in a shared
  /// log, the older one of the same node, which must have expired: see `session_store::open`, of
  /// which this is the short form. Errors: unavailable; conflict (the node's name is held).
  virtual expected<session> open_session(const node_id& node) = 0;

  /// Appends each commit whole or not at all, all that pass in one block. Durable when it returns.
  /// Block time is the later of the time of the block before and `now`, or the log's own clock.
  /// Errors: no_space (nothing was written), unavailable: the log is broken and takes no more, or,
  /// when it `recovers`, it is away and what became of the commits is not known. Then the same
  /// commits are to be offered again until there is an answer: it tells what became of the first
  /// offer, if that arrived. corrupt ("log regressed: ..."): it is no longer the log we knew.
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

  /// True: after `unavailable` it is worth while to call again. False: it is broken for good.
  virtual bool recovers() const { return false; }
  /// The sessions of those who share the log, to be used from any thread; null = nobody can share
  /// it. Lives as long as the log.
  virtual session_store* sessions() { return nullptr; }
  /// Tells a shared log of a block that came another way than by `read`, each when the one before
  /// it was told or read: saves it from asking for commit ids itself. From any thread.
  virtual void learn(const block&) {}
};

struct log_options {
  bool read_only = false;        ///< For tools: no lock, no writes; a view that `catch_up` renews.
  bool accept_data_loss = false; ///< Open a log that ends before its durable mark.
  /// Shared logs: how long a call goes on trying before it answers `unavailable`.
  duration patience = std::chrono::seconds{5};
  /// Shared logs: the directory of this node's own history; empty = it is in memory.
  std::string history_directory = {};
};

/// Whether nodes in several processes may write the log at `url`.
bool is_shared(std::string_view url);

/// Opens "memory:", "rocksdb:DIRECTORY" or "postgres://...?schema=NAME".
/// Errors: invalid_argument (unknown URL), conflict (names the process that holds it), corrupt,
/// unavailable (the database is away), unsupported (the schema needs `carillon migrate`).
expected<std::unique_ptr<event_log>> open_log(std::string_view url,
                                              const log_options& options = {});

/// Key of the stream of one entity.
key stream_key(stream_category category, std::string_view id);
key stream_key(const job_id& id);
key commit_key(const commit_id& id);
/// Key of one of the slots that `max_running_jobs` gives a task: see `job_acquired::slot`.
key slot_key(const task_id& task, std::uint32_t slot);
/// Key of the log's format level: guarded and touched by whoever raises it.
key level_key();
/// Touched by every commit that makes a schedule name the calendar.
key calendar_use_key(const calendar_id& calendar);
/// Touched by every commit that makes a schedule or a job of no schedule use the task, or that ends
/// a schedule's use of it: whoever counted the uses before has to count again.
key task_use_key(const task_id& task);
/// Key of the stream that `e` belongs to.
key stream_key_of(const event& e);

} // namespace carillon::stores
