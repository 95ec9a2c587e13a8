// Exactness: around every jump of every zone's clock from 1970 to 2100, a rule fires at each whole
// second whose wall clock it means and at no other, under each policy of gap and fold. The clocks
// are those of the C library, the rules are sets of numbers, and what must fire is found by looking
// at each second: see clock_oracle and made_rules.
//
// The suite takes a sample, a new part of it for each value of CARILLON_SEED;
// CARILLON_EVERY_CHANGE=1 takes all of them (some ten minutes).

#include "triggers/civil_time.hpp"
#include "triggers/clock_oracle.hpp"
#include "triggers/made_rules.hpp"
#include "triggers/trigger_support.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace carillon::triggers {
namespace {

using test::clock_change;
using test::clock_window;
using test::made_rule;
using test::when_never;
using test::when_twice;

constexpr std::int64_t hour = 3600;
constexpr std::int64_t year_1850 = -3'786'825'600;
constexpr std::int64_t year_1970 = 0;
constexpr std::int64_t year_2101 = 4'133'980'800;
constexpr int rules_per_dialect = 60;
constexpr int sample_step = 60; // every 60th

bool takes_all() { return std::getenv("CARILLON_EVERY_CHANGE") != nullptr; }

unsigned seed() {
  const auto* text = std::getenv("CARILLON_SEED");
  return text == nullptr ? 1 : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

using jumps = std::vector<clock_change>;

/// The jumps of every zone, by its name.
const std::map<std::string, jumps>& jumps_by_zone() {
  static const auto found = [] {
    std::map<std::string, jumps> out;
    for (const auto& name : test::all_zones()) {
      test::show_zone(name);
      out.emplace(name, test::changes_between(year_1850, year_2101));
    }
    return out;
  }();
  return found;
}

/// Every different jump, with a zone that has it.
std::map<clock_change, std::string> all_changes() {
  std::map<clock_change, std::string> out;
  for (const auto& [name, changes] : jumps_by_zone())
    for (const auto& change : changes)
      out.emplace(change, name);
  return out;
}

/// The jumps to look at, zone by zone: all, or the sample that belongs to the seed.
std::vector<std::pair<clock_change, std::string>> chosen_changes(std::int64_t from) {
  std::vector<std::pair<clock_change, std::string>> out;
  auto i = seed();
  for (const auto& change : all_changes())
    if (change.first.at >= from && (takes_all() || i++ % sample_step == 0))
      out.push_back(change);
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.second < b.second; });
  return out;
}

/// How far around a jump something can depend on it.
std::int64_t radius_of(const clock_change& change) {
  return std::abs(change.offset - change.offset_before) + hour / 2;
}

struct policies {
  gap_policy gap = gap_policy::by_kind;
  fold_policy fold = fold_policy::by_kind;
};

constexpr policies all_policies[] = {
    {gap_policy::by_kind, fold_policy::by_kind},   {gap_policy::skip, fold_policy::both},
    {gap_policy::next_valid, fold_policy::first},  {gap_policy::shift, fold_policy::second},
    {gap_policy::by_kind, fold_policy::automatic},
};

/// What the policies mean for a rule at a jump, in the words of the oracle.
struct meaning {
  when_never never = when_never::skip;
  when_twice twice = when_twice::both;
  auto operator<=>(const meaning&) const = default;
};

meaning meaning_of(policies given, made_rule::dialect spoken, bool is_fixed, std::int64_t jump) {
  using dialect = made_rule::dialect;
  auto [gap, fold] = given;
  if (fold == fold_policy::by_kind)
    fold = spoken == dialect::vixie    ? fold_policy::automatic
           : spoken == dialect::quartz ? fold_policy::second
                                       : fold_policy::both;
  const bool is_cron8 = fold == fold_policy::automatic;
  const bool runs_once = is_fixed && jump < 3 * hour;
  meaning out;
  if (gap == gap_policy::next_valid || (gap == gap_policy::by_kind && is_cron8 && runs_once))
    out.never = when_never::next_valid;
  else if (gap == gap_policy::shift)
    out.never = when_never::shift;
  if (fold == fold_policy::first || (is_cron8 && runs_once))
    out.twice = when_twice::first;
  else if (fold == fold_policy::second)
    out.twice = when_twice::second;
  return out;
}

