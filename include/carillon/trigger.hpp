#pragma once

#include "carillon/expected.hpp"
#include "carillon/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace carillon {

/// A day of the proleptic Gregorian calendar, without a zone.
struct civil_date {
  std::int32_t year = 1970;
  std::uint8_t month = 1; ///< 1 to 12.
  std::uint8_t day = 1;   ///< 1 to 31.

  auto operator<=>(const civil_date&) const = default;
};

/// An instant as a user gives it: a point in UTC, or a wall-clock reading in the trigger's zone.
/// `resolve` turns every wall-clock reading into an instant (its first occurrence).
struct when {
  time_point at{};
  bool is_local = false; ///< `at` counts wall-clock time in the trigger's zone instead of UTC.

  bool operator==(const when&) const = default;
};

/// Fires once at `run_time`, even if that is past.
struct once {
  when run_time;
  bool operator==(const once&) const = default;
};

/// Fires at `start_time` and then every `every` of elapsed time, whatever the zone (DEV-7).
struct interval {
  duration every{}; ///< > 0.
  bool operator==(const interval&) const = default;
};

/// Fires at a time of day on `start_date` and then every so many years, months, weeks and days.
/// Years and months are added first and again until the day exists; then weeks and days (CAL-03).
struct calendar_interval {
  std::uint32_t years = 0;
  std::uint32_t months = 0;
  std::uint32_t weeks = 0;
  std::uint32_t days = 0;
  std::uint8_t hour = 0;
  std::uint8_t minute = 0;
  std::uint8_t second = 0;
  std::optional<civil_date> start_date; ///< Default: today in the trigger's zone.
  std::optional<civil_date> end_date;   ///< Inclusive; none = for ever.
  bool operator==(const calendar_interval&) const = default;
};

// On disk since 0.1: never renumber.
/// How a cron expression is read.
enum class cron_dialect : std::uint8_t {
  apscheduler = 0, ///< Eight fields, all ANDed; both passes of a repeated hour fire.
  vixie = 1,       ///< cron(8): day OR weekday when both are restricted; cronie's DST rule.
};

/// Fires at each whole second whose wall clock matches all fields.
/// An unset field before the last set one is `*`, after it its minimum (week and day_of_week: `*`).
struct cron {
  std::optional<std::string> year;
  std::optional<std::string> month;
  std::optional<std::string> day;
  std::optional<std::string> week;
  std::optional<std::string> day_of_week;
  std::optional<std::string> hour;
  std::optional<std::string> minute;
  std::optional<std::string> second;
  cron_dialect dialect = cron_dialect::apscheduler;
  bool operator==(const cron&) const = default;
};

struct trigger_spec;

/// Fires whenever any of `triggers` fires; equal instants fire once; ends when all have ended.
struct any_of {
  std::vector<trigger_spec> triggers;
  bool operator==(const any_of&) const;
};

/// Fires when all of `triggers` fire within `threshold` of each other, at the earliest of them.
/// Ends as soon as one of them ends.
struct all_of {
  std::vector<trigger_spec> triggers;      ///< At least one.
  duration threshold = std::chrono::seconds{1};
  std::uint32_t iterations_max = 10'000;   ///< Steps without a match before `limit_exceeded`.
  bool operator==(const all_of&) const;
};

/// A rule for fire times: a value, compared by its configuration.
struct trigger_spec {
  std::variant<once, interval, calendar_interval, cron, any_of, all_of> kind;
  /// IANA name; empty = UTC for once and interval, else the node's zone.
  std::string timezone = {};
  /// Inclusive (exclusive for dialect vixie). Default: now, when added. Cron and interval only.
  std::optional<when> start_time = {};
  std::optional<when> end_time = {}; ///< Inclusive; none = for ever. Cron and interval only.
  bool operator==(const trigger_spec&) const = default;
};

inline bool any_of::operator==(const any_of& other) const { return triggers == other.triggers; }
inline bool all_of::operator==(const all_of& other) const {
  return triggers == other.triggers && threshold == other.threshold &&
         iterations_max == other.iterations_max;
}

/// Splits a crontab expression of five fields, `minute hour day month day_of_week`, without looking
/// into the fields. Dialect vixie also reads @yearly @annually @monthly @weekly @daily @midnight
/// and @hourly. Errors: invalid_argument with field "trigger.spec.crontab".
expected<cron> cron_from_crontab(std::string_view text, cron_dialect dialect);

/// The five fields joined by blanks, unset ones as `*`: what `cron_from_crontab` reads.
std::string crontab_text(const cron& spec);

/// Deepest nesting of any_of and all_of.
inline constexpr int trigger_depth_max = 32;

/// How far a trigger has got. Default-constructed: nothing was produced yet.
struct trigger_cursor {
  std::optional<time_point> last = {};       ///< The fire time produced last.
  std::vector<trigger_cursor> children = {}; ///< One per child of all_of and any_of; else empty.
  bool operator==(const trigger_cursor&) const = default;
};

} // namespace carillon
