// Cron against its definition: every whole second whose wall clock, as date-tz knows it, matches.
// Independent of the code under test: fields are generated as sets of numbers, and zones are read
// by another library.

#include "triggers/trigger_support.hpp"

#include <date/tz.h>
#include <random>
#include <set>

namespace carillon::triggers {
namespace {

/// A field as its text and, independently of any parser, as the numbers it stands for.
struct made_field {
  std::string text;
  std::set<int> values;
};

using generator = std::mt19937;

int pick(generator& random, int low, int high) {
  return std::uniform_int_distribution<int>{low, high}(random);
}

/// One item: `*`, `a`, `a-b`, `*/n`, `a-b/n` or `a/n`.
void add_item(generator& random, int min, int max, made_field& out) {
  const int first = pick(random, min, max - 2);
  const int last = pick(random, first + 1, max);
  int from = min;
  int to = max;
  int step = 1;
  const auto number = [](int n) { return std::to_string(n); };
  switch (pick(random, 0, 5)) {
  case 0: out.text += "*"; break;
  case 1:
    from = to = first;
    out.text += number(first);
    break;
  case 2:
    from = first;
    to = last;
    out.text += number(first) + "-" + number(last);
    break;
  case 3:
    step = pick(random, 1, max - min);
    out.text += "*/" + number(step);
    break;
  case 4:
    from = first, to = last, step = pick(random, 1, last - first);
    out.text += number(first) + "-" + number(last) + "/" + number(step);
    break;
  default:
    from = first, step = pick(random, 1, max - first);
    out.text += number(first) + "/" + number(step);
  }
  for (int value = from; value <= to; value += step)
    out.values.insert(value);
}

made_field make_field(generator& random, int min, int max) {
  made_field out;
  const int items = pick(random, 1, 2);
  for (int i = 0; i < items; ++i) {
    out.text += i == 0 ? "" : ",";
    add_item(random, min, max, out);
  }
  return out;
}

made_field whole_range(int min, int max) {
  made_field out{"*", {}};
  for (int value = min; value <= max; ++value)
    out.values.insert(value);
  return out;
}

struct made_cron {
  made_field month, day, hour, minute, second;
  std::set<int> weekdays; // 0 = Monday
  cron spec;
};

made_cron make_cron(generator& random) {
  made_cron out;
  const auto maybe = [&](int min, int max, int odds) {
    return pick(random, 1, odds) == 1 ? make_field(random, min, max) : whole_range(min, max);
  };
  out.month = maybe(1, 12, 6);
  out.day = maybe(1, 31, 4);
  out.hour = maybe(0, 23, 2);
  out.minute = make_field(random, 0, 59);
  out.second = pick(random, 0, 1) == 0 ? make_field(random, 0, 59) : made_field{"0", {0}};
  const auto weekday = maybe(0, 6, 4);
  constexpr const char* names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  std::string names_text;
  for (const int day : weekday.values)
    names_text += (names_text.empty() ? "" : ",") + std::string{names[day]};
  out.weekdays = weekday.values;
  out.spec.month = out.month.text;
  out.spec.day = out.day.text;
  out.spec.day_of_week = names_text;
  out.spec.hour = out.hour.text;
  out.spec.minute = out.minute.text;
  out.spec.second = out.second.text;
  return out;
}

bool matches(const made_cron& made, const date::time_zone* zone, std::int64_t utc) {
  using namespace std::chrono;
  const auto local = zone->to_local(date::sys_seconds{seconds{utc}}).time_since_epoch().count();
  const auto day = local / 86'400;
  const int rest = static_cast<int>(local % 86'400);
  const date::year_month_day ymd{date::local_days{date::days{day}}};
  return made.month.values.count(static_cast<int>(unsigned{ymd.month()})) != 0 &&
         made.day.values.count(static_cast<int>(unsigned{ymd.day()})) != 0 &&
         made.weekdays.count(static_cast<int>((day + 3) % 7)) != 0 &&
         made.hour.values.count(rest / 3600) != 0 &&
         made.minute.values.count(rest / 60 % 60) != 0 && made.second.values.count(rest % 60) != 0;
}

/// A window that holds a clock change of the zone, where everything interesting happens.
struct place {
  const char* zone;
  const char* change; // UTC
};
constexpr place places[] = {
    {"Europe/Berlin", "2026-03-29T01:00:00Z"},
    {"Europe/Berlin", "2026-10-25T01:00:00Z"},
    {"America/New_York", "2025-03-09T07:00:00Z"},
    {"America/New_York", "2025-11-02T06:00:00Z"},
    {"Australia/Lord_Howe", "2024-04-06T15:00:00Z"},
    {"Australia/Lord_Howe", "2024-10-05T15:30:00Z"},
    {"Pacific/Apia", "2011-12-30T10:00:00Z"},
    {"America/Caracas", "2007-12-09T07:00:00Z"},
    {"Africa/Monrovia", "1972-01-07T00:44:30Z"},
    {"Europe/Berlin", "1945-05-24T00:00:00Z"},
    {"Asia/Kathmandu", "1985-12-31T18:30:00Z"},
    {"Antarctica/Troll", "2025-03-30T01:00:00Z"},
    {"Africa/Casablanca", "2026-02-15T02:00:00Z"},
    {"America/Sao_Paulo", "2018-11-04T03:00:00Z"},
    {"Antarctica/Casey", "2010-03-04T15:00:00Z"},
    {"Africa/Cairo", "2023-04-27T22:00:00Z"},
};

TEST_CASE("cron: fires at every whole second whose wall clock matches, and at no other") {
  generator random{20261122};
  std::size_t fired = 0;
  for (const auto& [name, change] : places) {
    const auto* zone = date::locate_zone(name);
    const auto middle = test::at(change).time_since_epoch().count() / 1'000'000;
    if (middle < 0)
      continue; // the year field begins in 1970
    for (int round = 0; round < 5; ++round) {
      const auto made = make_cron(random);
      const auto begin = middle - pick(random, 0, 40'000);
      const auto end = middle + 50'000;
      const time_point start{std::chrono::seconds{begin}};
      const time_point stop{std::chrono::seconds{end}};
      INFO(name << " minute=" << made.minute.text << " hour=" << made.hour.text
                << " day=" << made.day.text << " second=" << made.second.text
                << " from=" << to_rfc3339(start));
      const auto trigger =
          test::built(test::with(made.spec, name, when{start, false}, when{stop, false}));
      trigger_cursor cursor;
      auto pending = next(trigger, cursor);
      REQUIRE(pending);
      for (auto utc = begin; utc <= end; ++utc) {
        if (!matches(made, zone, utc))
          continue;
        ++fired;
        INFO(to_rfc3339(time_point{std::chrono::seconds{utc}}));
        if (!pending->at || *pending->at != time_point{std::chrono::seconds{utc}})
          REQUIRE((pending->at ? to_rfc3339(*pending->at) : "finished") ==
                  to_rfc3339(time_point{std::chrono::seconds{utc}}));
        pending = next(trigger, pending->cursor);
        REQUIRE(pending);
      }
      REQUIRE_FALSE(pending->at.has_value());
    }
  }
  REQUIRE(fired > 5'000);
}

TEST_CASE("cron: a seek to any instant finds what stepping finds") {
  generator random{7};
  for (int round = 0; round < 60; ++round) {
    const auto made = make_cron(random);
    const auto& [name, change] = places[static_cast<std::size_t>(pick(random, 0, 8))];
    const auto trigger = test::built(test::with(made.spec, name, when{test::at(change), false}));
    trigger_cursor cursor;
    std::optional<time_point> previous;
    for (int i = 0; i < 50; ++i) {
      const auto fire = next(trigger, cursor);
      REQUIRE(fire);
      if (!fire->at)
        break;
      if (previous) {
        REQUIRE(*fire->at > *previous);
        REQUIRE(seek(trigger, {}, *previous + duration{1})->at == fire->at);
      }
      REQUIRE(seek(trigger, {}, *fire->at)->at == fire->at);
      previous = fire->at;
      cursor = fire->cursor;
    }
  }
}

} // namespace
} // namespace carillon::triggers
