#include "events/trigger_json.hpp"

#include <catch2/catch.hpp>
#include <random>

namespace carillon::events {
namespace {

/// An 'except' around an hourly interval, with these members besides.
std::string except(const std::string& members) {
  return R"({"kind":"except","spec":{"trigger":{"kind":"interval","spec":{"hours":1}})" + members +
         "}}";
}

filtered read(const std::string& members) {
  const auto parsed = trigger_from_json(except(members));
  INFO(members << ": " << (parsed ? "" : parsed.error().message));
  REQUIRE(parsed);
  return std::get<filtered>(parsed->kind);
}

error refused(const std::string& members) {
  const auto parsed = trigger_from_json(except(members));
  INFO(members);
  REQUIRE_FALSE(parsed);
  return parsed.error();
}

TEST_CASE("except json: all parts are read and written back the same") {
  const auto kind = read(R"(,"exclude":[{"calendar":"feasts","days":["2026-12-24"]},)"
                         R"({"days":["2026-01-01","2026-12-24/2026-12-26"],)"
                         R"("cron":{"day_of_week":"sat,sun"}},)"
                         R"({"vixie":{"crontab":"* 12 * * *"}},{"quartz":{"cron":"0 * * ? * *"}}],)"
                         R"("windows":["09:00-17:00 mon-fri","22:00-06:00","00:00:30-24:00 sun"])");
  REQUIRE(kind.triggers.size() == 1);
  REQUIRE(std::get<interval>(kind.triggers.front().kind).every == std::chrono::hours{1});
  REQUIRE(kind.exclude.size() == 4);
  CHECK(kind.exclude[0].calendar == "feasts");
  CHECK(kind.exclude[1].days ==
        std::vector<date_range>{{{2026, 1, 1}, {2026, 1, 1}}, {{2026, 12, 24}, {2026, 12, 26}}});
  CHECK(kind.exclude[1].pattern->day_of_week == "sat,sun");
  CHECK(kind.exclude[2].pattern->dialect == cron_dialect::vixie);
  CHECK(kind.exclude[3].pattern->dialect == cron_dialect::quartz);
  CHECK(kind.windows == std::vector<time_window>{{9 * 3600, 17 * 3600, 0x1f},
                                                 {22 * 3600, 6 * 3600, 0x7f},
                                                 {30, 86'400, 0x40}});
  const trigger_spec spec{kind, "Europe/Berlin"};
  const auto text = trigger_to_json(spec);
  INFO(text);
  CHECK(text.find(R"("windows":["09:00-17:00 mon-fri","22:00-06:00","00:00:30-24:00 sun"])") !=
        std::string::npos);
  REQUIRE(trigger_from_json(text).value() == spec);
}

TEST_CASE("except json: mistakes are named with their field") {
  struct row {
    const char* members;
    const char* field;
    const char* words;
  };
  const row rows[] = {
      {R"(,"exclude":{})", "trigger.spec.exclude", "must be a list"},
      {R"(,"exclude":[1])", "trigger.spec.exclude[0]", "must be a JSON object"},
      {R"(,"exclude":[{"dayz":[]}])", "trigger.spec.exclude[0].dayz", "did you mean 'days'?"},
      {R"(,"exclude":[{"days":"2026-01-01"}])", "trigger.spec.exclude[0].days", "must be a list"},
      {R"(,"exclude":[{"days":[3]}])", "trigger.spec.exclude[0].days[0]", "must be a string"},
      {R"(,"exclude":[{"days":["2026-02-30"]}])", "trigger.spec.exclude[0].days[0]", "2026-02-30"},
      {R"(,"exclude":[{"days":["2026-02-03/2026-02-01"]}])", "trigger.spec.exclude[0].days[0]",
       "ends before it begins"},
      {R"(,"exclude":[{"calendar":7}])", "trigger.spec.exclude[0].calendar", "must be a name"},
      {R"(,"exclude":[{"cron":{"hours":1}}])", "trigger.spec.exclude[0].cron.hours",
       "did you mean 'hour'?"},
      {R"(,"exclude":[{"cron":{},"vixie":{"crontab":"@daily"}}])", "trigger.spec.exclude[0].vixie",
       "exclude each other"},
      {R"(,"windows":["9-17"])", "trigger.spec.windows[0]", "column 1: two digits"},
      {R"(,"windows":["09:00-17:00 mon-fro"])", "trigger.spec.windows[0]",
       "column 17: a weekday is expected"},
      {R"(,"window":["09:00-17:00"])", "trigger.spec.window", "did you mean 'windows'?"},
      {R"(,"trigger":{"kind":"date"})", "trigger.spec.trigger.spec.run_time", "missing"},
  };
  for (const auto& [members, field, words] : rows) {
    const auto failure = refused(members);
    INFO(members << ": " << failure.message);
    CHECK(failure.field == field);
    CHECK(failure.message.find(words) != std::string::npos);
  }
  const auto empty = trigger_from_json(R"({"kind":"except","spec":{}})");
  REQUIRE_FALSE(empty);
  REQUIRE(empty.error().field == "trigger.spec.trigger");
}

TEST_CASE("except json: nesting counts") {
  std::string text = R"({"kind":"interval","spec":{"hours":1}})";
  for (int i = 1; i < trigger_depth_max; ++i)
    text = R"({"kind":"except","spec":{"trigger":)" + text + "}}";
  REQUIRE(trigger_from_json(text));
  const auto deeper = trigger_from_json(R"({"kind":"except","spec":{"trigger":)" + text + "}}");
  REQUIRE_FALSE(deeper);
  REQUIRE(deeper.error().code == errc::limit_exceeded);
}

} // namespace
} // namespace carillon::events
