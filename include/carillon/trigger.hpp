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
  /// Set: fires where the time since 1970-01-01T00:00:00Z is `phase` plus a multiple of `every`,
  /// from `start_time` on, so that every schedule with the same interval ticks together (TIM-17).
  std::optional<duration> phase = {};
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
  /// A day that a month does not have becomes the month's last one, and months as well as days are
  /// counted from `start_date` each time; false = such months are left out (CAL-04).
  bool clamp_day = false;
  bool operator==(const calendar_interval&) const = default;
};

// On disk since 0.1: never renumber.
/// How a cron expression is read.
enum class cron_dialect : std::uint8_t {
  apscheduler = 0, ///< Eight fields, all ANDed; both passes of a repeated hour fire.
  vixie = 1,       ///< cron(8): day OR weekday when both are restricted; cronie's DST rule.
  quartz = 2,      ///< Quartz: seconds first, `? L W #`, 1 = Sunday.
  seconds = 3,     ///< As vixie, with the fields second and year.
  jenkins = 4,     ///< As vixie, but all fields ANDed; both passes of a repeated hour fire.
};

// On disk since 0.1: never renumber.
/// What becomes of a fire time that a clock change skips (DST-01). The rule itself goes on as if
/// it had fired.
enum class gap_policy : std::uint8_t {
  /// `skip`; dialect vixie, and every kind with the fold policy `automatic`: the rule of cron(8).
  by_kind = 0,
  skip = 1,       ///< It does not fire.
  next_valid = 2, ///< It fires at the first instant after the gap.
  shift = 3,      ///< It fires as much after the gap's end as it lay after the gap's begin.
};

// On disk since 0.1: never renumber.
/// What becomes of a fire time whose wall clock comes twice (DST-03).
enum class fold_policy : std::uint8_t {
  /// `both`; calendar intervals, `rrule`, `iso8601`: `first`; quartz: `second`; vixie: `automatic`.
  by_kind = 0,
  both = 1,      ///< It fires twice.
  first = 2,     ///< Only before the clock is set back.
  second = 3,    ///< Only after it.
  /// The rule of cron(8): both when the minute or hour begins with `*`, else the first; and unless
  /// `gap` says otherwise, what a gap skips of the latter fires right after it. Changes of three
  /// hours or more are no daylight saving: both, and nothing after a gap.
  automatic = 4,
};

/// Fires at each whole second whose wall clock matches all fields. All dialects but quartz read
/// `H`, `H/n`, `H(a-b)` and `H(a-b)/n`, which `resolve` turns into numbers made from the schedule's
/// id, and `a~b`, which it draws each time a trigger is set (CRN-22, CRN-23).
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

/// systemd's OnCalendar=, see systemd.time(7): "Mon..Fri *-*-* 10:00/15". A zone at its end wins
/// over the trigger's.
struct on_calendar {
  std::string text;
  bool operator==(const on_calendar&) const = default;
};

/// A recurrence set of RFC 5545, sections 3.3.10 and 3.8.5: the dates of all `rules` and `dates`
/// but those of `except_rules` and `except_dates`, on the wall clock of the trigger's zone. A local
/// time in `dates` is subject to the trigger's `gap` and `fold`. COUNT counts what the rule names,
/// whether or not the clock has that time, as python-dateutil and rrule.js do.
struct recurrence {
  /// DTSTART: the rules begin here and take from it what they leave open; by itself it is no date
  /// of the set. `resolve` makes it local.
  when start;
  std::vector<std::string> rules = {};        ///< "FREQ=MONTHLY;BYDAY=-1FR".
  std::vector<std::string> except_rules = {}; ///< EXRULE of RFC 2445.
  std::vector<when> dates = {};               ///< RDATE.
  std::vector<when> except_dates = {};        ///< EXDATE.
  bool operator==(const recurrence&) const = default;
};

