#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

using test::at;
using test::instant;
using test::refused;
using test::wall;

const resolve_context context{at("2026-06-01T10:00:00.25Z"), "Europe/Berlin"};

trigger_spec resolved(const trigger_spec& spec) { return resolve(spec, context).value(); }

TEST_CASE("resolve: an absent start is now, for cron rounded up to a whole second (DEV-9)") {
  REQUIRE(resolved(test::with(interval{duration{1}}, "")).start_time->at == context.now);
  REQUIRE(resolved(test::with(cron{}, "")).start_time == instant("2026-06-01T10:00:01Z"));
  // The start of vixie is exclusive, so it is rounded down.
  const auto vixie = test::crontab("* * * * *", cron_dialect::vixie);
  REQUIRE(resolved(test::with(vixie, "")).start_time == instant("2026-06-01T10:00:00Z"));
}

TEST_CASE("resolve: zones default to UTC for elapsed time, else to the node's") {
  REQUIRE(resolved(test::with(once{instant("2026-01-01T00:00:00Z")}, "")).timezone == "UTC");
  REQUIRE(resolved(test::with(interval{duration{1}}, "")).timezone == "UTC");
  REQUIRE(resolved(test::with(cron{}, "")).timezone == "Europe/Berlin");
  REQUIRE(resolved(test::with(cron{}, "local")).timezone == "Europe/Berlin");
  REQUIRE(resolved(test::with(any_of{}, "")).timezone == "Europe/Berlin");
  REQUIRE(refused(test::with(cron{}, "Mars/Olympus")).field == "trigger.timezone");
}

TEST_CASE("resolve: wall-clock literals become their first instant in the trigger's zone") {
  const auto first = resolved(test::with(cron{}, "Europe/Berlin", wall("2026-10-25T02:30:00")));
  REQUIRE(first.start_time == instant("2026-10-25T00:30:00Z"));
  const auto date = resolved(test::with(once{wall("2026-07-01T12:00:00.5")}, "Asia/Tokyo"));
  REQUIRE(std::get<once>(date.kind).run_time == instant("2026-07-01T03:00:00.5Z"));
}

TEST_CASE("resolve: a literal that the clock leaves out is refused, naming the zone (CRN-20)") {
  const auto error = refused(test::with(cron{}, "Europe/Berlin", wall("2026-03-29T02:30:00")));
  REQUIRE(error.field == "trigger.start_time");
  REQUIRE(error.message.find("2026-03-29 02:30:00 does not exist in Europe/Berlin") !=
          std::string::npos);
}

TEST_CASE("resolve: contradictions are refused with their field") {
  calendar_interval calendar;
  REQUIRE(refused(test::with(calendar, "")).field == "trigger.spec");
  calendar.days = 1;
  calendar.hour = 24;
  REQUIRE(refused(test::with(calendar, "")).field == "trigger.spec.hour");
  calendar.hour = 0;
  calendar.start_date = civil_date{2026, 2, 30};
  REQUIRE(refused(test::with(calendar, "")).field == "trigger.spec.start_date");
  calendar.start_date = civil_date{2026, 2, 2};
  calendar.end_date = civil_date{2026, 2, 1};
  REQUIRE(refused(test::with(calendar, "")).field == "trigger.spec.end_date");
  calendar.end_date = {};
  REQUIRE(refused(test::with(calendar, "", instant("2026-01-01T00:00:00Z"))).field ==
          "trigger.start_time");
  REQUIRE(refused(test::with(interval{}, "")).field == "trigger.spec");
  REQUIRE(refused(test::with(interval{duration{1}}, "", instant("2026-01-02T00:00:00Z"),
                             instant("2026-01-01T00:00:00Z")))
              .field == "trigger.end_time");
  REQUIRE(refused(test::with(all_of{}, "")).field == "trigger.spec.triggers");
  cron vixie;
  vixie.dialect = cron_dialect::vixie;
  vixie.second = "5";
  REQUIRE(refused(test::with(vixie, "")).field == "trigger.spec.second");
}

TEST_CASE("resolve: cron texts become canonical, all eight of them") {
  cron spec;
  spec.day_of_week = "6-1";
  spec.hour = " 03 ";
  const auto out = std::get<cron>(resolved(test::with(spec, "")).kind);
  REQUIRE(out.year == "*");
  REQUIRE(out.day == "*");
  REQUIRE(out.day_of_week == "mon,sat-sun");
  REQUIRE(out.hour == "3");
  REQUIRE(out.minute == "0");
  REQUIRE(out.second == "0");
}

TEST_CASE("resolve: resolving again changes nothing, whatever the time and the zone") {
  all_of both;
  both.triggers = {test::with(cron{}, ""), test::with(interval{duration{5}}, "")};
  const auto kinds = {test::with(both, ""), test::with(any_of{both.triggers}, "Asia/Tokyo"),
                      test::with(test::crontab("@daily", cron_dialect::vixie), "")};
  for (const auto& spec : kinds) {
    const auto once_resolved = resolved(spec);
    REQUIRE(resolve(once_resolved, {at("2031-01-01T00:00:00Z"), "Asia/Tokyo"}).value() ==
            once_resolved);
  }
}

} // namespace
} // namespace carillon::triggers
