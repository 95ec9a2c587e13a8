#include "triggers/node.hpp"

#include "triggers/clock_change.hpp"
#include "triggers/repeating_text.hpp"

#include <algorithm>
#include <limits>

namespace carillon::triggers {

/// Fires when the wall clock is `anchor` plus a multiple of the period, from the multiple `first`
/// on, `count` times.
struct repeating_table {
  second_count anchor = 0;
  std::int64_t months = 0;
  second_count seconds = 0;
  std::int64_t first = 0; ///< Negative when the text names the end.
  std::int64_t count = 0;
  zone_ptr zone; ///< A fixed offset; null = the trigger's zone.
  clock_policy policy;
  time_point last = instant_max;
};

namespace {

constexpr const char* field = "trigger.spec.interval";
constexpr int months_of_year = 12;
constexpr int year_last = 9999;
constexpr duration tick{1};

/// What the wall clock shows at the n-th time; a day that the month does not have is its last.
second_count wall_at(const repeating_table& table, std::int64_t n) {
  const auto times = table.first + n;
  const auto day = floor_div(table.anchor, day_seconds);
  auto date = date_of(day);
  const auto month =
      std::int64_t{date.year} * months_of_year + date.month - 1 + times * table.months;
  date.year = static_cast<std::int32_t>(floor_div(month, months_of_year));
  date.month = static_cast<std::uint8_t>(month - date.year * months_of_year + 1);
  date.day = std::min(date.day, static_cast<std::uint8_t>(days_in_month(date.year, date.month)));
  return day_number(date) * day_seconds + (table.anchor - day * day_seconds) +
         times * table.seconds;
}

/// How many periods fit between the years 0 and 9999.
std::int64_t periods_max(const iso_period& period) {
  const auto years = std::int64_t{year_last} + 1;
  return period.months > 0 ? years * months_of_year / period.months
                           : years * 366 / std::max<std::int64_t>(period.days, 1);
}

/// The period that start and end leave between them.
expected<iso_period> period_of(const repeating_text& text, const time_zone& zone) {
  if (text.period)
    return *text.period;
  const auto instant = [&](const iso_time& time) -> std::optional<time_point> {
    if (time.offset)
      return time.wall - *time.offset;
    const auto wall = floor_second(time.wall);
    const auto utc = zone.first_instant_of(wall);
    return utc ? std::optional{at_second(*utc) + (time.wall - at_second(wall))} : std::nullopt;
  };
  const auto start = instant(*text.start);
  const auto end = instant(*text.end);
  if (!start || !end)
    return refuse(errc::invalid_argument,
                  "the interval's " + std::string{start ? "end" : "start"} + " does not exist in " +
                      zone.name() + ": the clock is set forward over it",
                  field);
  if (*end <= *start)
    return refuse(errc::invalid_argument, "the interval's end is not after its start", field);
  return iso_period{0, 0, *end - *start};
}

/// A period of hours, minutes and seconds is elapsed time, whatever the clock shows.
expected<rule_variant> elapsed_rule(const repeating_text& text, const iso_period& period,
                                    const trigger_spec& outer, const time_zone& zone) {
  const auto& anchor = anchor_of(text);
  auto at = anchor.wall - anchor.offset.value_or(std::chrono::seconds{0});
  if (!anchor.offset) {
    const auto wall = floor_second(anchor.wall);
    const auto utc = zone.first_instant_of(wall);
    if (!utc)
      return refuse(errc::invalid_argument,
                    wall_text(wall) + " does not exist in " + zone.name() +
                        ": the clock is set forward over it",
                    field);
    at = at_second(*utc) + (anchor.wall - at_second(wall));
  }
  interval_rule out{at, instant_max, period.time};
  // Products that overflow lie outside of all years.
  std::int64_t span = 0;
  const auto count = text.count.value_or(0);
  if (__builtin_mul_overflow(count, period.time.count(), &span))
    span = std::numeric_limits<std::int64_t>::max();
  if (!text.start) {
    if (span > (at - instant_min).count())
      return refuse(errc::invalid_argument, "the interval begins before the year 0000", field);
    out.start = at - duration{span};
    out.end = at - tick;
  } else if (text.count && span <= (instant_max - at).count()) {
    out.end = at + duration{span} - tick;
  }
  if (text.count == 0)
    out.end = out.start - tick;
  if (outer.end_time)
    out.end = std::min(out.end, outer.end_time->at);
  return rule_variant{out};
}

expected<rule_variant> wall_rule(const repeating_text& text, const iso_period& period,
                                 const trigger_spec& outer) {
  const auto& anchor = anchor_of(text);
  const auto is_whole = [](duration d) { return d.count() % 1'000'000 == 0; };
  if (!is_whole(anchor.wall.time_since_epoch()) || !is_whole(period.time))
    return refuse(errc::invalid_argument,
                  "fractions of a second need a period of hours, minutes and seconds only", field);
  auto table = std::make_shared<repeating_table>();
  table->anchor = floor_second(anchor.wall);
  table->months = period.months;
  table->seconds =
      period.days * day_seconds + std::chrono::floor<std::chrono::seconds>(period.time).count();
  const auto most = periods_max(period);
  table->count = std::min(text.count.value_or(most), most);
  if (!text.start) {
    table->first = -*text.count;
    if (*text.count > most || wall_at(*table, 0) < floor_second(instant_min))
      return refuse(errc::invalid_argument, "the interval begins before the year 0000", field);
  }
  if (anchor.offset)
    table->zone = std::make_shared<const time_zone>(
        "fixed", static_cast<std::int32_t>(anchor.offset->count()),
        std::vector<time_zone::change>{});
  table->policy = policy_of(outer, {.fold = fold_policy::first});
  if (outer.end_time)
    table->last = std::min(table->last, outer.end_time->at);
  return rule_variant{repeating_rule{std::move(table)}};
}

} // namespace

expected<void> resolve_repeating(repeating_interval& kind, trigger_spec& outer,
                                 const time_zone& zone, const resolve_context&) {
  const auto text = parse_repeating(kind.text);
  if (!text)
    return unexpected<error>{text.error()};
  kind.text = to_string(*text);
  const auto rule = compile_repeating(kind, outer, zone);
  return rule ? expected<void>{} : unexpected<error>{rule.error()};
}

expected<rule_variant> compile_repeating(const repeating_interval& kind, const trigger_spec& outer,
                                         const time_zone& zone) {
  const auto text = parse_repeating(kind.text);
  if (!text)
    return unexpected<error>{text.error()};
  const auto period = period_of(*text, zone);
  if (!period)
    return unexpected<error>{period.error()};
  return period->months == 0 && period->days == 0 ? elapsed_rule(*text, *period, outer, zone)
                                                  : wall_rule(*text, *period, outer);
}

expected<std::optional<time_point>> advance_repeating(const repeating_rule& rule,
                                                      const time_zone& zone, time_point from,
                                                      step_budget&) {
  const auto& table = *rule.table;
  const auto next_wall = [&](second_count wall) -> std::optional<second_count> {
    std::int64_t low = 0;
    std::int64_t high = table.count;
    while (low < high) { // the walls rise
      const auto middle = low + (high - low) / 2;
      if (wall_at(table, middle) < wall)
        low = middle + 1;
      else
        high = middle;
    }
    return low < table.count ? std::optional{wall_at(table, low)} : std::nullopt;
  };
  const auto at =
      first_instant(table.zone ? *table.zone : zone, table.policy, ceil_second(from), next_wall);
  return at && at_second(*at) <= table.last ? std::optional{at_second(*at)} : std::nullopt;
}

} // namespace carillon::triggers
