#pragma once

#include "carillon/expected.hpp"
#include "carillon/ids.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::actors {

/// What a node that shares its log keeps for itself: the lock that says that no older process of
/// this node lives, the token of its session, its history, its runs. A process that has the lock
/// and knows the token takes its session over at once; any other has to wait until it expires.
class node_directory {
public:
  /// Locks `path`, made if need be, for node `node` of the log at `url`. Without a path, a folder
  /// for this process alone, removed with the object.
  /// Errors: conflict (names the process that holds it), denied.
  static expected<std::unique_ptr<node_directory>> open(std::filesystem::path path,
                                                        const node_id& node, std::string_view url);
  ~node_directory();
  node_directory(const node_directory&) = delete;
  node_directory& operator=(const node_directory&) = delete;

  /// Token of the last session of this node in this log; 0 = none is known.
  std::uint64_t last_session() const;
  void keep_session(std::uint64_t token) const;

  std::filesystem::path history() const { return path_ / ("history-" + log_); }
  std::filesystem::path runs() const { return path_ / "runs"; }
  std::filesystem::path lease_file() const { return path_ / "lease"; }

private:
  node_directory(std::filesystem::path path, std::string log, bool is_temporary, int lock)
      : path_{std::move(path)}, log_{std::move(log)}, is_temporary_{is_temporary}, lock_{lock} {}
  std::filesystem::path session_file() const { return path_ / ("session-" + log_); }

  std::filesystem::path path_;
  std::string log_; ///< Tells the log and the node from others in the same directory.
  bool is_temporary_ = false;
  int lock_ = -1;
};

} // namespace carillon::actors
