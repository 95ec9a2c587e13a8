#include "triggers/ics.hpp"

#include "triggers/civil_time.hpp"
#include "triggers/content_lines.hpp"
#include "triggers/day_list.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace carillon::triggers {
namespace {

/// Of all events together; those with several rules count for each.
constexpr std::size_t occurrences_max = 20'000;
constexpr std::int64_t days_max = 3660;         // of one event
constexpr int years_before = 1;
constexpr int years_after = 20;

struct calendar_event {
  std::size_t line = 0;
  std::string uid = {};
  std::optional<std::int64_t> first = {}; ///< Days since 1970.
  std::optional<std::int64_t> end = {};   ///< Exclusive.
  std::int64_t length = 1;                ///< By DURATION.
  bool is_timed = false;
  bool is_cancelled = false;
  std::optional<std::int64_t> replaces = {}; ///< RECURRENCE-ID
  std::vector<std::string> rules = {};
  std::vector<std::int64_t> dates = {};
  std::vector<std::int64_t> except_dates = {};
};

error wrong(std::size_t line, const std::string& message, errc code = errc::invalid_argument) {
  return {code, "line " + std::to_string(line) + ": " + message, "calendar"};
}

bool read_number(std::string_view text, int& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failure == std::errc{} && end == text.data() + text.size();
}

/// "20261224"; the time of "20261224T083000Z" is left out.
expected<std::int64_t> day_of(std::string_view text, const content_line& line) {
  int year = 0;
  int month = 0;
  int day = 0;
  const bool has_shape = text.size() == 8 || (text.size() > 8 && text[8] == 'T');
  if (!has_shape || !read_number(text.substr(0, 4), year) ||
      !read_number(text.substr(4, 2), month) || !read_number(text.substr(6, 2), day) || month < 1 ||
      day < 1 || month > 12 ||
      !exists({year, static_cast<std::uint8_t>(month), static_cast<std::uint8_t>(day)}))
    return unexpected<error>{wrong(line.number, line.name + " '" + std::string{text.substr(0, 64)} +
                                                    "' is not a date such as 20261224")};
  return day_number({year, static_cast<std::uint8_t>(month), static_cast<std::uint8_t>(day)});
}

expected<void> add_days(const content_line& line, std::vector<std::int64_t>& out) {
  std::string_view rest = line.value;
  while (!rest.empty()) {
    const auto item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    const auto day = day_of(item, line);
    if (!day)
      return unexpected<error>{day.error()};
    out.push_back(*day);
  }
  return {};
}

/// "P3D" or "P2W": whole days only.
expected<std::int64_t> length_of(const content_line& line) {
  const std::string_view text = line.value;
  int count = 0;
  const bool is_weeks = text.ends_with('W');
  if (text.size() > 2 && text[0] == 'P' && (is_weeks || text.ends_with('D')) &&
      read_number(text.substr(1, text.size() - 2), count) && count > 0 && count <= days_max)
    return std::int64_t{count} * (is_weeks ? 7 : 1);
  return unexpected<error>{
      wrong(line.number, "DURATION '" + std::string{text.substr(0, 64)} +
                             "' of an event without a time must be days or weeks, such as P3D")};
}

/// Takes one line of a VEVENT in. Properties that say nothing about days are ignored.
expected<void> take(const content_line& line, calendar_event& out) {
  const auto& name = line.name;
  if (name == "UID") {
    out.uid = line.value;
  } else if (name == "STATUS") {
    out.is_cancelled = capitals(line.value) == "CANCELLED";
  } else if (name == "RRULE") {
    out.rules.push_back(line.value);
  } else if (name == "RDATE") {
    if (capitals(line.parameter("VALUE")) == "PERIOD")
      return unexpected<error>{
          wrong(line.number, "RDATE with periods is not read", errc::unsupported)};
    return add_days(line, out.dates);
  } else if (name == "EXDATE") {
    return add_days(line, out.except_dates);
  } else if (name == "DTSTART" || name == "DTEND" || name == "RECURRENCE-ID") {
    const auto day = day_of(line.value, line);
    if (!day)
      return unexpected<error>{day.error()};
    out.is_timed = out.is_timed || (name == "DTSTART" && line.value.size() > 8);
    (name == "DTSTART" ? out.first : name == "DTEND" ? out.end : out.replaces) = *day;
  } else if (name == "DURATION" && !out.is_timed) {
    const auto length = length_of(line);
    if (!length)
      return unexpected<error>{length.error()};
    out.length = *length;
  }
  return {};
}

expected<std::vector<calendar_event>> read_events(std::string_view text) {
  content_reader lines{text};
  std::vector<calendar_event> out;
  std::vector<std::string> open; // names of the components around a line
  std::size_t last = 1;
  while (const auto line = lines.next()) {
    last = line->number;
    const auto inner = capitals(line->value);
    if (open.empty() && (line->name != "BEGIN" || inner != "VCALENDAR"))
      return unexpected<error>{wrong(line->number, "BEGIN:VCALENDAR is expected")};
    if (line->name == "BEGIN") {
      open.push_back(inner);
      if (inner == "VEVENT" && open.size() == 2)
        out.push_back({.line = line->number});
      if (out.size() > ics_events_max)
        return unexpected<error>{wrong(line->number,
                                       "more than " + std::to_string(ics_events_max) + " events",
                                       errc::limit_exceeded)};
    } else if (line->name == "END") {
      if (open.back() != inner)
        return unexpected<error>{wrong(
            line->number, "END:" + open.back() + " is expected, not END:" + inner.substr(0, 64))};
      open.pop_back();
    } else if (open.size() == 2 && open.back() == "VEVENT") {
      if (auto ok = take(*line, out.back()); !ok)
        return unexpected<error>{std::move(ok).error()};
    }
  }
  if (out.empty() && last == 1 && text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return unexpected<error>{wrong(1, "BEGIN:VCALENDAR is expected")};
  if (!open.empty())
    return unexpected<error>{wrong(last, "END:" + open.back() + " is missing")};
  return out;
}

when midnight(std::int64_t day) { return {at_second(day * day_seconds), true}; }

std::vector<when> midnights(const std::vector<std::int64_t>& days) {
  std::vector<when> out;
  for (const auto day : days)
    out.push_back(midnight(day));
  return out;
}

/// The first days of an event's occurrences within the horizon; they count in `all`.
expected<std::vector<std::int64_t>> occurrences(const calendar_event& event,
                                                const date_range& horizon, std::size_t& all) {
  if (event.rules.empty()) {
    auto out = event.dates;
    out.push_back(*event.first);
    std::erase_if(out, [&](std::int64_t day) {
      return std::find(event.except_dates.begin(), event.except_dates.end(), day) !=
             event.except_dates.end();
    });
    return out;
  }
  const trigger_spec spec{recurrence{.start = midnight(*event.first),
                                     .rules = event.rules,
                                     .dates = midnights(event.dates),
                                     .except_dates = midnights(event.except_dates)},
                          "UTC"};
  const auto resolved = resolve(spec, {});
  const auto trigger = resolved ? compile(*resolved)
                                : expected<compiled_trigger>{unexpected<error>{resolved.error()}};
  if (!trigger)
    return unexpected<error>{
        wrong(event.line, "RRULE: " + trigger.error().message, trigger.error().code)};
  std::vector<std::int64_t> out;
  trigger_cursor cursor;
  auto from = at_second((day_number(horizon.first) - days_max) * day_seconds);
  while (true) {
    auto found = seek(*trigger, cursor, from);
    if (!found)
      return unexpected<error>{
          wrong(event.line, "RRULE: " + found.error().message, found.error().code)};
    if (!found->at || floor_second(*found->at) >= (day_number(horizon.last) + 1) * day_seconds)
      return out;
    all += event.rules.size();
    if (all > occurrences_max)
      return unexpected<error>{
          wrong(event.line,
                "with this event the file has more than " + std::to_string(occurrences_max) +
                    " occurrences of rules; give the rules an UNTIL",
                errc::limit_exceeded)};
    out.push_back(floor_div(floor_second(*found->at), day_seconds));
    cursor = std::move(found->cursor);
    from = at_second((out.back() + 1) * day_seconds); // once a day is enough
  }
}

/// What recurs no more on some day, because another event of that UID says so, is left out there.
void apply_replacements(std::vector<calendar_event>& events) {
  std::map<std::string, std::vector<std::int64_t>> replaced;
  for (const auto& each : events)
    if (each.replaces)
      replaced[each.uid].push_back(*each.replaces);
  for (auto& each : events)
    if (const auto found = replaced.find(each.uid); !each.replaces && found != replaced.end())
      each.except_dates.insert(each.except_dates.end(), found->second.begin(), found->second.end());
}

} // namespace

date_range ics_horizon(time_point now) {
  const auto year = date_of(floor_div(floor_second(now), day_seconds)).year;
  return {{year - years_before, 1, 1}, {year + years_after, 12, 31}};
}

expected<ics_days> days_from_ics(std::string_view text, const date_range& horizon) {
  auto events = read_events(text);
  if (!events)
    return unexpected<error>{std::move(events).error()};
  apply_replacements(*events);
  ics_days out;
  std::vector<stretch> stretches;
  std::size_t all = 0;
  for (const auto& event : *events) {
    if (event.is_cancelled)
      continue;
    if (!event.first)
      return unexpected<error>{wrong(event.line, "the event has no DTSTART")};
    if (event.is_timed) {
      ++out.timed;
      continue;
    }
    // Some programs write an event of one day with equal ends.
    const auto length =
        event.end ? std::max<std::int64_t>(*event.end - *event.first, 1) : event.length;
    if (length > days_max)
      return unexpected<error>{
          wrong(event.line, "the event has more than " + std::to_string(days_max) + " days",
                errc::limit_exceeded)};
    const auto days = occurrences(event, horizon, all);
    if (!days)
      return unexpected<error>{days.error()};
    for (const auto day : *days)
      stretches.emplace_back(day, day + length);
  }
  out.days = to_ranges(joined(std::move(stretches)));
  return out;
}

} // namespace carillon::triggers
