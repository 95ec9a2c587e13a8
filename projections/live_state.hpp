#pragma once

#include "events/level.hpp"
#include "projections/calendar_table.hpp"
#include "projections/job_table.hpp"
#include "projections/schedule_table.hpp"
#include "projections/task_table.hpp"
#include "projections/zone_table.hpp"

#include <functional>
#include <string>
#include <vector>

namespace carillon::projections {

/// Called with each job that ends while records are applied.
using job_sink = std::function<void(ended_job)>;

/// The whole live state, spread over a number of owners: what replay builds, and what a node's
/// actors start from. Tools use one owner.
class live_state {
public:
  explicit live_state(std::size_t owners = 1) : schedules(owners), jobs(owners) {}

  task_table tasks;
  calendar_table calendars;
  zone_table zones;
  std::vector<schedule_table> schedules; ///< One per owner: share `s` is with owner `s % owners`.
  std::vector<job_table> jobs;
  std::uint32_t level = events::first_level; ///< The log's format level. Not in the hash.

  schedule_table& owner_of(const schedule_id& id) {
    return schedules[share_of(id) % schedules.size()];
  }
  job_table& owner_of(const job_id& id) { return jobs[share_of(id) % jobs.size()]; }

  /// Applies one record. Never fails.
  void apply(const event& e, const domain::record_info& info, const job_sink& ended = {});

  state_hash hash() const;
};

/// Names of a snapshot's chunks: what there is once, then one per kind and share.
std::string level_chunk_name();
std::string task_chunk_name();
std::string calendar_chunk_name();
std::string calendar_user_chunk_name();
std::string zone_chunk_name();
std::string schedule_chunk_name(std::size_t share);
std::string job_chunk_name(std::size_t share);

/// The bytes of the level's chunk. Its name and form never change, so that a build of any age can
/// tell that a snapshot is too new for it.
std::string save_level(std::uint32_t level);

/// Reads a snapshot's chunk into `state`. A chunk of unknown name is an error, so that a snapshot
/// of another format is replayed instead. Errors: unsupported (also a level that is not known),
/// corrupt.
expected<void> load_chunk(live_state& state, std::string_view name, std::string_view bytes);

} // namespace carillon::projections
