// The algebra of asking: next, previous, preview and count agree with each other.

#include "carillon/fire_times.hpp"
#include "triggers/random_trigger.hpp"
#include "triggers/trigger_support.hpp"

#include <algorithm>
#include <rapidcheck.h>

namespace carillon::triggers {
namespace {

using test::at;

constexpr duration tick{1};

fire_times times(std::string_view text, trigger_notation notation = trigger_notation::crontab,
                 const trigger_context& context = {at("2026-01-01T00:00:00Z"), "Europe/Berlin"}) {
  auto out = fire_times::parse(text, notation, context);
  INFO((out ? std::string{} : out.error().message));
  REQUIRE(out);
  return *out;
}

std::string text_of(const fire_times& trigger, const std::optional<time_point>& t) {
  return t ? trigger.to_text(*t) : "none";
}

std::string next_of(const fire_times& trigger, std::string_view after) {
  return text_of(trigger, *trigger.next(at(after)));
}

std::string previous_of(const fire_times& trigger, std::string_view before) {
  return text_of(trigger, *trigger.previous(at(before)));
}

/// The trigger of a random number, with instants around; none when it is refused, or when an
/// all_of does not meet.
struct sample {
  fire_times trigger;
  time_point from;
  fire_list fires;
};

std::optional<sample> sample_of(std::uint64_t seed) {
  test::trigger_source source{seed};
  const auto spec = source.any();
  auto trigger = fire_times::of(spec, {at("2026-01-01T00:00:00Z"), "Europe/Berlin"});
  if (!trigger)
    return {};
  const auto from = source.instant().at;
  auto fires = trigger->preview(source.number(1, 30), from);
  if (!fires)
    return {};
  return sample{std::move(*trigger), from, std::move(*fires)};
}

/// Checks a property of random triggers that have fire times.
template <class Property> bool holds(const std::string& name, Property property) {
  return rc::check(name, [&] {
    const auto s = sample_of(*rc::gen::arbitrary<std::uint64_t>());
    RC_PRE(s.has_value());
    RC_PRE(!s->fires.fires.empty());
    property(*s);
  });
}

} // namespace

TEST_CASE("parse: every notation") {
  struct row {
    trigger_notation notation;
    const char* text;
    const char* first; ///< After 2026-01-01T00:00:00Z.
  };
  for (const auto& [notation, text, first] : {
           row{trigger_notation::crontab, "0 3 13 * fri", "2026-02-13T03:00:00+01:00"},
           {trigger_notation::vixie, "0 3 13 * fri", "2026-01-02T03:00:00+01:00"},
           {trigger_notation::seconds, "30 0 3 * * * 2027", "2027-01-01T03:00:30+01:00"},
           {trigger_notation::jenkins, "0 3 13 * fri", "2026-02-13T03:00:00+01:00"},
           {trigger_notation::quartz, "0 0 3 ? * 6L", "2026-01-30T03:00:00+01:00"},
           {trigger_notation::systemd, "Fri 03:00", "2026-01-02T03:00:00+01:00"},
           {trigger_notation::iso8601, "R/2026-01-31T09:00:00/P1M", "2026-01-31T09:00:00+01:00"},
           {trigger_notation::rrule, "DTSTART:20260102T090000\nRRULE:FREQ=MONTHLY;BYDAY=-1FR",
            "2026-01-30T09:00:00+01:00"},
           {trigger_notation::every, "90m", "2026-01-01T01:30:00Z"},
           {trigger_notation::at, "2026-02-01T03:00:00", "2026-02-01T03:00:00+01:00"},
       }) {
    CAPTURE(text);
    CHECK(next_of(times(text, notation), "2026-01-01T00:00:00Z") == first);
  }
}

TEST_CASE("preview: next is after the instant, previous is before it") {
  const auto daily = times("0 3 * * *");
  CHECK(next_of(daily, "2026-03-28T02:00:00Z") == "2026-03-29T03:00:00+02:00");
  CHECK(next_of(daily, "2026-03-29T01:00:00Z") == "2026-03-30T03:00:00+02:00");
  CHECK(previous_of(daily, "2026-03-29T01:00:00Z") == "2026-03-28T03:00:00+01:00");
  CHECK(previous_of(daily, "2026-03-29T01:00:01Z") == "2026-03-29T03:00:00+02:00");
}

TEST_CASE("preview: a cron without a start reaches back to 1970, an interval to its start") {
  CHECK(previous_of(times("0 0 29 2 *"), "1973-01-01T00:00:00Z") == "1972-02-29T00:00:00+01:00");
  CHECK(previous_of(times("0 0 29 2 *"), "1972-01-01T00:00:00Z") == "none");
  const auto hourly = times("1h", trigger_notation::every);
  CHECK(previous_of(hourly, "2026-01-01T00:00:00Z") == "none");
  CHECK(previous_of(hourly, "2026-01-01T02:30:00Z") == "2026-01-01T02:00:00Z");
  const auto once = times("2026-03-29T03:00:00", trigger_notation::at);
  CHECK(next_of(once, "2026-01-01T00:00:00Z") == "2026-03-29T03:00:00+02:00");
  CHECK(next_of(once, "2026-03-29T01:00:00Z") == "none");
  CHECK(previous_of(once, "9999-12-31T23:59:59Z") == "2026-03-29T03:00:00+02:00");
}

TEST_CASE("preview: the list starts at the instant and says when the trigger ends") {
  const auto once = times("2026-03-29T03:00:00+02:00", trigger_notation::at);
  const auto all = once.preview(5, at("2026-03-29T01:00:00Z"));
  REQUIRE(all);
  CHECK(all->fires == std::vector{at("2026-03-29T01:00:00Z")});
  CHECK(all->is_exhausted);
  const auto none = once.preview(0, at("2026-01-01T00:00:00Z"));
  REQUIRE(none);
  CHECK(none->fires.empty());
  CHECK_FALSE(none->is_exhausted);
}

TEST_CASE("preview: count includes the first instant, not the last, and has a limit") {
  const auto every_second = times("1s", trigger_notation::every);
  const auto from = at("2026-01-01T00:00:00Z");
  const auto year = at("2027-01-01T00:00:00Z");
  const auto many = every_second.count(from, year, 100'000'000);
  REQUIRE(many);
  CHECK(*many == 31'536'000);
  const auto too_many = every_second.count(from, year);
  REQUIRE_FALSE(too_many);
  CHECK(too_many.error().code == errc::limit_exceeded);
  CHECK(too_many.error().message ==
        "there are more than 1000000 fire times before 2027-01-01T00:00:00Z");
  const auto daily = times("0 3 * * *");
  CHECK(*daily.count(at("2026-01-01T02:00:00Z"), at("2026-01-03T02:00:00Z")) == 2);
  CHECK(*daily.count(at("2026-01-03T02:00:00Z"), at("2026-01-01T02:00:00Z")) == 0);
}

TEST_CASE("preview: next and previous are each other's inverse") {
  REQUIRE(holds("previous(next(t) + 1) == next(t), next(previous(t) - 1) == previous(t)",
                [](const sample& s) {
                  const auto first = s.fires.fires.front();
                  RC_ASSERT(*s.trigger.previous(first + tick) == first);
                  RC_ASSERT(*s.trigger.next(first - tick) == first);
                  const auto before = s.trigger.previous(first);
                  RC_ASSERT(bool{before});
                  if (!*before)
                    return;
                  RC_ASSERT(**before < s.from);
                  RC_ASSERT(*s.trigger.next(**before) == first);
                  RC_ASSERT(*s.trigger.next(**before - tick) == **before);
                }));
}

TEST_CASE("preview: a list is what repeated next finds, and count is its length") {
  REQUIRE(holds("preview == next, next, next; count == size", [](const sample& s) {
    auto after = s.from - tick;
    for (const auto fire : s.fires.fires) {
      RC_ASSERT(fire > after);
      RC_ASSERT(*s.trigger.next(after) == fire);
      after = fire;
    }
    RC_ASSERT(s.fires.is_exhausted == !s.trigger.next(after)->has_value());
    RC_ASSERT(*s.trigger.count(s.from, after + tick) == s.fires.fires.size());
    RC_ASSERT(*s.trigger.count(s.from, after) == s.fires.fires.size() - 1);
  }));
}

TEST_CASE("preview: asking changes nothing") {
  REQUIRE(holds("the same question has the same answer", [](const sample& s) {
    const auto copy = s.trigger;
    const auto spec = s.trigger.spec();
    RC_ASSERT(s.trigger.preview(s.fires.fires.size(), s.from)->fires == s.fires.fires);
    static_cast<void>(s.trigger.previous(s.from));
    static_cast<void>(s.trigger.lint(s.from));
    static_cast<void>(s.trigger.describe(s.from));
    RC_ASSERT(s.trigger.spec() == spec);
    RC_ASSERT(s.trigger == copy);
    RC_ASSERT(s.trigger.preview(s.fires.fires.size(), s.from)->fires == s.fires.fires);
  }));
}

TEST_CASE("preview: the canonical trigger is equal to the one it came from") {
  REQUIRE(holds("of(spec()) == trigger", [](const sample& s) {
    const auto again = fire_times::of(s.trigger.spec(), {at("2031-05-05T05:05:05Z"), "Asia/Tokyo"});
    RC_ASSERT(bool{again});
    RC_ASSERT(*again == s.trigger);
    RC_ASSERT(again->preview(s.fires.fires.size(), s.from)->fires == s.fires.fires);
  }));
}

TEST_CASE("describe: every trigger has a description, and lint an answer") {
  REQUIRE(rc::check("describe and lint are total", [] {
    test::trigger_source source{*rc::gen::arbitrary<std::uint64_t>()};
    const auto trigger =
        fire_times::of(source.any(), {at("2026-01-01T00:00:00Z"), "Europe/Berlin"});
    RC_PRE(bool{trigger});
    const auto from = source.instant().at;
    const auto words = trigger->describe(from);
    RC_ASSERT(!words.empty());
    RC_ASSERT(words.find("not valid") == std::string::npos);
    for (const auto& warning : trigger->lint(from)) {
      RC_ASSERT(!warning.code.empty());
      RC_ASSERT(warning.field.starts_with("trigger"));
      RC_ASSERT(!warning.message.empty());
    }
  }));
}

} // namespace carillon::triggers
