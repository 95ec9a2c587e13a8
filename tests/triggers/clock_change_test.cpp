// What becomes of fire times that a clock change skips or repeats, for each policy and kind.

#include "triggers/clock_change.hpp"

#include "triggers/trigger_support.hpp"

#include <random>
#include <set>

namespace carillon::triggers {
namespace {

using test::built;
using test::fires;
using test::refused;
using test::texts;

trigger_spec under(decltype(trigger_spec::kind) kind, gap_policy gap, fold_policy fold,
                   const char* zone = "Europe/Berlin") {
  trigger_spec out{std::move(kind), zone};
  out.gap = gap;
  out.fold = fold;
  return out;
}

/// The fire times of a day in Berlin, without the date and the seconds: "02:30+01".
texts of_day(trigger_spec spec, const std::string& day) {
  if (!std::holds_alternative<calendar_interval>(spec.kind)) {
    spec.start_time = when{test::wall(day + "T00:00:00").at - duration{1}, true};
    spec.end_time = test::wall(day + "T23:59:59");
  }
  texts out;
  for (const auto& text : fires(built(spec), 200))
    out.push_back(text.substr(11, 5) + text.substr(19, 3));
  return out;
}

cron quartz(std::string_view text) { return cron_from_quartz(text).value(); }

cron fields(std::string hour, std::string minute) {
  cron out;
  out.hour = std::move(hour);
  out.minute = std::move(minute);
  return out;
}

calendar_interval calendar(civil_date day, std::uint8_t hour, std::uint8_t minute) {
  calendar_interval out;
  out.days = 1;
  out.hour = hour;
  out.minute = minute;
  out.start_date = out.end_date = day;
  return out;
}

constexpr auto by_kind_gap = gap_policy::by_kind;
constexpr auto by_kind_fold = fold_policy::by_kind;

TEST_CASE("gap: skip, next_valid and shift for every kind with wall-clock times (DST-01)") {
  struct row {
    const char* name;
    decltype(trigger_spec::kind) kind;
    texts by_kind;
  };
  const std::vector<row> rows{
      {"cron", fields("2", "30"), {}},
      {"vixie", test::crontab("30 2 * * *", cron_dialect::vixie), {"03:00+02"}},
      {"quartz", quartz("0 30 2 * * ?"), {}},
      {"systemd", on_calendar{"2:30"}, {}},
      {"calendar", calendar({2026, 3, 29}, 2, 30), {}},
  };
  for (const auto& [name, kind, by_kind] : rows) {
    INFO(name);
    const auto day = [&kind = kind](gap_policy gap) {
      return of_day(under(kind, gap, by_kind_fold), "2026-03-29");
    };
    CHECK(day(gap_policy::by_kind) == by_kind);
    CHECK(day(gap_policy::skip) == texts{});
    CHECK(day(gap_policy::next_valid) == texts{"03:00+02"});
    CHECK(day(gap_policy::shift) == texts{"03:30+02"});
  }
}

TEST_CASE("fold: both, first, second and auto for every kind with wall-clock times (DST-03)") {
  const texts both{"02:30+02", "02:30+01"};
  const texts first{"02:30+02"};
  const texts second{"02:30+01"};
  struct row {
    const char* name;
    decltype(trigger_spec::kind) kind;
    texts by_kind;
  };
  const std::vector<row> rows{
      {"cron", fields("2", "30"), both},
      {"vixie", test::crontab("30 2 * * *", cron_dialect::vixie), first},
      {"quartz", quartz("0 30 2 * * ?"), second},
      {"systemd", on_calendar{"2:30"}, both},
      {"calendar", calendar({2026, 10, 25}, 2, 30), first},
  };
  for (const auto& [name, kind, by_kind] : rows) {
    INFO(name);
    const auto day = [&kind = kind](fold_policy fold) {
      return of_day(under(kind, by_kind_gap, fold), "2026-10-25");
    };
    CHECK(day(fold_policy::by_kind) == by_kind);
    CHECK(day(fold_policy::both) == both);
    CHECK(day(fold_policy::first) == first);
    CHECK(day(fold_policy::second) == second);
    CHECK(day(fold_policy::automatic) == first);
  }
}

TEST_CASE("fold: auto leaves wildcards to the wall clock, and runs what a gap skipped after it") {
  const auto spring = [](decltype(trigger_spec::kind) kind, gap_policy gap) {
    return of_day(under(std::move(kind), gap, fold_policy::automatic), "2026-03-29");
  };
  const auto autumn = [](decltype(trigger_spec::kind) kind) {
    return of_day(under(std::move(kind), by_kind_gap, fold_policy::automatic), "2026-10-25");
  };
  for (const auto& fixed : std::vector<decltype(trigger_spec::kind)>{
           fields("2", "30"), test::crontab("30 2 * * *", cron_dialect::vixie),
           quartz("0 30 2 * * ?"), on_calendar{"2:30"}, calendar({2026, 3, 29}, 2, 30)}) {
    CHECK(spring(fixed, by_kind_gap) == texts{"03:00+02"});
    CHECK(spring(fixed, gap_policy::skip).empty());
    CHECK(spring(fixed, gap_policy::shift) == texts{"03:30+02"});
  }
  for (const auto& wild : std::vector<decltype(trigger_spec::kind)>{
           fields("2", "*/30"), test::crontab("*/30 2 * * *", cron_dialect::vixie),
           quartz("0 */30 2 * * ?"), on_calendar{"2:*:00"}}) {
    CHECK(spring(wild, by_kind_gap).empty());
    CHECK(spring(wild, gap_policy::next_valid) == texts{"03:00+02"});
    CHECK(autumn(wild).size() % 2 == 0);
    CHECK(autumn(wild).back().substr(5) == "+01");
  }
}

TEST_CASE("gap: a policy of its own beside dialect vixie's, with and without a fold policy") {
  const auto vixie = test::crontab("30 2 * * *", cron_dialect::vixie);
  CHECK(of_day(under(vixie, by_kind_gap, fold_policy::both), "2026-03-29") == texts{"03:00+02"});
  CHECK(of_day(under(vixie, gap_policy::shift, by_kind_fold), "2026-10-25") == texts{"02:30+02"});
  // Samoa left out a day: no daylight saving to cron(8), but a gap to who asks for it.
  auto noon = under(test::crontab("0 12 30 12 *", cron_dialect::vixie), by_kind_gap, by_kind_fold,
                    "Pacific/Apia");
  noon.start_time = test::instant("2011-12-01T00:00:00Z");
  CHECK(fires(built(noon), 1) == texts{"2012-12-30T12:00:00+14:00"});
  noon.gap = gap_policy::next_valid;
  CHECK(fires(built(noon), 1) == texts{"2011-12-31T00:00:00+14:00"});
  noon.gap = gap_policy::shift;
  CHECK(fires(built(noon), 1) == texts{"2011-12-31T12:00:00+14:00"});
}

TEST_CASE("gap: what is moved meets what was there, and equal instants fire once") {
  CHECK(of_day(under(fields("2,3", "0,30"), gap_policy::shift, by_kind_fold), "2026-03-29") ==
        texts{"03:00+02", "03:30+02"});
  CHECK(of_day(under(fields("2-3", "*/20"), gap_policy::next_valid, by_kind_fold), "2026-03-29") ==
        texts{"03:00+02", "03:20+02", "03:40+02"});
  CHECK(of_day(under(fields("2,3", "15,45"), gap_policy::shift, by_kind_fold), "2026-03-29") ==
        texts{"03:15+02", "03:45+02"});
  CHECK(of_day(under(on_calendar{"2:10,50"}, gap_policy::shift, by_kind_fold), "2026-03-29") ==
        texts{"03:10+02", "03:50+02"});
}

TEST_CASE("gap: a calendar interval goes on from the date that it meant, not the one it fired on") {
  // Samoa left out 30 December 2011. Months and days mixed: the sequence is 29 Nov, 30 Dec, 31 Jan.
  calendar_interval kind;
  kind.months = 1;
  kind.days = 1;
  kind.hour = 12;
  kind.start_date = civil_date{2011, 11, 29};
  CHECK(
      fires(built(under(kind, gap_policy::shift, by_kind_fold, "Pacific/Apia")), 3) ==
      texts{"2011-11-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00", "2012-01-31T12:00:00+14:00"});
  CHECK(fires(built(under(kind, gap_policy::skip, by_kind_fold, "Pacific/Apia")), 2) ==
        texts{"2011-11-29T12:00:00-10:00", "2012-01-31T12:00:00+14:00"});
}

TEST_CASE("fold: the last time of a rule that ends is not lost in the second pass") {
  auto last = fields("2", "30");
  last.year = "2026";
  last.month = "10";
  last.day = "25";
  trigger_spec spec{last, "Europe/Berlin"};
  spec.start_time = test::instant("2026-10-01T00:00:00Z");
  CHECK(fires(built(spec), 5) == texts{"2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"});
  spec.fold = fold_policy::second;
  CHECK(fires(built(spec), 5) == texts{"2026-10-25T02:30:00+01:00"});
}

TEST_CASE("gap and fold: refused where there is no wall clock, with the field at fault") {
  const auto every = interval{std::chrono::hours{1}};
  const auto at = once{test::instant("2026-01-01T00:00:00Z")};
  const any_of either{{test::with(every, "")}};
  all_of both;
  both.triggers = either.triggers;
  for (const auto& kind : std::vector<decltype(trigger_spec::kind)>{
           every, at, either, both, filtered{either.triggers}, custom_rule{"tide"}}) {
    const auto gap = refused(under(kind, gap_policy::skip, fold_policy::first));
    CHECK(gap.code == errc::invalid_argument);
    CHECK(gap.field == "trigger.gap");
    CHECK(refused(under(kind, by_kind_gap, fold_policy::both)).field == "trigger.fold");
  }
}

TEST_CASE("clock_change: the search finds the earliest of all mapped times, and no other") {
  // Rules of a few dozen times around a change, against the mapping of each time by itself.
  std::mt19937 random{20261128};
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>{low, high}(random);
  };
  const std::pair<const char*, const char*> changes[] = {
      {"Europe/Berlin", "2026-03-29T01:00:00Z"},
      {"Europe/Berlin", "2026-10-25T01:00:00Z"},
      {"Australia/Lord_Howe", "2024-04-06T15:00:00Z"},
      {"Australia/Lord_Howe", "2024-10-05T15:30:00Z"},
      {"Pacific/Apia", "2011-12-30T10:00:00Z"},
      {"America/Juneau", "1867-10-19T00:31:13Z"},
      {"Asia/Manila", "1844-12-31T15:56:08Z"},
      {"Europe/Berlin", "1945-05-24T00:00:00Z"},
      {"Africa/Monrovia", "1972-01-07T00:44:30Z"},
      {"UTC", "2026-03-29T01:00:00Z"},
  };
  for (int round = 0; round < 2'000; ++round) {
    const auto& [name, change] = changes[static_cast<std::size_t>(pick(0, 9))];
    const auto zone = find_zone(name).value();
    const auto middle = floor_second(test::at(change));
    clock_policy policy;
    policy.gap = static_cast<gap_policy>(pick(1, 3));
    policy.fold = static_cast<fold_policy>(pick(1, 3));
    if (pick(0, 3) == 0)
      policy.gap_change_max = policy.fold_change_max = 3 * 3600;
    std::set<second_count> walls;
    for (int i = pick(0, 40); i > 0; --i)
      walls.insert(middle + pick(-90'000, 90'000) / 600 * 600);
    // 1. Map each of them.
    std::set<second_count> wanted;
    for (const auto wall : walls) {
      const auto shown = zone->instants_of(wall);
      const auto around = zone->period_at(middle);
      const second_count change_by = std::abs(around.offset - around.offset_before);
      if (shown.empty() && policy.gap != gap_policy::skip && change_by < policy.gap_change_max)
        wanted.insert(policy.gap == gap_policy::shift ? wall - around.offset_before : around.begin);
      if (shown.size() < 2 || policy.fold == fold_policy::both ||
          change_by >= policy.fold_change_max)
        wanted.insert(shown.begin(), shown.end());
      else
        wanted.insert(policy.fold == fold_policy::first ? shown.front() : shown.back());
    }
    // 2. Draw them one after the other.
    std::set<second_count> found;
    const auto next_wall = [&](second_count wall) {
      const auto at = walls.lower_bound(wall);
      return at == walls.end() ? std::optional<second_count>{} : std::optional{*at};
    };
    for (auto at = first_instant(*zone, policy, middle - 400'000, next_wall); at;
         at = first_instant(*zone, policy, *at + 1, next_wall))
      found.insert(*at);
    INFO(name << " gap " << static_cast<int>(policy.gap) << " fold "
              << static_cast<int>(policy.fold));
    REQUIRE(found == wanted);
    // 3. From any instant.
    const auto from = middle + pick(-200'000, 200'000);
    const auto at = wanted.lower_bound(from);
    REQUIRE(first_instant(*zone, policy, from, next_wall) ==
            (at == wanted.end() ? std::optional<second_count>{} : std::optional{*at}));
  }
}

} // namespace
} // namespace carillon::triggers
