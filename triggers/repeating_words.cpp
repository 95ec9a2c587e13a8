#include "triggers/repeating_words.hpp"

#include "triggers/node.hpp"
#include "triggers/repeating_text.hpp"
#include "triggers/words.hpp"

#include <cstdio>

namespace carillon::triggers {
namespace {

constexpr std::int64_t months_of_year = 12;

/// "month", "2 weeks", "1 day 12 hours": what stands after "every".
std::string period_words(const iso_period& period) {
  struct part {
    std::int64_t count;
    std::string_view unit;
  };
  const part calendar[] = {{period.months / months_of_year, "year"},
                           {period.months % months_of_year, "month"},
                           {period.days, "day"}};
  std::vector<part> parts;
  for (const auto& each : calendar)
    if (each.count != 0)
      parts.push_back(each);
  if (parts.size() == 1 && period.time == duration{0})
    return multiple(static_cast<std::uint64_t>(parts[0].count), parts[0].unit);
  std::string out;
  for (const auto& [count, unit] : parts)
    out += std::to_string(count) + ' ' + std::string{unit} + (count == 1 ? " " : "s ");
  if (period.time != duration{0})
    out += span_words(period.time) + ' ';
  out.pop_back();
  return parts.empty() ? out + " of elapsed time" : out;
}

std::string time_words(const iso_time& time) {
  auto out = wall_words(floor_second(time.wall));
  if (!time.offset)
    return out;
  const auto minutes = std::abs(time.offset->count()) / 60;
  if (minutes == 0)
    return out + " UTC";
  char text[16];
  std::snprintf(text, sizeof(text), "%c%02d:%02d", time.offset->count() < 0 ? '-' : '+',
                static_cast<int>(minutes / 60), static_cast<int>(minutes % 60));
  return out + " at UTC" + text;
}

/// The time between start and end, as it repeats.
std::optional<iso_period> span_between(std::string_view text, const time_zone& zone) {
  const auto rule = compile_repeating({std::string{text}}, {repeating_interval{}, "UTC"}, zone);
  const auto* steps = rule ? std::get_if<interval_rule>(&*rule) : nullptr;
  return steps != nullptr ? std::optional{iso_period{0, 0, steps->step}} : std::nullopt;
}

} // namespace

std::string repeating_words(std::string_view text, const time_zone& zone) {
  const auto read = parse_repeating(text);
  const auto period = read && !read->period ? span_between(text, zone)
                      : read                ? read->period
                                            : std::nullopt;
  if (!period)
    return "by the repeating interval " + std::string{text};
  const auto times =
      read->count ? ", " + std::to_string(*read->count) + (*read->count == 1 ? " time" : " times")
                  : ", for ever";
  if (!read->start)
    return "every " + period_words(*period) + " up to but not at " + time_words(*read->end) + times;
  return "every " + period_words(*period) + ", counted from " + time_words(*read->start) + times;
}

} // namespace carillon::triggers
