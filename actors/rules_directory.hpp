#pragma once

#include "projections/live_state.hpp"
#include "stores/event_log.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

namespace carillon::actors {

/// What fire times rest on outside of triggers: the calendars, who names them, and the rules of
/// zones as nodes recorded them. Readable from any actor. Written by the log actor alone, just
/// before it publishes the block that changed them, so a reader is at most ahead of its own
/// position, never behind.
class rules_directory {
public:
  void reset(projections::calendar_table calendars, projections::zone_table zones) {
    const std::unique_lock hold{mutex_};
    calendars_ = std::move(calendars);
    zones_ = std::move(zones);
  }
  void apply(const event& e, const domain::record_info& info) {
    if (!concerns(e))
      return;
    const std::unique_lock hold{mutex_};
    if (calendars_.apply(e, info))
      ++calendar_changes_;
    zones_.apply(e, info);
  }

  /// All calendars as they are now; never null.
  std::shared_ptr<const domain::calendar_map> calendars() const {
    const std::shared_lock hold{mutex_};
    return calendars_.all();
  }
  /// How often a calendar has changed since the node was opened.
  std::uint64_t calendar_changes() const { return calendar_changes_; }

  /// What a gathering gets of them.
  struct saved {
    projections::state_hash hash = {};
    std::vector<stores::snapshot_chunk> chunks = {};
  };
  saved save(bool with_chunks) const {
    const std::shared_lock hold{mutex_};
    saved out{calendars_.hash()};
    out.hash += zones_.hash();
    if (with_chunks)
      out.chunks = {{projections::calendar_chunk_name(), calendars_.save()},
                    {projections::calendar_user_chunk_name(), calendars_.save_users()},
                    {projections::zone_chunk_name(), zones_.save()}};
    return out;
  }

  template <class Read> auto read_calendars(Read&& look) const {
    const std::shared_lock hold{mutex_};
    return look(calendars_);
  }
  template <class Read> auto read_zones(Read&& look) const {
    const std::shared_lock hold{mutex_};
    return look(zones_);
  }

private:
  static bool concerns(const event& e) {
    return std::visit(
        []<class Event>(const Event&) {
          return Event::category == stream_category::calendar ||
                 std::is_same_v<Event, schedule_added> || std::is_same_v<Event, schedule_updated> ||
                 std::is_same_v<Event, schedule_removed> || std::is_same_v<Event, tzdb_changed>;
        },
        e);
  }

  mutable std::shared_mutex mutex_;
  projections::calendar_table calendars_;
  projections::zone_table zones_;
  std::atomic<std::uint64_t> calendar_changes_{0};
};

} // namespace carillon::actors
