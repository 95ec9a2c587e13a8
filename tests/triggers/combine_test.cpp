#include "triggers/trigger_support.hpp"

#include <random>

namespace carillon::triggers {
namespace {

using test::built;
using test::fires;
using test::texts;

trigger_spec every(std::int64_t seconds, std::string_view start,
                   std::optional<when> end = std::nullopt) {
  return test::with(interval{std::chrono::seconds{seconds}}, "", test::instant(start), end);
}

TEST_CASE("or: the union in order, equal instants once, until all have ended (CMB-01)") {
  any_of kind{{every(60, "2026-01-01T00:00:00Z", test::instant("2026-01-01T00:02:00Z")),
               every(90, "2026-01-01T00:00:00Z", test::instant("2026-01-01T00:03:00Z"))}};
  REQUIRE(fires(built(test::with(kind, "")), 9) ==
          texts{"2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "2026-01-01T00:01:30Z",
                "2026-01-01T00:02:00Z", "2026-01-01T00:03:00Z"});
  REQUIRE(fires(built(test::with(any_of{}, "")), 1).empty());
}

TEST_CASE("and: fires at the earliest when all lie within the threshold (CMB-02)") {
  all_of kind;
  kind.triggers = {test::with(once{test::instant("2026-01-01T00:00:00.25Z")}, ""),
                   test::with(once{test::instant("2026-01-01T00:00:01.25Z")}, "")};
  REQUIRE(fires(built(test::with(kind, "")), 2) == texts{"2026-01-01T00:00:00.250000Z"});
  kind.threshold = std::chrono::milliseconds{999};
  REQUIRE(fires(built(test::with(kind, "")), 2).empty());
}

TEST_CASE("and: leaps over what cannot match (intervals that meet once a month)") {
  all_of kind;
  kind.threshold = {};
  kind.triggers = {every(1, "2026-01-01T00:00:00Z"),
                   test::with(
                       [] {
                         cron monthly;
                         monthly.day = "1";
                         return monthly;
                       }(),
                       "UTC", test::instant("2026-01-15T00:00:00Z"))};
  REQUIRE(fires(built(test::with(kind, "")), 2) ==
          texts{"2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"});
}

TEST_CASE("and: triggers that never meet end in limit_exceeded (CMB-03)") {
  all_of kind;
  kind.triggers = {every(4, "2026-01-01T00:00:00Z"), every(4, "2026-01-01T00:00:02Z")};
  const auto fire = next(built(test::with(kind, "")), {});
  REQUIRE_FALSE(fire);
  REQUIRE(fire.error().code == errc::limit_exceeded);
}

TEST_CASE("and: intervals meet by arithmetic, after however many steps (CMB-03)") {
  all_of kind;
  kind.threshold = {};
  kind.triggers = {every(86'400, "2026-01-01T00:00:00Z"), every(86'401, "2026-01-01T00:00:01Z")};
  // 86,400 days after the start of the first.
  REQUIRE(fires(built(test::with(kind, "")), 1) == texts{"2262-07-23T00:00:00Z"});
  kind.triggers = {every(7, "2026-01-01T00:00:00Z"), every(11, "2026-01-01T00:00:01Z"),
                   every(13, "2026-01-01T00:00:02Z"), every(86'400, "2026-01-01T00:00:00Z")};
  const auto met = next(built(test::with(kind, "")), {});
  REQUIRE(met);
  const auto since = *met->at - test::at("2026-01-01T00:00:00Z");
  REQUIRE(since % std::chrono::seconds{7} == duration{0});
  REQUIRE(since % std::chrono::seconds{11} == std::chrono::seconds{1});
  REQUIRE(since % std::chrono::seconds{13} == std::chrono::seconds{2});
  REQUIRE(since % std::chrono::hours{24} == duration{0});
  REQUIRE(since < std::chrono::seconds{7 * 11 * 13} * 86'400);
  kind.triggers.push_back(every(86'400, "2026-01-01T00:00:01Z"));
  const auto never = next(built(test::with(kind, "")), {});
  REQUIRE_FALSE(never);
  REQUIRE(never.error().code == errc::limit_exceeded);
  REQUIRE(never.error().message == "the intervals of 'and' never meet");
}

TEST_CASE("and: a crowd leaps to whom it waits for, with and without a pause on the way") {
  const auto third = [](std::string day) {
    cron out;
    out.month = "12";
    out.day = std::move(day);
    out.hour = "12";
    return test::with(out, "UTC", test::instant("2026-01-01T00:00:00Z"));
  };
  all_of kind; // threshold one second
  kind.triggers = {every(60, "2026-01-01T00:00:00Z"), every(30, "2026-01-01T00:00:00.5Z"),
                   third("24")};
  REQUIRE(fires(built(test::with(kind, "")), 2) ==
          texts{"2026-12-24T12:00:00Z", "2027-12-24T12:00:00Z"});
  // Every second: no second is without one.
  kind.triggers = {every(1, "2026-01-01T00:00:00Z"), every(1, "2026-01-01T00:00:00.5Z"),
                   third("24")};
  REQUIRE(fires(built(test::with(kind, "")), 2) ==
          texts{"2026-12-24T11:59:59Z", "2027-12-24T11:59:59Z"});
  // Now and then one runs ahead and the other is alone; that brings neither nearer to the third.
  kind.threshold = std::chrono::hours{1};
  kind.triggers = {every(300, "2026-01-01T00:00:38Z"), every(35, "2026-01-01T00:00:43Z"),
                   third("24")};
  REQUIRE(fires(built(test::with(kind, "")), 2) ==
          texts{"2026-12-24T11:00:28Z", "2027-12-24T11:00:08Z"});
  kind.threshold = all_of{}.threshold;
  kind.triggers = {every(1, "2026-01-01T00:00:00Z"), third("24"), third("25")};
  const auto never = next(built(test::with(kind, "")), {});
  REQUIRE_FALSE(never);
  REQUIRE(never.error().code == errc::limit_exceeded);
}

TEST_CASE("and: a seek over ages ends soon where each second is a match") {
  all_of kind;
  kind.triggers = {every(1, "2026-01-01T00:00:00Z"), every(1, "2026-01-01T00:00:00Z")};
  const auto trigger = built(test::with(kind, ""));
  const auto far = test::at("2526-01-01T00:00:00Z");
  const auto sought = seek(trigger, {}, far);
  REQUIRE(sought);
  REQUIRE(sought->at == far);
  REQUIRE(next(trigger, sought->cursor)->at == far + std::chrono::seconds{1});
}

TEST_CASE("and: nested without end it stops at the step limit instead of running for hours") {
  all_of inner;
  inner.triggers = {every(4, "2026-01-01T00:00:00Z"), every(6, "2026-01-01T00:00:01Z")};
  inner.threshold = {};
  all_of outer;
  outer.triggers = {test::with(inner, ""), every(5, "2026-01-01T00:00:03Z")};
  auto nested = test::with(outer, "");
  for (int i = 0; i < 5; ++i) {
    all_of more;
    more.triggers = {nested, every(7 + i, "2026-01-01T00:00:00Z")};
    more.threshold = {};
    nested = test::with(more, "");
  }
  REQUIRE_FALSE(next(built(nested), {}));
}

/// APScheduler's AndTrigger, step by step: what the leaping one must equal.
std::vector<time_point> stepped(const std::vector<compiled_trigger>& triggers, duration threshold,
                                std::size_t count) {
  std::vector<fire> pending;
  for (const auto& trigger : triggers)
    pending.push_back(next(trigger, {}).value());
  std::vector<time_point> out;
  while (out.size() < count) {
    auto earliest = time_point::max();
    auto latest = time_point::min();
    for (const auto& each : pending) {
      if (!each.at)
        return out;
      earliest = std::min(earliest, *each.at);
      latest = std::max(latest, *each.at);
    }
    for (std::size_t i = 0; i < pending.size(); ++i)
      if (*pending[i].at - earliest <= threshold)
        pending[i] = next(triggers[i], pending[i].cursor).value();
    if (latest - earliest <= threshold)
      out.push_back(earliest);
  }
  return out;
}

TEST_CASE("and: leaping and seeking give the same matches as single steps") {
  std::mt19937 random{5};
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>{low, high}(random);
  };
  for (int round = 0; round < 200; ++round) {
    all_of kind;
    std::vector<compiled_trigger> plain;
    const int children = pick(2, 4);
    for (int i = 0; i < children; ++i) {
      const time_point start = test::at("2026-01-01T00:00:00Z") + duration{pick(0, 9) * 500'000};
      const auto step = duration{pick(1, 30) * 500'000};
      kind.triggers.push_back(test::with(interval{step}, "", when{start, false},
                                         when{start + std::chrono::hours{1}, false}));
      plain.push_back(built(kind.triggers.back()));
    }
    kind.threshold = duration{pick(0, 4) * 400'000};
    const auto trigger = built(test::with(kind, ""));
    const auto wanted = stepped(plain, kind.threshold, 40);
    trigger_cursor cursor;
    for (const auto at : wanted) {
      const auto fire = next(trigger, cursor);
      REQUIRE(fire);
      REQUIRE(fire->at == at);
      cursor = fire->cursor;
    }
    for (std::size_t i = 0; i < wanted.size(); i += 3) {
      const auto sought = seek(trigger, {}, wanted[i]);
      REQUIRE(sought);
      REQUIRE(sought->at == wanted[i]);
    }
  }
}

TEST_CASE("or: a seek moves every child, and stepping goes on from there") {
  any_of kind{{every(60, "2026-01-01T00:00:00Z"), every(7, "2026-01-01T00:00:01Z")}};
  const auto trigger = built(test::with(kind, ""));
  const auto sought = seek(trigger, {}, test::at("2026-06-01T00:00:00Z"));
  REQUIRE(sought);
  auto stepping = *sought;
  for (int i = 0; i < 50; ++i) {
    auto following = next(trigger, stepping.cursor);
    REQUIRE(following);
    REQUIRE(*following->at > *stepping.at);
    REQUIRE(seek(trigger, {}, *stepping.at + duration{1})->at == following->at);
    stepping = *following;
  }
}

TEST_CASE("triggers: nesting has a limit of 32") {
  trigger_spec spec = every(60, "2026-01-01T00:00:00Z");
  for (int i = 1; i < trigger_depth_max; ++i)
    spec = test::with(any_of{{spec}}, "");
  REQUIRE(resolve(spec, test::utc_context));
  spec = test::with(any_of{{spec}}, "");
  REQUIRE(test::refused(spec).code == errc::limit_exceeded);
}

} // namespace
} // namespace carillon::triggers
