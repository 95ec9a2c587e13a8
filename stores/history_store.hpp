#pragma once

#include "carillon/event.hpp"
#include "carillon/job.hpp"
#include "stores/event_log.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Finished jobs and what each stream's blocks are: an index on disk, built from the log behind the
/// commit path and rebuilt from it when it is lost.
namespace carillon::stores {

/// What a finished job leaves behind.
struct finished_job {
  job_id id = {};
  task_id task = {};
  schedule_id schedule = {};                 ///< Empty for ad-hoc jobs.
  std::optional<time_point> fire_time = {};  ///< Before jitter; none for ad-hoc jobs.
  duration jitter = {};
  std::optional<time_point> deadline = {};
  time_point created_at{};
  std::optional<time_point> started_at = {}; ///< None: it never ran.
  time_point finished_at{};
  job_outcome outcome = job_outcome::success;
  std::uint32_t attempts = 0;
  node_id node = {};                         ///< Where its last attempt ran; empty: it never ran.
  position fence = 0;                        ///< Of its last claim; 0: it was never claimed.
  position added_at = 0;                     ///< Of its `job_added`.
  position finished_at_position = 0;         ///< Of its `job_finished`.
  payload args = {};
  payload result = {};
  payload output = {};
  std::optional<error_info> error = {};
  std::optional<time_point> result_expires_at = {};
  std::string executor = {};
  metadata meta = {};

  bool operator==(const finished_job&) const = default;
};

/// The block that ends at `block` has records of the stream `stream`.
struct stream_touch {
  key stream = 0;
  position block = 0;
};

/// Most jobs of a page.
inline constexpr std::size_t history_page_max = 1000;

/// Which finished jobs; what is not set does not matter.
struct history_query {
  std::optional<schedule_id> schedule = {};
  std::optional<task_id> task = {};
  std::optional<job_outcome> outcome = {};
  std::optional<time_point> from = {}; ///< Finished at or after.
  std::optional<time_point> to = {};   ///< Finished before.
  std::size_t limit = 100;             ///< 1 to `history_page_max`.
  std::string cursor = {};             ///< `next` of the page before; empty = from the newest.
};

/// Newest first, in the order in which the jobs' ends stand in the log.
struct history_page {
  std::vector<finished_job> jobs = {};
  std::string next = {}; ///< Cursor of the page that follows; empty = this is the last.
};

/// Blocking; each object is used by one thread at a time. Writes are not synced: what a crash takes
/// is applied again from `checkpoint`, and applying the same twice changes nothing.
class history_store {
public:
  virtual ~history_store() = default;

  /// Adds what the blocks up to `checkpoint` brought; all of it or nothing. Errors: no_space,
  /// unavailable.
  virtual expected<void> apply(position checkpoint, std::span<const finished_job> jobs,
                               std::span<const stream_touch> touches) = 0;
  /// Up to where the log was applied; 0 = nothing yet.
  virtual expected<position> checkpoint() = 0;
  virtual expected<std::optional<finished_job>> find(const job_id& id) = 0;
  /// Errors: invalid_argument (`limit`, `cursor`).
  virtual expected<history_page> query(const history_query& q) = 0;
  /// Last positions of the blocks after `after` that touch `stream`, oldest first.
  virtual expected<std::vector<position>> blocks_of(key stream, position after,
                                                    std::size_t limit) = 0;
  /// Forgets everything, the checkpoint too.
  virtual expected<void> clear() = 0;
  /// Removes at most `limit` of the oldest jobs that finished before `finished_before`; stops at
  /// the first that did not. Says how many.
  virtual expected<std::size_t> prune(time_point finished_before, std::size_t limit) = 0;
  /// Read-only stores: sees what the writer has applied since.
  virtual expected<void> catch_up() { return {}; }
};

/// Opens the history that belongs to the log at `url`. Errors: as `open_log`. A log that nodes
/// share keeps none: each node has its own, rebuilt from the log, in memory unless the URL of a
/// RocksDB directory is given instead.
expected<std::unique_ptr<history_store>> open_history(std::string_view url,
                                                      const log_options& options = {});

} // namespace carillon::stores
