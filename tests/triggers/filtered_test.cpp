#include "triggers/civil_time.hpp"
#include "triggers/due.hpp"
#include "triggers/trigger_support.hpp"

#include <date/tz.h>
#include <random>
#include <set>

namespace carillon::triggers {
namespace {

using test::built;
using test::fires;
using test::refused;
using test::texts;
using test::with;

time_window window(std::string_view text) { return window_from_text(text).value(); }
date_range days(std::string_view text) { return days_from_text(text).value(); }

exclusion on_days(std::vector<date_range> ranges) { return {"", std::move(ranges), {}}; }
exclusion matching(cron pattern) { return {"", {}, std::move(pattern)}; }

trigger_spec except(trigger_spec inner, std::vector<exclusion> exclude,
                    std::vector<time_window> windows, std::string zone = "UTC") {
  return with(filtered{{std::move(inner)}, std::move(exclude), std::move(windows)},
              std::move(zone));
}

trigger_spec every(duration step, std::string_view start = "2026-01-01T00:00:00Z") {
  return with(interval{step}, "", test::instant(start));
}

trigger_spec daily(std::string_view hour, std::string zone) {
  cron spec;
  spec.hour = std::string{hour};
  return with(spec, std::move(zone), test::instant("2026-01-01T00:00:00Z"));
}

TEST_CASE("except: days and ranges of days are left out, in the filter's zone (TIM-10)") {
  const auto trigger =
      built(except(daily("0", "Europe/Berlin"), {on_days({days("2026-01-03/2026-01-05")})}, {},
                   "Europe/Berlin"));
  REQUIRE(fires(trigger, 3) == texts{"2026-01-02T00:00:00+01:00", "2026-01-06T00:00:00+01:00",
                                     "2026-01-07T00:00:00+01:00"});
  // In New York midnight of Berlin is the evening before.
  const auto abroad =
      built(except(daily("0", "Europe/Berlin"), {on_days({days("2026-01-03/2026-01-05")})}, {},
                   "America/New_York"));
  REQUIRE(fires(abroad, 2) == texts{"2026-01-01T18:00:00-05:00", "2026-01-02T18:00:00-05:00"});
}

TEST_CASE("except: what a pattern leaves open matches always") {
  cron weekend;
  weekend.day_of_week = "sat,sun";
  REQUIRE(fires(built(except(daily("12", "UTC"), {matching(weekend)}, {})), 3) ==
          texts{"2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z", "2026-01-05T12:00:00Z"});
  // A crontab's minute is all of its seconds.
  for (const auto dialect : {cron_dialect::apscheduler, cron_dialect::vixie})
    REQUIRE(fires(built(except(every(std::chrono::seconds{20}),
                               {matching(test::crontab("0-58 * * * *", dialect))}, {})),
                  4) == texts{"2026-01-01T00:59:00Z", "2026-01-01T00:59:20Z",
                              "2026-01-01T00:59:40Z", "2026-01-01T01:59:00Z"});
  REQUIRE(fires(built(except(every(std::chrono::seconds{20}),
                             {matching(cron_from_quartz("0-30 * * ? * *").value())}, {})),
                2) == texts{"2026-01-01T00:00:40Z", "2026-01-01T00:01:40Z"});
}

TEST_CASE("except: windows hold from begin up to end, over midnight by the day of the begin") {
  const auto office = built(except(every(std::chrono::minutes{30}), {},
                                   {window("16:30-17:30 mon-thu"), window("09:00-09:01 fri")}));
  REQUIRE(fires(office, 4) == texts{"2026-01-01T16:30:00Z", "2026-01-01T17:00:00Z",
                                    "2026-01-02T09:00:00Z", "2026-01-05T16:30:00Z"});
  const auto night = built(except(every(std::chrono::hours{1}), {}, {window("23:00-01:00 sun")}));
  REQUIRE(fires(night, 3) ==
          texts{"2026-01-04T23:00:00Z", "2026-01-05T00:00:00Z", "2026-01-11T23:00:00Z"});
}

TEST_CASE("except: windows are wall clock: a repeated hour counts twice, a skipped one never") {
  const auto half_hours = [](std::string_view start) {
    return built(except(every(std::chrono::minutes{30}, start), {}, {window("02:00-03:00")},
                        "Europe/Berlin"));
  };
  REQUIRE(fires(half_hours("2026-10-24T12:00:00Z"), 5) ==
          texts{"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00",
                "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00",
                "2026-10-26T02:00:00+01:00"});
  REQUIRE(fires(half_hours("2026-03-28T12:00:00Z"), 1) == texts{"2026-03-30T02:00:00+02:00"});
}

TEST_CASE("except: leaps over what is left out, whatever lies in between") {
  const auto trigger = built(except(every(duration{1}), {on_days({days("2026-01-01/2199-12-31")})},
                                    {window("09:00-10:00 mon")}));
  REQUIRE(fires(trigger, 2) == texts{"2200-01-06T09:00:00Z", "2200-01-06T09:00:00.000001Z"});
  const auto found = seek(trigger, {}, test::at("2200-01-06T10:00:00Z"));
  REQUIRE(found);
  REQUIRE(found->at == test::at("2200-01-13T09:00:00Z"));
}

TEST_CASE("except: nothing left in ends at once, or at the step limit") {
  cron all;
  all.minute = "*";
  REQUIRE(fires(built(except(every(duration{1}), {matching(all)}, {})), 1).empty());
  REQUIRE(
      fires(built(except(every(duration{1}), {on_days({days("2026-01-01/9999-12-31")})}, {})), 1)
          .empty());
  // The window opens each day, and each day the pattern shuts it.
  cron morning;
  morning.hour = "8-10";
  const auto shut =
      next(built(except(every(duration{1}), {matching(morning)}, {window("09:00-10:00")})), {});
  REQUIRE_FALSE(shut);
  REQUIRE(shut.error().code == errc::limit_exceeded);
  // Every fire time is on a second that is left out, and never on another.
  const auto apart = next(built(except(every(std::chrono::minutes{1}),
                                       {matching(cron_from_quartz("0 * * ? * *").value())}, {})),
                          {});
  REQUIRE_FALSE(apart);
  REQUIRE(apart.error().code == errc::limit_exceeded);
}

TEST_CASE("except: ends with its trigger; nothing to leave out changes nothing") {
  auto inner = every(std::chrono::hours{1});
  inner.end_time = test::instant("2026-01-01T02:00:00Z");
  REQUIRE(fires(built(except(inner, {}, {})), 9) == fires(built(inner), 9));
  REQUIRE(fires(built(except(inner, {on_days({days("2026-01-01")})}, {})), 1).empty());
}

TEST_CASE("except: what is left out is not missed") {
  const auto trigger =
      built(except(every(std::chrono::hours{1}), {}, {window("09:00-12:00 mon-fri")}));
  const auto first = next(trigger, {}).value();
  due_policy policy;
  policy.misfire_grace = std::chrono::minutes{10};
  const auto due =
      take_due(trigger, *first.at, first.cursor, test::at("2026-01-05T09:05:00Z"), policy);
  REQUIRE(due);
  std::uint64_t missed = 0;
  for (const auto& fate : due->fates)
    missed += fate.what == fate_kind::missed ? fate.count : 0;
  REQUIRE(missed == 6); // Thursday and Friday, not the 87 hours since
}

TEST_CASE("except: mistakes are named with their field") {
  const auto inner = daily("3", "UTC");
  const auto field = [&](exclusion what) { return refused(except(inner, {what}, {})).field; };
  REQUIRE(field({}) == "trigger.spec.exclude[0]");
  REQUIRE(field({"feasts", {}, {}}) == "trigger.spec.exclude[0].calendar");
  REQUIRE(field(on_days({{{2026, 2, 30}, {2026, 3, 1}}})) == "trigger.spec.exclude[0].days[0]");
  REQUIRE(field(on_days({{{2026, 3, 2}, {2026, 3, 1}}})) == "trigger.spec.exclude[0].days[0]");
  cron bad;
  bad.hour = "24";
  REQUIRE(field(matching(bad)) == "trigger.spec.exclude[0].cron.hour");
  REQUIRE(refused(except(inner, {}, {{0, 86'401, 1}})).field == "trigger.spec.windows[0]");
  REQUIRE(refused(except(inner, {}, {{0, 3600, 0}})).field == "trigger.spec.windows[0]");
  REQUIRE(refused(with(filtered{{inner, inner}}, "")).field == "trigger.spec.trigger");
  auto bounded = except(inner, {}, {});
  bounded.end_time = test::instant("2027-01-01T00:00:00Z");
  REQUIRE(refused(bounded).field == "trigger.end_time");
  REQUIRE(
      refused(except(inner, std::vector<exclusion>(101, on_days({days("2026-01-01")})), {})).code ==
      errc::limit_exceeded);
  REQUIRE(refused(except(inner, {on_days(std::vector<date_range>(4097, days("2026-01-01")))}, {}))
              .code == errc::limit_exceeded);
}

TEST_CASE("except: resolving twice changes nothing") {
  cron pattern;
  pattern.day_of_week = "SAT";
  const auto once =
      resolve(except(daily("3", ""), {matching(pattern)}, {window("01:00-05:00")}, ""),
              {test::at("2026-01-01T00:00:00Z"), "Europe/Berlin"})
          .value();
  REQUIRE(once.timezone == "Europe/Berlin");
  REQUIRE(resolve(once, test::utc_context).value() == once);
}

// --- brute force ------------------------------------------------------------------------------

using generator = std::mt19937;

int pick(generator& random, int low, int high) {
  return std::uniform_int_distribution<int>{low, high}(random);
}

/// A filter and, independently of the code under test, what it leaves out.
struct made_filter {
  filtered kind;
  std::set<int> hours, minutes, weekdays; ///< Of the pattern; empty = none.
  const date::time_zone* zone = nullptr;

  bool leaves_in(time_point at) const {
    const auto wall = zone->to_local(std::chrono::floor<std::chrono::seconds>(at));
    const auto day = std::chrono::floor<std::chrono::days>(wall);
    const auto second = static_cast<int>((wall - day).count());
    const int weekday = static_cast<int>(date::weekday{day}.iso_encoding()) - 1;
    for (const auto& each : kind.exclude)
      for (const auto& [first, last] : each.days)
        if (day.time_since_epoch().count() >= day_number(first) &&
            day.time_since_epoch().count() <= day_number(last))
          return false;
    if (!hours.empty() && hours.contains(second / 3600) && minutes.contains(second / 60 % 60) &&
        weekdays.contains(weekday))
      return false;
    return kind.windows.empty() ||
           std::any_of(kind.windows.begin(), kind.windows.end(), [&](const time_window& w) {
             const auto holds = [&](int on, int s) {
               const int end = static_cast<int>(w.end) + (w.end > w.begin ? 0 : 86'400);
               return (w.weekdays >> on & 1) != 0 && s >= static_cast<int>(w.begin) && s < end;
             };
             return holds(weekday, second) || holds((weekday + 6) % 7, second + 86'400);
           });
  }
};

/// Some numbers of a range, and the cron text for them.
std::string some(generator& random, int max, int odds, std::set<int>& out) {
  std::string text;
  for (int n = 0; n <= max; ++n)
    if (pick(random, 0, odds) == 0 || (n == max && out.empty())) {
      out.insert(n);
      text += (text.empty() ? "" : ",") + std::to_string(n);
    }
  return text;
}

made_filter make_filter(generator& random, trigger_spec inner, const std::string& zone) {
  made_filter out{{{std::move(inner)}}, {}, {}, {}, date::locate_zone(zone)};
  const auto day = [&] { return date_of(day_number({2026, 3, 20}) + pick(random, 0, 20)); };
  for (int i = pick(random, 0, 2); i > 0; --i) {
    const auto a = day();
    const auto b = day();
    out.kind.exclude.push_back(on_days({{std::min(a, b), std::max(a, b)}}));
  }
  if (pick(random, 0, 1) == 0) {
    cron pattern;
    pattern.hour = some(random, 23, 2, out.hours);
    pattern.minute = some(random, 59, pick(random, 0, 2), out.minutes);
    std::set<int> numbers;
    constexpr const char* names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    some(random, 6, 1, numbers);
    std::string text;
    for (const int n : numbers)
      text += (text.empty() ? "" : ",") + std::string{names[n]};
    pattern.day_of_week = text;
    out.weekdays = numbers;
    out.kind.exclude.push_back(matching(pattern));
  }
  for (int i = pick(random, 0, 2); i > 0; --i) {
    time_window each;
    each.begin = static_cast<std::uint32_t>(pick(random, 0, 95) * 900);
    each.end = static_cast<std::uint32_t>(pick(random, 1, 96) * 900);
    each.weekdays = static_cast<std::uint8_t>(pick(random, 1, 127));
    out.kind.windows.push_back(each);
  }
  return out;
}

trigger_spec make_inner(generator& random, const std::string& zone) {
  const auto start = test::instant("2026-03-21T00:00:00Z");
  const auto end = test::instant("2026-04-12T00:00:00Z");
  switch (pick(random, 0, 3)) {
  case 0: return with(interval{std::chrono::seconds{pick(random, 60, 20'000)}}, "", start, end);
  case 1: {
    cron spec;
    spec.minute = "*/" + std::to_string(pick(random, 1, 30));
    return with(spec, zone, start, end);
  }
  case 2: {
    calendar_interval spec;
    spec.days = 1;
    spec.hour = static_cast<std::uint8_t>(pick(random, 0, 23));
    spec.start_date = civil_date{2026, 3, 21};
    spec.end_date = civil_date{2026, 4, 11};
    return with(spec, zone);
  }
  default: {
    all_of both;
    both.triggers = {
        with(interval{std::chrono::seconds{600}}, "", start, end),
        with(interval{std::chrono::seconds{60 * pick(random, 1, 20)}}, "", start, end)};
    return with(both, zone);
  }
  }
}

TEST_CASE("except: the filtered trigger is the filter of its trigger's fire times") {
  generator random{11};
  const std::vector<std::string> zones{"UTC", "Europe/Berlin", "Australia/Lord_Howe",
                                       "America/Santiago", "Asia/Tokyo"};
  int kept = 0;
  int left_out = 0;
  for (int round = 0; round < 300; ++round) {
    const auto& zone = zones[static_cast<std::size_t>(pick(random, 0, 4))];
    const auto made = make_filter(random, make_inner(random, zone), zone);
    const auto inner = built(made.kind.triggers.front());
    const auto trigger = built(with(made.kind, zone));
    std::vector<time_point> wanted;
    trigger_cursor plain;
    for (auto f = next(inner, plain).value(); f.at; f = next(inner, plain).value()) {
      plain = f.cursor;
      const bool is_in = made.leaves_in(*f.at);
      if (is_in)
        wanted.push_back(*f.at);
      ++(is_in ? kept : left_out);
    }
    trigger_cursor cursor;
    std::vector<time_point> got;
    std::vector<trigger_cursor> cursors{cursor};
    for (auto f = next(trigger, cursor).value(); f.at; f = next(trigger, cursor).value()) {
      cursor = f.cursor;
      got.push_back(*f.at);
      cursors.push_back(cursor);
    }
    INFO("round " << round << ", " << zone);
    REQUIRE(got == wanted);
    for (int i = 0; i < 20; ++i) {
      const auto done = static_cast<std::size_t>(pick(random, 0, static_cast<int>(got.size())));
      const auto from =
          test::at("2026-03-20T00:00:00Z") + std::chrono::seconds{pick(random, 0, 24 * 86'400)};
      const auto sought = seek(trigger, cursors[done], from).value();
      const auto first = std::find_if(wanted.begin() + static_cast<std::ptrdiff_t>(done),
                                      wanted.end(), [&](auto at) { return at >= from; });
      REQUIRE(sought.at == (first == wanted.end() ? std::nullopt : std::optional{*first}));
    }
  }
  REQUIRE(kept > 10'000);
  REQUIRE(left_out > 10'000);
}

} // namespace
} // namespace carillon::triggers
