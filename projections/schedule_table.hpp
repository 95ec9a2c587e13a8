#pragma once

#include "domain/schedule_aggregate.hpp"
#include "projections/due_queue.hpp"
#include "projections/share.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::projections {

/// The live schedules of some shares, and which of them is due next.
///
/// At rest a schedule is its encoded state, a few dozen bytes in one allocation; it is decoded when
/// something happens to it. Iterable by id. Not thread-safe: one owner.
class schedule_table {
public:
  /// Applies an event of a schedule, or of a job that belongs to one. Others are ignored, and so
  /// are jobs whose schedule is not here. Never fails.
  void apply(const event& e, const domain::record_info& info);

  /// How much later than its fire time a schedule is due here: where another node is to try first.
  /// Empty = never later. Holds for all schedules at once, those of before too.
  void set_delay(std::function<duration(const schedule_id&)> delay);

  std::optional<domain::schedule_state> find(const schedule_id& id) const;
  std::size_t size() const noexcept { return entries_.size(); }

  /// The zones that the schedules' fire times depend on, and perhaps some that they once did.
  const std::set<std::string>& zones() const noexcept { return zones_; }

  /// When the first schedule is due; none when nothing waits.
  std::optional<time_point> next_due() const;

  /// Up to `count_max` schedules due by `now`, earliest first. Each is parked: it is not due again
  /// until an event moves it or `unpark` gives it back.
  std::vector<schedule_id> take_due(time_point now, std::size_t count_max);
  void unpark(const schedule_id& id);

  /// The first `limit` schedules whose id follows `after`, by id.
  std::vector<domain::schedule_state> page(const schedule_id& after, std::size_t limit) const;

  /// Calls `visit` for every schedule, by id.
  void for_each(const std::function<void(const domain::schedule_state&)>& visit) const;

  state_hash hash() const;
  /// The entities of one share; `load` reads it back.
  std::string save(std::size_t share) const;
  expected<void> load(std::string_view bytes);

private:
  struct entry {
    std::string packed; ///< The encoded schedule_state.
    time_point due{};
    std::uint32_t heap_place = due_queue_absent;
  };

  static domain::schedule_state unpack(const entry& from);
  time_point due_of(const domain::schedule_state& state) const;
  void note_zones(const trigger_spec& trigger);
  void store(entry& into, const domain::schedule_state& state);
  template <class Event>
  void change(const schedule_id& id, const Event& e, const domain::record_info& info);

  std::map<schedule_id, entry> entries_;
  std::function<duration(const schedule_id&)> delay_;
  due_queue<entry> due_;
  std::set<std::string> zones_;
  std::string last_zone_; ///< Most schedules share one.
};

} // namespace carillon::projections
