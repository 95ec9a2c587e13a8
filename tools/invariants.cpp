#include "tools/invariants.hpp"

namespace carillon::tools {
namespace {

unexpected<error> broken(position at, const job_id& id, const std::string& what) {
  return refuse(errc::corrupt,
                "position " + std::to_string(at) + ": job " + to_string(id) + ' ' + what);
}

} // namespace

expected<void> invariants::check(const stores::block& block) {
  for (const auto& commit : block.commits)
    for (std::size_t i = 0; i < commit.events.size(); ++i)
      if (auto good = check(commit.first + i, commit.events[i]); !good)
        return good;
  return {};
}

expected<void> invariants::check(position at, const event& what) {
  if (const auto* e = std::get_if<job_added>(&what)) {
    if (!open_.emplace(e->id, open_job{}).second)
      return broken(at, e->id, "was added twice");
    return {};
  }
  if (const auto* e = std::get_if<job_acquired>(&what)) {
    const auto job = find(at, e->id);
    if (!job)
      return unexpected<error>{job.error()};
    if ((*job)->fence != 0)
      return broken(at, e->id,
                    "was claimed while the claim of " + std::to_string((*job)->fence) + " held");
    (*job)->fence = at;
    return {};
  }
  if (const auto* e = std::get_if<job_released>(&what))
    return check_fence(at, e->id, e->fence);
  if (const auto* e = std::get_if<lease_lost>(&what))
    return check_fence(at, e->id, e->fence);
  if (const auto* e = std::get_if<job_finished>(&what)) {
    if (e->fence != 0) {
      // An abandoned job ends under the fence whose loss stands right before it.
      const auto job = find(at, e->id);
      if (!job)
        return unexpected<error>{job.error()};
      const bool is_after_loss = (*job)->fence == 0 && (e->outcome == job_outcome::abandoned ||
                                                        e->outcome == job_outcome::discarded);
      if (!is_after_loss)
        if (auto good = check_fence(at, e->id, e->fence); !good)
          return good;
    } else if (const auto job = find(at, e->id); !job) {
      return unexpected<error>{job.error()};
    }
    open_.erase(e->id);
  }
  return {};
}

expected<invariants::open_job*> invariants::find(position at, const job_id& id) {
  auto found = open_.find(id);
  if (found == open_.end()) {
    if (!is_partial_)
      return broken(at, id, "is not open");
    found = open_.emplace(id, open_job{}).first;
  }
  return &found->second;
}

expected<void> invariants::check_fence(position at, const job_id& id, position fence) {
  const auto job = find(at, id);
  if (!job)
    return unexpected<error>{job.error()};
  const bool is_unknown = is_partial_ && (*job)->fence == 0;
  if (!is_unknown && (*job)->fence != fence)
    return broken(at, id,
                  "has the fence " + std::to_string((*job)->fence) + ", the record says " +
                      std::to_string(fence));
  (*job)->fence = 0;
  return {};
}

} // namespace carillon::tools
