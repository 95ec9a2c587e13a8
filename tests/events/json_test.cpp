#include "events/json_codec.hpp"
#include "events/json_fields.hpp"
#include "events/samples.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::events;

namespace {

std::string result_json(const std::string& text) {
  job_finished e = typical_job_finished();
  e.result.text = text;
  return json::parse(to_json(e))["result"].dump();
}

error error_of(std::string_view text) {
  const auto out = event_from_json(text);
  REQUIRE_FALSE(out);
  CHECK(out.error().code == errc::invalid_argument);
  return out.error();
}

} // namespace

TEST_CASE("json: an event says its type first, then its fields in the order on disk") {
  CHECK(to_json(typical_job_acquired()) ==
        R"({"type":"job_acquired","id":"10111213-1415-1617-1819-1a1b1c1d1e1f","node":"node-1"})");
}

TEST_CASE("json: an event in its envelope says where and when it was recorded") {
  const recorded_event e{.at = 7,
                         .time = time_point{std::chrono::milliseconds{1500}},
                         .what = schedule_paused{schedule_id{"nightly"}}};
  CHECK(to_json(e) == R"({"position":7,"time":"1970-01-01T00:00:01.500000Z",)"
                      R"("stream":"schedule-nightly","type":"schedule_paused",)"
                      R"("data":{"id":"nightly"}})");
  CHECK(data_to_json(e.what) == R"({"id":"nightly"})");
}

TEST_CASE("json: results are shown as the value they say") {
  CHECK(result_json("{\"rows\":17}") == "{\"rows\":17}");
  CHECK(result_json("null") == "null");
  CHECK(result_json("\"text\"") == "\"text\"");
}

TEST_CASE("json: results that are not compact JSON are shown as text") {
  CHECK(result_json("not json") == R"({"text":"not json"})");
  CHECK(result_json("{ \"a\": 1 }") == R"({"text":"{ \"a\": 1 }"})");
  CHECK(result_json(R"({"a":1,"a":2})") == R"({"text":"{\"a\":1,\"a\":2}"})");
  CHECK(result_json(R"({"text":"x"})") == R"({"text":"{\"text\":\"x\"}"})");
  CHECK(result_json(R"({"blob":"x","size":1})") == R"({"text":"{\"blob\":\"x\",\"size\":1}"})");
  CHECK(json::parse(result_json(std::string(100'000, '[')))["text"].get<std::string>().size() ==
        100'000);
}

TEST_CASE("json: a payload kept beside the log is shown by its digest") {
  job_added e = typical_job_added();
  CHECK_FALSE(json::parse(to_json(e)).contains("args"));
  e.args.blob.emplace().size = 70'000;
  CHECK(json::parse(to_json(e))["args"].dump() ==
        "{\"blob\":\"sha256:" + std::string(64, '0') + "\",\"size\":70000}");
}

TEST_CASE("json: bytes that are not UTF-8 do not break the text") {
  job_finished e = typical_job_finished();
  e.output.text = "\xFF\xFEok";
  CHECK(json::parse(to_json(e))["output"] == "\xEF\xBF\xBD\xEF\xBF\xBDok");
}

TEST_CASE("json: durations and instants outside of what texts can say are microseconds") {
  job_added e = typical_job_added();
  e.jitter = duration{-5};
  e.run_at = time_point::max();
  const auto shown = json::parse(to_json(e));
  CHECK(shown["jitter"] == -5);
  CHECK(shown["run_at"] == std::numeric_limits<std::int64_t>::max());
  CHECK(shown["result_expiration_time"] == "0s");
  CHECK(shown["start_deadline"].is_null());
}

TEST_CASE("json: a trigger has the shape of the contract") {
  schedule_added e{.id = schedule_id{"s"}};
  e.settings->task = task_id{"t"};
  e.settings->trigger = {.kind = interval{.every = std::chrono::seconds{90}}};
  const auto shown = json::parse(to_json(e))["settings"]["trigger"];
  CHECK(shown["kind"] == "interval");
  CHECK(shown["spec"].dump() == R"({"minutes":1,"seconds":30})");
}

TEST_CASE("json: what is no event is refused with the field at fault") {
  CHECK(error_of("").message == "is not a JSON object");
  CHECK(error_of("[]").message == "is not a JSON object");
  CHECK(error_of(std::string(100'000, '{')).message == "is not a JSON object");
  CHECK(error_of("{}").field == "type");
  CHECK(error_of(R"({"type":"job_vanished"})").message == "'job_vanished' is no event");
  CHECK(error_of(R"({"type":"task_removed"})").field == "id");
  CHECK(error_of(R"({"type":"task_removed","id":7})").message == "must be a string");
  CHECK(error_of(R"({"type":"task_removed","id":"t","x":1})").field == "x");
  CHECK(error_of(R"({"type":"schedule_removed","id":"s","finished":1})").field == "finished");
  CHECK(error_of(R"({"type":"job_released","id":"j","fence":1})").message == "must be a UUID");
  CHECK(error_of(R"({"type":"level_raised","node":"n","level":4294967296})").message ==
        "must be an integer from 0 to 4294967295");
}

TEST_CASE("json: errors name the way to the field") {
  auto shown = json::parse(to_json(full_samples()[7])); // schedule_fired
  shown["fates"][2]["what"] = "forgotten";
  const auto wrong = error_of(shown.dump());
  CHECK(wrong.field == "fates.2.what");
  CHECK(wrong.message == "must be one of job, coalesced, missed, skipped");
}
