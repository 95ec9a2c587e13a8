#pragma once

#include "domain/calendar_aggregate.hpp"
#include "projections/share.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::projections {

/// All calendars, and which schedules name them in their triggers.
class calendar_table {
public:
  /// Applies an event of a calendar, or of a schedule whose trigger may name some; others are
  /// ignored. Never fails. Answers whether a calendar changed.
  bool apply(const event& e, const domain::record_info& info);

  /// All of them as they are now; never null, and never changed afterwards.
  const std::shared_ptr<const domain::calendar_map>& all() const noexcept { return calendars_; }
  /// nullptr when there is no such calendar.
  domain::calendar_ptr find(const calendar_id& id) const;
  /// The first `limit` calendars whose name follows `after`, by name.
  std::vector<domain::calendar_ptr> page(const calendar_id& after, std::size_t limit) const;

  /// The schedules that name the calendar, by id.
  std::vector<schedule_id> users_of(const calendar_id& id) const;
  /// The schedules that name any calendar, by id.
  std::vector<schedule_id> users() const;

  /// Of the calendars; what names them is in the schedules' own hash.
  state_hash hash() const;
  std::string save() const;
  expected<void> load(std::string_view bytes);
  /// Who names which calendars: known from events, not from a snapshot's schedules.
  std::string save_users() const;
  expected<void> load_users(std::string_view bytes);

private:
  void set(const calendar_id& id, domain::calendar_ptr calendar);
  void use(const schedule_id& id, std::vector<std::string> names);

  std::shared_ptr<const domain::calendar_map> calendars_ =
      std::make_shared<const domain::calendar_map>();
  std::map<schedule_id, std::vector<std::string>> used_by_;
  std::map<std::string, std::set<schedule_id>, std::less<>> users_;
};

} // namespace carillon::projections