/// A repeating interval of ISO 8601: "R5/2026-01-31T09:00:00+01:00/P1M" fires five times, at start,
/// start + 1 month ... , each counted from the start; a day that the month does not have is its
/// last. "R/" has no end. "R5/start/end" has end - start as its period; "R5/P1M/end" fires five
/// times, the last a period before the end. Years, months, weeks and days move the wall clock, of
/// the offset when the text has one, else of the trigger's zone; a period of nothing but hours,
/// minutes and seconds is elapsed time.
struct repeating_interval {
  std::string text;
  bool operator==(const repeating_interval&) const = default;
};

/// A rule that the program brings along: `type` and `version` name it in the registry of
/// `carillon/custom_trigger.hpp`, `config` is its JSON text.
struct custom_rule {
  std::string type;
  std::uint32_t version = 1;
  std::string config = {};
  bool operator==(const custom_rule&) const = default;
};

struct trigger_spec;

/// Days from `first` to `last`, both inclusive.
struct date_range {
  civil_date first;
  civil_date last;
  bool operator==(const date_range&) const = default;
};

/// Fire times to leave out: those on one of `days`, those whose wall clock matches `pattern`.
struct exclusion {
  /// With `days`: where they were taken from, for people. Without: the days are those that the
  /// scheduler's calendar of this name has (`set_calendar`). Empty = it names none.
  std::string calendar = {};
  std::vector<date_range> days = {}; ///< At most 4,096.
  /// Unlike in a trigger, every unset field is `*`: day_of_week "sat" is all of Saturday, and a
  /// crontab's minute all of its seconds.
  std::optional<cron> pattern = {};
  bool operator==(const exclusion&) const = default;
};

/// A time of day on some weekdays, from `begin` up to `end`, exclusive; over midnight when `end` is
/// not after `begin`: the part after midnight belongs to the weekday on which it began.
struct time_window {
  std::uint32_t begin = 0;      ///< Second of the day, 0 to 86,399.
  std::uint32_t end = 86'400;   ///< Second of the day, 1 to 86,400.
  std::uint8_t weekdays = 0x7f; ///< Bit 0 = Monday.
  bool operator==(const time_window&) const = default;
};

/// Fires when `triggers.front()`, its only one, does: within one of `windows` (when there are any)
/// and outside all of `exclude`, both read in this trigger's zone (TIM-10, TIM-13). What is left
/// out is not missed: it was never due.
struct filtered {
  std::vector<trigger_spec> triggers;
  std::vector<exclusion> exclude = {};   ///< At most 100.
  std::vector<time_window> windows = {}; ///< At most 100.
  bool operator==(const filtered&) const;
};

/// Fires whenever any of `triggers` fires; equal instants fire once; ends when all have ended.
struct any_of {
  std::vector<trigger_spec> triggers;
  bool operator==(const any_of&) const;
};

/// Fires when all of `triggers` fire within `threshold` of each other, at the earliest of them.
/// Ends as soon as one of them ends.
struct all_of {
  std::vector<trigger_spec> triggers; ///< At least one.
  duration threshold = std::chrono::seconds{1};
  /// Steps without a match before `limit_exceeded`; no call takes more than 100,000 in all.
  std::uint32_t iterations_max = 10'000;
  bool operator==(const all_of&) const;
};

/// A rule for fire times: a value, compared by its configuration.
struct trigger_spec {
  // On disk since 0.1: append only, never reorder.
  std::variant<once, interval, calendar_interval, cron, any_of, all_of, on_calendar, recurrence,
               repeating_interval, filtered, custom_rule>
      kind;
  /// IANA name; empty = UTC for once and interval, else the node's zone.
  std::string timezone = {};
  /// Inclusive (exclusive for dialects vixie and quartz and for on_calendar). Default: now, when
  /// added. Cron, interval and on_calendar; recurrence, where it has no default.
  std::optional<when> start_time = {};
  /// Inclusive; none = for ever. Cron, interval, on_calendar, recurrence and repeating_interval.
  std::optional<when> end_time = {};
  /// Only for kinds that fire at wall-clock times: all but once, interval, any_of, all_of, filtered
  /// and custom_rule. Else invalid_argument.
  gap_policy gap = gap_policy::by_kind;
  fold_policy fold = fold_policy::by_kind; ///< As `gap`.
  bool operator==(const trigger_spec&) const = default;
};

