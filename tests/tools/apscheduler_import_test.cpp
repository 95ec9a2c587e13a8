#include "tools/apscheduler_plan.hpp"
#include "tools/import_support.hpp"
#include "triggers/next.hpp"

using namespace carillon;
using namespace carillon::tools;
using namespace carillon::tools::test;

namespace {

import_plan imported(const std::string& text) {
  return plan_apscheduler({"dump.json", text}, machine("apscheduler:dump.json"));
}

std::vector<std::string> fires(const planned_schedule& planned, int count) {
  const auto trigger = triggers::compile(triggers::resolve(planned.trigger, {}).value()).value();
  std::vector<std::string> out;
  trigger_cursor cursor;
  for (int i = 0; i < count; ++i) {
    const auto fire = triggers::next(trigger, cursor).value();
    if (!fire.at)
      break;
    out.push_back(to_rfc3339(*fire.at));
    cursor = fire.cursor;
  }
  return out;
}

std::string first_error(const std::string& trigger) {
  const auto plan = imported(R"({"id":"a","task_id":"t","trigger":)" + trigger + "}");
  CHECK(plan.schedules.empty());
  REQUIRE(plan.messages.size() == 1);
  return plan.messages[0].text;
}

using texts = std::vector<std::string>;

} // namespace

// tests/tools/import/apscheduler.jsonl: Schedule.marshal(JSONSerializer()) of APScheduler f2337f7,
// each after it had produced some fire times.
TEST_CASE("apscheduler import: every trigger goes on with what it was waiting for") {
  const auto plan = imported(sample("apscheduler.jsonl"));
  INFO(said(plan));
  REQUIRE_FALSE(plan.has_errors());
  REQUIRE(plan.schedules.size() == 6);
  CHECK(plan.skipped == 1); // its last fire time was produced
  const auto& nightly = plan.schedules[0];
  CHECK(nightly.id == "apscheduler:dump.json/nightly");
  CHECK(nightly.task == "reports:daily");
  CHECK_FALSE(nightly.task_settings);
  CHECK(fires(nightly, 2) == texts{"2026-11-03T02:00:00Z", "2026-11-04T02:00:00Z"});
  CHECK(nightly.settings.at("misfire_grace_time") == value{300});
  CHECK(nightly.settings.at("max_jitter") == value{30});
  CHECK(nightly.settings.at("coalesce") == value{"latest"});
  const auto& poll = plan.schedules[1];
  CHECK(fires(poll, 2) == texts{"2026-10-31T23:45:00Z", "2026-11-01T00:00:00Z"});
  CHECK(poll.settings.at("paused") == value{true});
  CHECK(to_json(poll.settings.at("args")) == R"(["https://example.org/feed"])");
  CHECK(to_json(poll.settings.at("kwargs")) == R"({"verify":true})");
  CHECK(fires(plan.schedules[2], 2) == texts{"2026-12-01T08:00:00Z", "2027-01-01T08:00:00Z"});
  CHECK(plan.schedules[2].settings.at("coalesce") == value{"all"});
  CHECK(fires(plan.schedules[3], 2) == texts{"2027-01-01T11:00:00Z"});
  CHECK(plan.schedules[3].metadata.at("ticket") == value{"4711"});
  CHECK(fires(plan.schedules[4], 3) ==
        texts{"2026-11-03T11:00:00Z", "2026-11-04T07:00:00Z", "2026-11-05T07:00:00Z"});
  CHECK(fires(plan.schedules[5], 3) ==
        texts{"2026-10-31T23:00:00Z", "2026-11-01T00:00:00Z", "2026-11-01T01:00:00Z"});
}

TEST_CASE("apscheduler import: one schedule, a list, triggers that are objects already") {
  const std::string one = R"({"id":"a","task_id":"t","trigger":{"_apscheduler_json":
      ["apscheduler.triggers.date:DateTrigger",
       {"version":1,"run_time":"2027-01-01T00:00:00+00:00","completed":false}]}})";
  CHECK(fires(only(imported(one)), 1) == texts{"2027-01-01T00:00:00Z"});
  CHECK(fires(only(imported("[" + one + "]")), 1) == texts{"2027-01-01T00:00:00Z"});
}

TEST_CASE("apscheduler import: what can not be said is an error that names it") {
  CHECK(first_error("null").find("a trigger must be {\"_apscheduler_json\"") != std::string::npos);
  CHECK(first_error(R"(["mine.triggers:Moon",{"version":1}])") ==
        "a: trigger: triggers of class mine.triggers:Moon can not be said");
  CHECK(first_error(R"(["apscheduler.triggers.cron:CronTrigger",{"version":2}])")
            .find("version 2 of apscheduler.triggers.cron:CronTrigger is not known") !=
        std::string::npos);
  CHECK(first_error(R"(["apscheduler.triggers.cron:CronTrigger",{"version":1,"fields":["*"]}])")
            .find("fields has 1 elements, expected 8") != std::string::npos);
  CHECK(first_error(R"(["x:CronTrigger",{"version":1,"timezone":"UTC",
      "fields":["*","*","*","*","*","25","0","0"]}])")
            .find("25") != std::string::npos);
  CHECK(imported(R"({"task_id":"t"})").has_errors());
  const auto broken = imported("{\"id\":\"a\"\nnonsense\n");
  CHECK(broken.messages.size() == 2);
  CHECK(broken.messages[1].line == 2);
}
