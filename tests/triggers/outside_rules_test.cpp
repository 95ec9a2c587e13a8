#include "triggers/outside_rules.hpp"

#include "triggers/day_list.hpp"
#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

using test::built;
using test::fires;
using test::texts;
using test::with;

constexpr date_range eve{{2026, 12, 24}, {2026, 12, 24}};
constexpr date_range may_day{{2026, 5, 1}, {2026, 5, 1}};

trigger_spec each_hour() {
  return with(interval{std::chrono::hours{1}}, "", test::instant("2026-01-01T00:00:00Z"));
}

trigger_spec at_nine(std::string zone) {
  cron spec;
  spec.hour = "9";
  return with(spec, std::move(zone), test::instant("2026-01-01T00:00:00Z"));
}

trigger_spec except(trigger_spec inner, std::vector<exclusion> exclude, std::string zone = "UTC") {
  return with(filtered{{std::move(inner)}, std::move(exclude), {}}, std::move(zone));
}

std::vector<std::string> zones_of(const trigger_spec& spec) {
  std::vector<std::string> out;
  each_zone(spec, [&](const std::string& zone) { out.push_back(zone); });
  return out;
}

const std::vector<date_range>* days_of(std::string_view name) {
  static const std::vector<date_range> de{may_day, eve};
  return name == "de" ? &de : nullptr;
}

using names = std::vector<std::string>;

TEST_CASE("outside_rules: the zones of a trigger are those that its fire times depend on") {
  CHECK(zones_of(each_hour()).empty());
  CHECK(zones_of(at_nine("UTC")).empty());
  CHECK(zones_of(at_nine("Asia/Tokyo")) == names{"Asia/Tokyo"});
  CHECK(zones_of(with(any_of{{each_hour(), at_nine("Asia/Tokyo")}}, "Europe/Rome")) ==
        names{"Asia/Tokyo"});
  // Exclusions and windows are read in the zone of the filter.
  CHECK(zones_of(except(each_hour(), {{"", {eve}, {}}}, "Europe/Rome")) == names{"Europe/Rome"});
  CHECK(zones_of(except(at_nine("Asia/Tokyo"), {{"", {eve}, {}}}, "Europe/Rome")) ==
        names{"Europe/Rome", "Asia/Tokyo"});
}

TEST_CASE("outside_rules: calendars are those that are named without their days") {
  const auto two = except(except(each_hour(), {{.calendar = "us"}, {.calendar = "de"}}),
                          {{.calendar = "de"}, {.calendar = "mine", .days = {eve}}});
  CHECK(calendars_of(two) == names{"de", "us"});
  CHECK(calendars_of(each_hour()).empty());
}

TEST_CASE("outside_rules: days come in to be computed with, and go out to be stored") {
  const auto spec = with(any_of{{except(at_nine("UTC"), {{"", {may_day}, {}}, {.calendar = "de"}}),
                                 except(at_nine("UTC"), {{.calendar = "us"}})}},
                         "UTC");
  const auto filled = with_days(spec, days_of);
  const auto& first = std::get<filtered>(std::get<any_of>(filled.kind).triggers[0].kind);
  CHECK(first.exclude[1].days == std::vector<date_range>{may_day, eve});
  CHECK(calendars_of(filled) == names{"us"}); // it is not known, so it stays
  CHECK(without_days(filled, spec) == spec);
}

TEST_CASE("outside_rules: a trigger with its days fires on none of them, without is refused") {
  auto spec = except(at_nine("UTC"), {{.calendar = "de"}});
  std::get<filtered>(spec.kind).triggers[0].start_time = test::instant("2026-12-23T00:00:00Z");
  CHECK(fires(built(with_days(spec, days_of)), 2) ==
        texts{"2026-12-23T09:00:00Z", "2026-12-25T09:00:00Z"});
  for (const auto& failure : {resolve(spec, {}).error(), compile(spec).error()}) {
    CHECK(failure.field == "trigger.spec.exclude[0].calendar");
    CHECK(failure.message.find("calendar 'de' comes without its days") == 0);
  }
}

TEST_CASE("day_list: days have one form") {
  const date_range christmas{{2026, 12, 25}, {2026, 12, 26}};
  CHECK(canonical_days({christmas, may_day, eve, eve}) ==
        std::vector<date_range>{may_day, {{2026, 12, 24}, {2026, 12, 26}}});
  CHECK(canonical_days({}).empty());
  const date_range new_year{{2026, 12, 31}, {2027, 1, 1}};
  CHECK(canonical_days({new_year}) == std::vector<date_range>{new_year});
}

} // namespace
} // namespace carillon::triggers
