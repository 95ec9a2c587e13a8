#include "tools/next_batch.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

namespace carillon::tools {
namespace {

using nlohmann::json;

json answer(std::string_view line) {
  const batch_context context{parse_instant("2026-01-01T00:00:00Z").value(), "UTC"};
  return json::parse(answer_next_line(line, context));
}

TEST_CASE("next --batch: every vector is answered with its fire times") {
  const auto* name = GENERATE("date", "interval", "calendar", "cron", "cron_from_crontab",
                              "apscheduler_tests", "combining", "invalid", "vixie", "quartz",
                              "systemd");
  std::ifstream file{std::string{CARILLON_VECTORS} + '/' + name + ".jsonl"};
  for (std::string line; std::getline(file, line);) {
    auto vector = json::parse(line);
    INFO(line);
    const auto expect = vector.value("expect", json::array());
    vector["count"] = expect.size();
    const auto out = answer(vector.dump());
    INFO(out.dump());
    REQUIRE(out["id"] == vector["id"]);
    REQUIRE(out["fires"].size() == expect.size());
    for (std::size_t i = 0; i < expect.size(); ++i)
      REQUIRE(parse_instant(out["fires"][i].get<std::string>()).value() ==
              parse_instant(expect[i].get<std::string>()).value());
    const auto error = vector.value("error", std::string{});
    if (error.empty()) {
      // The oracle did not always ask once more when end_time was reached.
      if (vector["exhausted"] == true || vector["end_time"].is_null())
        REQUIRE(out["exhausted"] == vector["exhausted"]);
    } else {
      REQUIRE(out["error"] == (error == "rejected" ? "rejected" : "limit_exceeded"));
      REQUIRE_FALSE(out["message"].get<std::string>().empty());
    }
  }
}

TEST_CASE("next --batch: fire times carry the zone's offset, ten unless asked otherwise") {
  const auto out = answer(R"({"id":"a","kind":"cron","spec":{"hour":3},"timezone":"Europe/Berlin",
                              "start_time":"2026-03-28T00:00:00"})");
  REQUIRE(out["fires"].size() == 10);
  REQUIRE(out["fires"][0] == "2026-03-28T03:00:00+01:00");
  REQUIRE(out["fires"][1] == "2026-03-29T03:00:00+02:00");
  REQUIRE(out["exhausted"] == false);
}

TEST_CASE("next --batch: an absent start is now") {
  const auto out = answer(R"({"id":1,"count":1,"kind":"interval","spec":{"hours":1}})");
  REQUIRE(out["id"] == 1);
  REQUIRE(out["fires"] == json{"2026-01-01T00:00:00Z"});
}

TEST_CASE("next --batch: a bad line answers an error") {
  for (const auto* line :
       {"", "[]", "nonsense", "{}", R"({"id":"x","kind":"cronn"})", R"({"kind":"cron","count":-1})",
        R"({"kind":"cron","count":"2"})", R"({"kind":"cron","spec":{"hours":3}})",
        R"({"kind":"rrule","spec":{"rrule":"FREQ=DAILY"}})",
        R"({"kind":"quartz","spec":{"cron":"0 0 * * * *"}})", "{\"id\":\"\xff\"}"}) {
    INFO(line);
    const auto out = answer(line);
    REQUIRE(out["error"] == "rejected");
    REQUIRE(out["fires"].empty());
  }
}

} // namespace
} // namespace carillon::tools
