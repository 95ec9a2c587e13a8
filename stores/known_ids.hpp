#pragma once

#include "carillon/ids.hpp"
#include "stores/conflicts.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace carillon::stores {

/// The newest commit ids, and up to where they are known without a gap. From any thread.
class known_ids {
public:
  /// All ids up to `seen` are known from now on, or need not be.
  void start(position seen) {
    const std::lock_guard hold{mutex_};
    seen_ = seen;
  }

  /// Adds the commits of the block from `first` to `last`.
  void note(position first, position last,
            const std::vector<std::pair<commit_id, position>>& commits) {
    const std::lock_guard hold{mutex_};
    for (const auto& [id, at] : commits)
      if (!id.empty())
        recent_.put(id, at);
    if (first <= seen_ + 1 && last > seen_)
      seen_ = last;
  }

  /// Up to where the ids of all blocks were noted.
  position seen() const {
    const std::lock_guard hold{mutex_};
    return seen_;
  }

  /// Calls `use(recent, seen)` while nobody adds to them.
  template <class Use> auto with(Use use) const {
    const std::lock_guard hold{mutex_};
    return use(recent_, seen_);
  }

private:
  mutable std::mutex mutex_;
  recent_commits recent_;
  position seen_ = 0;
};

} // namespace carillon::stores
