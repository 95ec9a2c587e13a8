#pragma once

#include "carillon/event.hpp"
#include "projections/calendar_table.hpp"
#include "triggers/next.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace carillon::tools {

/// Most fire times that one range of fates may stand for.
inline constexpr std::uint64_t ledger_range_max = 10'000'000;

/// Turns the log into the lines that a history checker reads: one fact a line, `pos` numbering the
/// lines from 1 and `version` those of each stream, ranges of fates expanded by the schedule's
/// trigger. A fold: feed it every record from the first on, in order. Pure.
class ledger {
public:
  using line_sink = std::function<void(const std::string&)>;

  /// Gives the lines of one record to `emit`.
  /// Errors: invalid_argument (a range of a schedule whose beginning was not seen),
  /// limit_exceeded (a range of more than `ledger_range_max` fire times, a trigger that breaks).
  expected<void> apply(const recorded_event& recorded, const line_sink& emit);

private:
  struct rule {
    trigger_spec spec = {once{}};
    std::optional<triggers::compiled_trigger> compiled = {};
  };

  expected<void> add_fates(const recorded_event& recorded, const schedule_id& id,
                           const std::vector<fate>& fates, const line_sink& emit);
  void add_fate(const recorded_event& recorded, const schedule_id& id, const fate& what,
                time_point due, const line_sink& emit);
  void add_job(const recorded_event& recorded, const job_added& job, const line_sink& emit);
  void add_finish(const recorded_event& recorded, const job_finished& job, const line_sink& emit);
  void add_claim_line(const recorded_event& recorded, std::string_view type, const job_id& id,
                      position fence, const line_sink& emit);
  void add_line(const recorded_event& recorded, const std::string& stream, std::string_view type,
                const std::string& data, const line_sink& emit);
  trigger_spec with_days(const trigger_spec& spec) const;
  void forget_days(const event& e);
  expected<const triggers::compiled_trigger*> trigger_of(const schedule_id& id);

  std::uint64_t lines_ = 0;
  std::unordered_map<std::string, std::uint64_t> versions_;
  std::unordered_map<job_id, std::uint32_t> claims_;
  std::map<schedule_id, rule> rules_;
  projections::calendar_table calendars_;
  /// Fires whose job comes with the next records of their commit.
  std::set<std::pair<schedule_id, time_point>> expected_jobs_;
};

} // namespace carillon::tools
