#include "triggers/made_rules.hpp"

#include <array>
#include <date/date.h>

namespace carillon::triggers::test {
namespace {

using dialect = made_rule::dialect;

constexpr std::int64_t day_seconds = 86'400;

int pick(generator& random, int low, int high) {
  return std::uniform_int_distribution<int>{low, high}(random);
}

made_field everything(int min, int max) {
  made_field out{"*", {}, true};
  for (int value = min; value <= max; ++value)
    out.values.set(static_cast<std::size_t>(value));
  return out;
}

/// `value` as the dialect writes it in a field of weekdays.
std::string weekday_text(dialect spoken, int value) {
  constexpr std::array names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  if (spoken == dialect::quartz)
    return std::to_string((value + 1) % 7 + 1); // 1 = Sunday
  if (spoken == dialect::vixie)
    return std::to_string((value + 1) % 7); // 0 = Sunday
  return names[static_cast<std::size_t>(value)];
}

/// A few numbers, or steps, or a range; never all of them.
made_field some(generator& random, int min, int max, dialect spoken) {
  made_field out;
  const auto range = spoken == dialect::systemd ? ".." : "-";
  switch (pick(random, 0, 3)) {
  case 0: { // steps from the beginning; a star in most dialects
    const int step = pick(random, 2, (max - min) / 2);
    for (int value = min; value <= max; value += step)
      out.values.set(static_cast<std::size_t>(value));
    out.is_star = spoken != dialect::systemd;
    out.text = (out.is_star ? "*" : std::to_string(min)) + "/" + std::to_string(step);
    return out;
  }
  case 1: { // a range
    const int first = pick(random, min, max - 1);
    const int last = pick(random, first + 1, max);
    for (int value = first; value <= last; ++value)
      out.values.set(static_cast<std::size_t>(value));
    out.text = std::to_string(first) + range + std::to_string(last);
    return out;
  }
  default:
    for (int i = pick(random, 1, 4); i > 0; --i)
      out.values.set(static_cast<std::size_t>(pick(random, min, max)));
    for (int value = min; value <= max; ++value)
      if (out.values[static_cast<std::size_t>(value)])
        out.text += (out.text.empty() ? "" : ",") + std::to_string(value);
    return out;
  }
}

made_field some_weekdays(generator& random, dialect spoken) {
  made_field out;
  for (int i = pick(random, 1, 5); i > 0; --i)
    out.values.set(static_cast<std::size_t>(pick(random, 0, 6)));
  for (int value = 0; value < 7; ++value)
    if (out.values[static_cast<std::size_t>(value)])
      out.text += (out.text.empty() ? "" : ",") + weekday_text(spoken, value);
  return out;
}

decltype(trigger_spec::kind) kind_of(const made_rule& rule) {
  const auto five = rule.minute.text + " " + rule.hour.text + " " + rule.day.text + " " +
                    rule.month.text + " " + rule.weekday.text;
  switch (rule.spoken) {
  case dialect::vixie: return cron_from_crontab(five, cron_dialect::vixie).value();
  case dialect::quartz:
    return cron_from_quartz(rule.second.text + " " + rule.minute.text + " " + rule.hour.text + " " +
                            (rule.weekday.is_star ? rule.day.text + " " : "? ") + rule.month.text +
                            (rule.weekday.is_star ? " ?" : " " + rule.weekday.text))
        .value();
  case dialect::systemd:
    return on_calendar{(rule.weekday.is_star ? "" : rule.weekday.text + " ") + "*-" +
                       rule.month.text + "-" + rule.day.text + " " + rule.hour.text + ":" +
                       rule.minute.text + ":" + rule.second.text};
  case dialect::apscheduler: break;
  }
  auto out = cron_from_crontab(five, cron_dialect::apscheduler).value();
  out.second = rule.second.text;
  return out;
}

} // namespace

bool made_rule::is_day_of(std::int64_t day_number) const {
  const date::year_month_day ymd{date::local_days{date::days{day_number}}};
  const date::weekday of_week{date::local_days{date::days{day_number}}};
  const bool by_day = day.values[unsigned{ymd.day()}];
  const bool by_weekday = weekday.values[of_week.iso_encoding() - 1];
  const bool either = spoken == dialect::vixie && !day.is_star && !weekday.is_star;
  return month.values[unsigned{ymd.month()}] &&
         (either ? by_day || by_weekday : by_day && by_weekday);
}

std::vector<std::int64_t> made_rule::walls_between(std::int64_t begin, std::int64_t end) const {
  std::vector<std::int64_t> out;
  // One day more to both sides: division rounds towards zero.
  for (auto number = begin / day_seconds - 1; number <= end / day_seconds + 1; ++number) {
    if (!is_day_of(number))
      continue;
    for (std::size_t h = 0; h < 24; ++h)
      for (std::size_t m = 0; m < 60; ++m)
        for (std::size_t s = 0; s < 60 && hour.values[h] && minute.values[m]; ++s) {
          const auto wall = number * day_seconds + static_cast<std::int64_t>((h * 60 + m) * 60 + s);
          if (second.values[s] && wall >= begin && wall < end)
            out.push_back(wall);
        }
  }
  return out;
}

std::string made_rule::text() const {
  return "second " + second.text + " minute " + minute.text + " hour " + hour.text + " day " +
         day.text + " month " + month.text + " weekday " + weekday.text;
}

made_rule make_rule(generator& random, dialect spoken) {
  made_rule out;
  out.spoken = spoken;
  const auto maybe = [&](int min, int max, int odds) {
    return pick(random, 1, odds) == 1 ? some(random, min, max, spoken) : everything(min, max);
  };
  out.month = maybe(1, 12, 8);
  out.day = maybe(1, 31, 8);
  // Quartz takes only one of day and weekday.
  const bool may_have_weekday = spoken != dialect::quartz || out.day.text == "*";
  const bool by_weekday = may_have_weekday && pick(random, 1, 6) == 1;
  out.weekday = by_weekday ? some_weekdays(random, spoken) : everything(0, 6);
  out.hour = maybe(0, 23, 2);
  out.minute = pick(random, 1, 8) == 1 ? everything(0, 59) : some(random, 0, 59, spoken);
  const bool has_seconds = spoken != dialect::vixie && pick(random, 1, 30) == 1;
  out.second = has_seconds ? some(random, 0, 59, spoken) : made_field{"0", {1}, false};
  out.kind = kind_of(out);
  return out;
}

} // namespace carillon::triggers::test
