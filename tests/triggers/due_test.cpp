#include "triggers/due.hpp"

#include "triggers/trigger_support.hpp"

#include <random>
#include <set>

namespace carillon::triggers {
namespace {

using test::at;
using test::built;

compiled_trigger hourly() {
  return built(
      test::with(interval{std::chrono::hours{1}}, "", test::instant("2026-01-01T00:00:00Z")));
}

compiled_trigger workdays() {
  cron spec;
  spec.day_of_week = "mon-fri";
  spec.hour = "9-17";
  return built(test::with(spec, "Europe/Berlin", test::instant("2026-01-01T00:00:00Z")));
}

due_result take(const compiled_trigger& trigger, std::string_view now, due_policy policy) {
  const auto first = next(trigger, {}).value();
  auto out = take_due(trigger, *first.at, first.cursor, at(now), policy);
  REQUIRE(out);
  return *out;
}

/// A fate as one line: "missed 00:00-02:00 x3".
std::string line(const fate& f) {
  constexpr const char* names[] = {"job", "coalesced", "missed", "skipped"};
  std::string out = names[static_cast<int>(f.what)];
  out += ' ' + to_rfc3339(f.first).substr(11, 5) + '-' + to_rfc3339(f.last).substr(11, 5) + " x" +
         std::to_string(f.count);
  if (f.into)
    out += " into " + to_rfc3339(*f.into).substr(11, 5);
  return out;
}

std::vector<std::string> lines(const due_result& result) {
  std::vector<std::string> out;
  for (const auto& each : result.fates)
    out.push_back(line(each));
  return out;
}

using strings = std::vector<std::string>;

TEST_CASE("due: a fire time equal to now is due, and one job comes of it") {
  const auto out = take(hourly(), "2026-01-01T00:00:00Z", {});
  REQUIRE(lines(out) == strings{"job 00:00-00:00 x1"});
  REQUIRE(out.jobs.size() == 1);
  REQUIRE(out.jobs[0].following == at("2026-01-01T01:00:00Z"));
  REQUIRE(out.next_fire == at("2026-01-01T01:00:00Z"));
  REQUIRE(out.cursor.last == out.next_fire);
  REQUIRE_FALSE(out.more);
}

TEST_CASE("due: before its time nothing happens") {
  const auto out = take(hourly(), "2025-12-31T23:59:59Z", {});
  REQUIRE(out.fates.empty());
  REQUIRE(out.next_fire == at("2026-01-01T00:00:00Z"));
}

TEST_CASE("due: latest makes one job of the last fire time and coalesces the others into it") {
  const auto out = take(hourly(), "2026-01-01T03:30:00Z", {});
  REQUIRE(lines(out) == strings{"coalesced 00:00-02:00 x3 into 03:00", "job 03:00-03:00 x1"});
  REQUIRE(out.jobs.at(0).fire_time == at("2026-01-01T03:00:00Z"));
  REQUIRE(out.next_fire == at("2026-01-01T04:00:00Z"));
}

TEST_CASE("due: earliest makes one job of the first fire time") {
  const auto out = take(hourly(), "2026-01-01T03:30:00Z", {coalesce_policy::earliest});
  REQUIRE(lines(out) == strings{"job 00:00-00:00 x1", "coalesced 01:00-03:00 x3 into 00:00"});
  REQUIRE(out.jobs.at(0).fire_time == at("2026-01-01T00:00:00Z"));
  REQUIRE(out.jobs.at(0).following == at("2026-01-01T04:00:00Z"));
}

TEST_CASE("due: all makes a job of each, in chunks, and says when there is more (DEV-13)") {
  due_policy policy{coalesce_policy::all};
  policy.fires_max = 3;
  const auto trigger = hourly();
  auto out = take(trigger, "2026-01-01T04:30:00Z", policy);
  REQUIRE(lines(out) == strings{"job 00:00-02:00 x3"});
  REQUIRE(out.jobs.size() == 3);
  REQUIRE(out.jobs[0].following == at("2026-01-01T01:00:00Z"));
  REQUIRE(out.more);
  REQUIRE(out.next_fire == at("2026-01-01T03:00:00Z"));
  out = take_due(trigger, *out.next_fire, out.cursor, at("2026-01-01T04:30:00Z"), policy).value();
  REQUIRE(lines(out) == strings{"job 03:00-04:00 x2"});
  REQUIRE_FALSE(out.more);
  REQUIRE(out.next_fire == at("2026-01-01T05:00:00Z"));
}

TEST_CASE(
    "due: what is past its grace is missed first, a fire at its deadline still runs (PRC-11)") {
  due_policy policy{coalesce_policy::latest, std::chrono::minutes{90}};
  auto out = take(hourly(), "2026-01-01T03:30:00Z", policy);
  REQUIRE(lines(out) == strings{"missed 00:00-01:00 x2", "coalesced 02:00-02:00 x1 into 03:00",
                                "job 03:00-03:00 x1"});
  policy.misfire_grace = std::chrono::minutes{29};
  out = take(hourly(), "2026-01-01T03:30:00Z", policy);
  REQUIRE(lines(out) == strings{"missed 00:00-03:00 x4"});
  REQUIRE(out.jobs.empty());
  REQUIRE(out.next_fire == at("2026-01-01T04:00:00Z"));
  policy.misfire_grace = duration{0};
  REQUIRE(lines(take(hourly(), "2026-01-01T00:00:00Z", policy)) == strings{"job 00:00-00:00 x1"});
  policy.misfire_grace = duration::max();
  REQUIRE(take(hourly(), "2026-01-01T03:30:00Z", policy).jobs.size() == 1);
}

TEST_CASE("due: one fire a second, asleep for 30 years, is settled at once") {
  const auto trigger = built(
      test::with(interval{std::chrono::seconds{1}}, "", test::instant("2000-01-01T00:00:00Z")));
  const auto out = take(trigger, "2030-01-01T00:00:00Z", {});
  REQUIRE(out.fates.size() == 2);
  REQUIRE(out.fates[0].count == 946'771'200);
  REQUIRE(out.jobs.at(0).fire_time == at("2030-01-01T00:00:00Z"));
  cron each_second;
  each_second.second = "*";
  const auto cron_out =
      take(built(test::with(each_second, "UTC", test::instant("2000-01-01T00:00:00Z"))),
           "2030-01-01T00:00:00.5Z", {});
  REQUIRE(cron_out.fates.size() == 2);
  REQUIRE(cron_out.fates[0].count == 0); // too many to count
  REQUIRE(cron_out.fates[0].last == at("2029-12-31T23:59:59Z"));
  REQUIRE(cron_out.jobs.at(0).fire_time == at("2030-01-01T00:00:00Z"));
}

TEST_CASE("due: a finished trigger has no next fire") {
  const auto out = take(built(test::with(once{test::instant("2026-01-01T00:00:00Z")}, "")),
                        "2026-01-02T00:00:00Z", {});
  REQUIRE(lines(out) == strings{"job 00:00-00:00 x1"});
  REQUIRE_FALSE(out.next_fire);
  REQUIRE_FALSE(out.jobs.at(0).following);
}

TEST_CASE("due: skip_until drops what lies before the instant, and keeps what does not") {
  const auto trigger = hourly();
  const auto first = next(trigger, {}).value();
  auto out = skip_until(trigger, first.at, first.cursor, at("2026-01-01T03:00:00Z"), "resumed");
  REQUIRE(out);
  REQUIRE(lines(*out) == strings{"skipped 00:00-02:00 x3"});
  REQUIRE(out->fates[0].reason == "resumed");
  REQUIRE(out->next_fire == at("2026-01-01T03:00:00Z"));
  REQUIRE(skip_until(trigger, first.at, first.cursor, *first.at, "x")->fates.empty());
  REQUIRE_FALSE(skip_until(trigger, {}, {}, at("2030-01-01T00:00:00Z"), "x")->next_fire);
}

/// All fire times of a range, found by stepping the trigger from a cursor before it.
void expand(const compiled_trigger& trigger, const fate& range, std::vector<time_point>& out) {
  auto each = seek(trigger, {}, range.first).value();
  REQUIRE(each.at == range.first);
  std::uint64_t count = 0;
  auto last = range.first;
  for (; each.at && *each.at <= range.last; each = next(trigger, each.cursor).value()) {
    out.push_back(*each.at);
    last = *each.at;
    ++count;
  }
  REQUIRE(last == range.last);
  if (range.count != 0)
    REQUIRE(range.count == count);
}

TEST_CASE(
    "due: every due fire time gets exactly one fate, for every policy, however it is called") {
  std::mt19937 random{11};
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>{low, high}(random);
  };
  any_of either{
      {test::with(interval{std::chrono::minutes{50}}, "", test::instant("2026-01-01T00:00:00Z")),
       test::with(interval{std::chrono::minutes{7}}, "", test::instant("2026-01-03T00:00:00Z"))}};
  const std::vector<compiled_trigger> triggers{hourly(), workdays(), built(test::with(either, ""))};
  for (int round = 0; round < 150; ++round) {
    const auto& trigger = triggers[static_cast<std::size_t>(round) % triggers.size()];
    due_policy policy;
    policy.coalesce = static_cast<coalesce_policy>(pick(0, 2));
    policy.fires_max = static_cast<std::size_t>(pick(1, 5));
    if (pick(0, 1) == 1)
      policy.misfire_grace = std::chrono::minutes{pick(0, 500)};
    auto now = at("2026-01-01T00:00:00Z");
    auto pending = next(trigger, {}).value();
    std::vector<time_point> settled;
    for (int call = 0; call < 12; ++call) {
      now += std::chrono::minutes{pick(0, 600)};
      const auto out = take_due(trigger, *pending.at, pending.cursor, now, policy).value();
      std::set<time_point> jobs;
      for (const auto& job : out.jobs)
        jobs.insert(job.fire_time);
      for (const auto& range : out.fates) {
        const auto before = settled.size();
        expand(trigger, range, settled);
        for (auto i = before; i < settled.size(); ++i) {
          const bool is_late = policy.misfire_grace && settled[i] + *policy.misfire_grace < now;
          REQUIRE((range.what == fate_kind::missed) == is_late);
          REQUIRE((range.what == fate_kind::job) == (jobs.count(settled[i]) == 1));
        }
        if (range.what == fate_kind::coalesced)
          REQUIRE(jobs.count(range.into.value()) == 1);
      }
      REQUIRE(out.more == (*out.next_fire <= now));
      pending = {out.next_fire, out.cursor};
    }
    // Together: exactly the fire times before the pending one, each once.
    auto each = next(trigger, {}).value();
    for (const auto time : settled) {
      REQUIRE(each.at == time);
      each = next(trigger, each.cursor).value();
    }
    REQUIRE(each.at == pending.at);
  }
}

} // namespace
} // namespace carillon::triggers