inline bool filtered::operator==(const filtered& other) const {
  return triggers == other.triggers && exclude == other.exclude && windows == other.windows;
}
inline bool any_of::operator==(const any_of& other) const { return triggers == other.triggers; }
inline bool all_of::operator==(const all_of& other) const {
  return triggers == other.triggers && threshold == other.threshold &&
         iterations_max == other.iterations_max;
}

/// Splits a crontab expression of five fields, `minute hour day month day_of_week`, without looking
/// into the fields; dialect seconds: of six or seven, `second` first and `year` last. All dialects
/// but apscheduler also read @yearly @annually @monthly @weekly @daily @midnight and @hourly, which
/// dialect jenkins spreads: @daily is `H H * * *`.
/// Errors: invalid_argument with field "trigger.spec.crontab" and the column of the mistake.
expected<cron> cron_from_crontab(std::string_view text, cron_dialect dialect);

/// `cron_from_crontab`, and what else stands in crontabs, for all dialects but apscheduler:
/// `CRON_TZ=Zone ` or `TZ=Zone ` before the fields, which is the trigger's zone then, and
/// `@every 1h30m`, which is an interval aligned to 1970-01-01T00:00:00Z, so that it ticks at the
/// same times on every node and after every restart; `@every 1h/15m` has a phase.
/// Errors: as `cron_from_crontab`; @reboot is none of the times of a calendar: unsupported.
expected<trigger_spec> trigger_from_crontab(std::string_view text, cron_dialect dialect);

/// Splits a Quartz expression of six or seven fields, `second minute hour day month day_of_week
/// [year]`, without looking into the fields. Errors: invalid_argument with field
/// "trigger.spec.cron".
expected<cron> cron_from_quartz(std::string_view text);

/// The fields joined by blanks, the year only when it is set: what `cron_from_quartz` reads.
std::string quartz_text(const cron& spec);

/// The fields joined by blanks, unset ones as `*`: what `cron_from_crontab` reads. Five; dialect
/// seconds: also the second, and the year when it is set.
std::string crontab_text(const cron& spec);

/// Reads a time of iCalendar, "20061228T023000" or "20061228" (its midnight), a UTC one with Z, or
/// RFC 3339 with or without an offset. Without Z or offset it is wall-clock time.
/// Errors: invalid_argument.
expected<when> when_from_text(std::string_view text);

/// "20061228T023000", an instant with a Z: what `when_from_text` reads. Whole seconds.
std::string ical_text(const when& literal);

/// Reads "09:00-17:00 mon-fri,sun"; without weekdays all of them, times also with seconds, 24:00 is
/// the day's end. Errors: invalid_argument, with the column.
expected<time_window> window_from_text(std::string_view text);

/// What `window_from_text` reads, in its shortest form.
std::string window_text(const time_window& window);

/// Reads "2026-12-24", or "2026-12-24/2026-12-26" with both days included. Errors:
/// invalid_argument.
expected<date_range> days_from_text(std::string_view text);

/// What `days_from_text` reads.
std::string days_text(const date_range& days);

/// Deepest nesting of any_of, all_of and filtered.
inline constexpr int trigger_depth_max = 32;

/// How far a trigger has got. Default-constructed: nothing was produced yet.
struct trigger_cursor {
  std::optional<time_point> last = {};       ///< The fire time produced last.
  /// One per child of all_of, any_of and filtered; else empty.
  std::vector<trigger_cursor> children = {};
  bool operator==(const trigger_cursor&) const = default;
};

} // namespace carillon
