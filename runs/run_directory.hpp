#pragma once

#include "runs/run_files.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::runs {

/// Names a run: `<job uuid>-<fence>` is also the name of its directory.
struct run_key {
  job_id job;
  std::uint64_t fence = 0;
  auto operator<=>(const run_key&) const = default;
};

/// The name of the run's directory, and back (nothing for a name that is not one of ours).
std::string name_of(const run_key& key);
std::optional<run_key> key_of(std::string_view name);

/// A descriptor that is closed at the end.
class unique_fd {
public:
  explicit unique_fd(int fd = -1) : fd_{fd} {}
  unique_fd(unique_fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~unique_fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

private:
  int fd_;
};

/// The directory that holds the run directories. Thread-safe: each call works on one run's own
/// files.
class run_directories {
public:
  /// Makes `path` (mode 0700) if it is missing. Errors: internal, no_space.
  static expected<run_directories> open(const std::filesystem::path& path);

  /// Makes the run's directory with its spec, and holds its lock: the caller hands the descriptor
  /// to the supervisor. Errors: conflict (the run exists), limit_exceeded, no_space, internal; then
  /// nothing is left.
  expected<unique_fd> create(const run_key& key, const run_spec& spec) const;
  /// Does the supervisor hold the lock, that is, live?
  bool is_locked(const run_key& key) const;
  /// A descriptor of the supervisor's process; none while it has not said who it is, or has ended.
  unique_fd open_supervisor(const run_key& key) const;
  /// Leaves the grace of a cancel request for the supervisor. Errors: internal, no_space.
  expected<void> write_cancel(const run_key& key, duration grace) const;
  /// The outcome of a run whose supervisor has ended. Without one, kills what it left and says
  /// `lost`.
  run_outcome collect(const run_key& key) const;
  /// Removes all of the run's files.
  void remove(const run_key& key) const;
  /// All runs that have a directory.
  std::vector<run_key> list() const;
  /// The absolute path of the run's directory.
  std::filesystem::path path_of(const run_key& key) const { return path_ / name_of(key); }

private:
  explicit run_directories(std::filesystem::path path) : path_{std::move(path)} {}
  unique_fd open_run(const run_key& key) const;

  std::filesystem::path path_; // absolute
};

} // namespace carillon::runs