/// The fire times from `begin` to `end`, UTC seconds, the latter excluded.
std::vector<std::int64_t> fires_between(const compiled_trigger& trigger, std::int64_t begin,
                                        std::int64_t end) {
  std::vector<std::int64_t> out;
  auto found = seek(trigger, {}, at_second(begin));
  while (found && found->at && *found->at < at_second(end)) {
    out.push_back(floor_second(*found->at));
    found = next(trigger, found->cursor);
  }
  if (!found)
    FAIL(found.error().message);
  return out;
}

compiled_trigger compiled(decltype(trigger_spec::kind) kind, const std::string& zone,
                          policies given) {
  trigger_spec spec{std::move(kind), zone};
  spec.gap = given.gap;
  spec.fold = given.fold;
  if (!std::holds_alternative<calendar_interval>(spec.kind))
    spec.start_time = when{at_second(-86'400 * 3)};
  return test::built(spec);
}

/// The instants at which these wall-clock times fire.
std::vector<std::int64_t> instants_of(const std::vector<std::int64_t>& walls,
                                      const std::vector<test::showing>& showings) {
  std::vector<std::int64_t> out;
  for (const auto wall : walls)
    for (auto at = std::lower_bound(showings.begin(), showings.end(), wall,
                                    [](const auto&one, auto w) { return one.wall < w; });
         at != showings.end() && at->wall == wall; ++at)
      out.push_back(at->at);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string difference(const std::vector<std::int64_t>& found,
                       const std::vector<std::int64_t>& wanted) {
  std::string out;
  for (const auto at : wanted)
    if (!std::binary_search(found.begin(), found.end(), at))
      out += " missing " + to_rfc3339(at_second(at));
  for (const auto at : found)
    if (!std::binary_search(wanted.begin(), wanted.end(), at))
      out += " unexpected " + to_rfc3339(at_second(at));
  return out.empty() ? " order" : out.substr(0, 500);
}

TEST_CASE("every change: zones jump when and as far as the C library says, from 1850 to 2100") {
  std::size_t count = 0;
  for (const auto& [name, theirs] : jumps_by_zone()) {
    const auto zone = find_zone(name);
    INFO(name);
    REQUIRE(zone);
    jumps ours;
    for (auto at = (*zone)->period_at(year_1850).end; at < year_2101;) {
      const auto period = (*zone)->period_at(at);
      ours.push_back({period.begin, period.offset_before, period.offset});
      at = period.end;
    }
    REQUIRE(ours == theirs);
    // What first_instant relies on.
    for (std::size_t i = 1; i < ours.size(); ++i)
      REQUIRE(ours[i].at - ours[i - 1].at > 2 * jump_seconds_max);
    for (const auto& change : ours)
      REQUIRE(std::abs(change.offset - change.offset_before) < jump_seconds_max);
    count += theirs.size();
  }
  CHECK(jumps_by_zone().size() > 400);
  CHECK(count > 50'000);
}

TEST_CASE("every change: cron in every dialect fires at each second it means, and at no other") {
  test::generator random{seed()};
  std::vector<made_rule> rules;
  for (int i = 0; i < rules_per_dialect; ++i)
    for (const auto spoken : {made_rule::dialect::apscheduler, made_rule::dialect::vixie,
                              made_rule::dialect::quartz, made_rule::dialect::systemd})
      rules.push_back(test::make_rule(random, spoken));
  std::string compiled_zone;
  std::vector<compiled_trigger> triggers; // for each policy all rules
  const auto changes = chosen_changes(year_1970 + 86'400);
  std::size_t fired = 0;
  for (const auto& [change, zone] : changes) {
    test::show_zone(zone);
    const auto radius = radius_of(change);
    const clock_window window{change, 2 * radius};
    std::map<meaning, std::vector<test::showing>> showings;
    if (zone != compiled_zone) {
      compiled_zone = zone;
      triggers.clear();
      for (const auto& given : all_policies)
        for (const auto& rule : rules)
          triggers.push_back(compiled(rule.kind, zone, given));
    }
    std::vector<std::vector<std::int64_t>> walls; // what each rule means
    const auto [low, high] = std::minmax(change.offset, change.offset_before);
    for (const auto& rule : rules)
      walls.push_back(rule.walls_between(window.begin() + low, window.end() + high));
    auto trigger = triggers.begin();
    for (const auto& given : all_policies) {
      auto meant_walls = walls.begin();
      for (const auto& rule : rules) {
        const auto meant = meaning_of(given, rule.spoken, rule.is_fixed_time(),
                                      std::abs(change.offset - change.offset_before));
        auto& shown = showings[meant];
        if (shown.empty())
          shown = window.showings(meant.never, meant.twice, radius);
        const auto wanted = instants_of(*meant_walls++, shown);
        const auto found =
            fires_between(*trigger++, window.begin() + radius, window.end() - radius);
        fired += wanted.size();
        if (found != wanted) {
          INFO(zone << ' ' << to_rfc3339(at_second(change.at)) << ' ' << rule.text() << " dialect "
                    << static_cast<int>(rule.spoken) << " gap " << static_cast<int>(given.gap)
                    << " fold " << static_cast<int>(given.fold) << difference(found, wanted));
          REQUIRE(found == wanted);
        }
      }
    }
  }
  WARN(changes.size() << " changes, " << rules.size() << " rules, "
                      << changes.size() * std::size(all_policies) * rules.size() << " comparisons, "
                      << fired << " fire times, no difference");
  CHECK(fired > 100'000);
}

/// Every day at the time of day of that wall-clock second, since some time before.
calendar_interval daily(std::int64_t wall, test::generator& random) {
  const auto day = floor_div(wall, day_seconds);
  const auto time = wall - day * day_seconds;
  calendar_interval out;
  out.days = 1;
  out.hour = static_cast<std::uint8_t>(time / hour);
  out.minute = static_cast<std::uint8_t>(time / 60 % 60);
  out.second = static_cast<std::uint8_t>(time % 60);
  out.start_date = date_of(day - std::uniform_int_distribution<int>{3, 3'000}(random));
  return out;
}

TEST_CASE("every change: calendar intervals too, and those before 1970") {
  constexpr std::pair<gap_policy, when_never> gaps[] = {
      {gap_policy::by_kind, when_never::skip},
      {gap_policy::next_valid, when_never::next_valid},
      {gap_policy::shift, when_never::shift}};
  constexpr std::pair<fold_policy, when_twice> folds[] = {
      {fold_policy::by_kind, when_twice::first},
      {fold_policy::both, when_twice::both},
      {fold_policy::second, when_twice::second}};
  test::generator random{seed()};
  const auto changes = chosen_changes(year_1850);
  std::size_t fired = 0;
  for (const auto& [change, zone] : changes) {
    test::show_zone(zone);
    const auto radius = radius_of(change);
    const clock_window window{change, 2 * radius};
    const auto jump = change.offset - change.offset_before;
    const auto before = change.at + change.offset_before;
    for (const auto& [gap, never] : gaps)
      for (const auto& [fold, twice] : folds) {
        const auto shown = window.showings(never, twice, radius);
        // Times of day before, at and after both ends of what is skipped or repeated.
        for (const auto wall : {before - 1, before, before + 1, before + jump / 2,
                                before + jump - 1, before + jump, before + jump + 1}) {
          std::vector<std::int64_t> walls;
          for (auto w = wall - 4 * day_seconds; w <= wall + 4 * day_seconds; w += day_seconds)
            walls.push_back(w);
          const auto wanted = instants_of(walls, shown);
          const auto found = fires_between(compiled(daily(wall, random), zone, {gap, fold}),
                                           window.begin() + radius, window.end() - radius);
          fired += wanted.size();
          if (found != wanted) {
            INFO(zone << ' ' << to_rfc3339(at_second(change.at)) << " at " << wall_text(wall)
                      << " gap " << static_cast<int>(gap) << " fold " << static_cast<int>(fold)
                      << difference(found, wanted));
            REQUIRE(found == wanted);
          }
        }
      }
  }
  CHECK(fired > changes.size());
}

} // namespace
} // namespace carillon::triggers
