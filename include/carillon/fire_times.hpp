#pragma once

/// The trigger library by itself: a program that links `carillon::trigger` and includes this file
/// has all of it, without engine, log or network. Nothing here reads a clock.

#include "carillon/expected.hpp"
#include "carillon/time.hpp"
#include "carillon/trigger.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// What is read where a trigger leaves something open.
struct trigger_context {
  /// Where an interval, or the children of all_of, begin without a start_time; "today" of a
  /// calendar interval without a start_date.
  time_point now{};
  /// IANA name, for triggers without a zone; once and interval: UTC.
  std::string default_zone = "UTC";
  /// Id of the schedule: what `H` in a cron is made from. `lint` warns when `H` comes without.
  std::string schedule = {};
};

/// Whose notation a text is in.
enum class trigger_notation : std::uint8_t {
  crontab, ///< Five fields, all ANDed: "0 3 * * mon-fri".
  vixie,   ///< As cron(8) reads them: day OR weekday, "@daily".
  seconds, ///< As vixie with six or seven fields, seconds first, the year last.
  jenkins, ///< As vixie, but all fields ANDed and the shorthands spread: "H H(0-2) * * *".
  quartz,  ///< "0 0 3 ? * MON-FRI", seconds first, 1 = Sunday.
  systemd, ///< OnCalendar: "Mon..Fri 03:00 Europe/Berlin".
  iso8601, ///< Repeating interval: "R5/2026-01-31T09:00:00+01:00/P1M".
  /// RFC 5545: a rule, "FREQ=MONTHLY;BYDAY=-1FR", which begins at `trigger_context::now`; or lines
  /// DTSTART (its TZID is the trigger's zone), RRULE, EXRULE, RDATE, EXDATE.
  rrule,
  every, ///< Elapsed time: "1h30m", from `trigger_context::now` on.
  at,    ///< Once: "2026-03-29T03:00:00+02:00"; without an offset in the default zone.
};

/// Something that is allowed and yet often a mistake.
struct trigger_warning {
  /// Stable: "never_fires", "dst_gap" ...; docs/triggers.md lists them.
  std::string code;
  std::string field; ///< What it is about: "trigger.spec.day_of_week".
  std::string message;
  bool operator==(const trigger_warning&) const = default;
};

/// Fire times in order.
struct fire_list {
  std::vector<time_point> fires;
  bool is_exhausted = false; ///< The trigger ends after them.
};

/// The fire times of one trigger: an immutable value, cheap to copy; any number of threads may use
/// it. Asking changes nothing: the same question has the same answer.
///
///     const auto trigger = fire_times::parse("0 3 * * mon-fri", trigger_notation::crontab,
///                                            {.default_zone = "Europe/Berlin"});
///     if (!trigger) return fail(trigger.error().message);
///     const auto at = trigger->next(wall_clock().now());   // expected<optional<time_point>>
///
/// A cron, OnCalendar or aligned interval without a start_time reaches back as far as its rule
/// does; only a schedule bounds it by when it was added.
///
/// Functions that search can answer limit_exceeded: an all_of whose triggers do not meet.
class fire_times {
public:
  /// Errors: invalid_argument with the field at fault ("trigger.spec.hour"), limit_exceeded
  /// (nesting, children), unsupported.
  static expected<fire_times> of(const trigger_spec& spec, const trigger_context& context = {});

  /// Reads `text`. Errors: as `of`; the message names the column of the mistake.
  static expected<fire_times> parse(std::string_view text, trigger_notation notation,
                                    const trigger_context& context = {});

  /// The first fire time after `after`; none = there is no more.
  expected<std::optional<time_point>> next(time_point after) const;
  /// The last fire time before `before`; none = there was none.
  expected<std::optional<time_point>> previous(time_point before) const;
  /// The first `n` fire times at or after `from`.
  expected<fire_list> preview(std::size_t n, time_point from) const;
  /// Fire times at or after `from` and before `to`. Errors: limit_exceeded (more than `limit`).
  expected<std::uint64_t> count(time_point from, time_point to,
                                std::uint64_t limit = 1'000'000) const;

  /// The rule in plain English, weekdays by name, and what the clock changes in the year after
  /// `from` do to it: "at 02:30 on the last Friday of each month, Europe/Berlin".
  std::string describe(time_point from) const;
  /// What may be wrong with it; clock changes of the five years after `from`.
  std::vector<trigger_warning> lint(time_point from) const;

  /// The trigger with its defaults filled and its texts canonical.
  const trigger_spec& spec() const noexcept;
  /// RFC 3339 with the offset of the trigger's zone; in UTC where that offset has seconds.
  std::string to_text(time_point t) const;

  /// Equal when their canonical triggers are.
  friend bool operator==(const fire_times& a, const fire_times& b) { return a.spec() == b.spec(); }

private:
  struct state;
  explicit fire_times(std::shared_ptr<const state> s) : state_{std::move(s)} {}
  std::shared_ptr<const state> state_;
};

} // namespace carillon
