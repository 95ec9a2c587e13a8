#pragma once

#include "bench/workload.hpp"
#include "carillon/scheduler.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

namespace carillon::bench {

/// Where a run keeps its log and its yardsticks. A directory made here is removed at the end; the
/// log of a given URL stays.
class workspace {
public:
  explicit workspace(const std::string& url);
  ~workspace();
  workspace(const workspace&) = delete;
  workspace& operator=(const workspace&) = delete;

  const std::string& url() const { return url_; }
  /// A path that does not exist yet, on the disk of the log.
  std::string yardstick_path() const { return (directory_ / "yardstick").string(); }
  /// Bytes of all files of the log; 0 when it is in memory.
  std::uint64_t log_bytes() const;

private:
  std::filesystem::path directory_;
  std::filesystem::path log_directory_;
  std::string url_;
};

/// Prints "carillon_bench: MESSAGE" and ends the program.
[[noreturn]] void give_up(const std::string& message);

/// The value, or the end of the program.
template <class T> T must(expected<T> result) {
  if (!result)
    give_up(result.error().message);
  if constexpr (!std::is_void_v<T>)
    return std::move(*result);
}

/// An open scheduler that does not snapshot or clean up while it is measured.
scheduler open_engine(const workspace& at, std::uint32_t max_concurrent_jobs);

/// Registers a handler that does nothing under the names of `count` tasks: "task-0" and on.
void register_noop_tasks(scheduler& engine, std::uint64_t count,
                         std::optional<std::uint32_t> limit);

/// Adds `count` jobs of `tasks` tasks, 1,000 a call with several calls in flight, and returns when
/// the last of them is recorded as finished. The wall time of it all, in seconds.
double run_noop_jobs(scheduler& engine, std::uint64_t count, std::uint64_t tasks);

} // namespace carillon::bench
