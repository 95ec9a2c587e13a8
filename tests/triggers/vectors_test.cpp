// Every vector of the supported kinds, each driven through JSON, resolve, compile and next.

#include "triggers/trigger_support.hpp"

#include "events/trigger_json.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

namespace carillon::triggers {
namespace {

using nlohmann::json;
using test::at;

/// The trigger of a vector, without its annotations.
json trigger_of(const json& vector) {
  json out;
  for (const auto* key : {"kind", "spec", "timezone", "start_time", "end_time"})
    if (vector.contains(key))
      out[key] = vector[key];
  return out;
}

expected<compiled_trigger> build(const json& vector) {
  auto spec = events::trigger_from_json(trigger_of(vector).dump());
  if (!spec)
    return unexpected<error>{spec.error()};
  auto resolved = resolve(*spec, test::utc_context);
  if (!resolved)
    return unexpected<error>{resolved.error()};
  REQUIRE(resolve(*resolved, {at("2030-01-01T00:00:00Z"), "Asia/Tokyo"}).value() == *resolved);
  return compile(*resolved);
}

void check(const json& vector) {
  INFO(vector.dump());
  const auto trigger = build(vector);
  const auto expected_error = vector.value("error", std::string{});
  if (expected_error == "rejected") {
    REQUIRE_FALSE(trigger);
    REQUIRE_FALSE(trigger.error().message.empty());
    return;
  }
  INFO((trigger ? std::string{} : trigger.error().message));
  REQUIRE(trigger);
  trigger_cursor cursor;
  for (const auto& text : vector.value("expect", json::array())) {
    const auto fire = next(*trigger, cursor);
    REQUIRE(fire);
    REQUIRE(fire->at.has_value());
    REQUIRE(to_rfc3339(*fire->at) == to_rfc3339(at(text.get<std::string>())));
    // A seek from the start finds the same.
    const auto sought = seek(*trigger, {}, *fire->at);
    REQUIRE(sought);
    REQUIRE(sought->at == fire->at);
    cursor = fire->cursor;
  }
  const auto after = next(*trigger, cursor);
  if (expected_error == "MaxIterationsReached") {
    REQUIRE_FALSE(after);
    REQUIRE(after.error().code == errc::limit_exceeded);
    return;
  }
  REQUIRE(after);
  // "exhausted" is only claimed where the oracle went on asking: false with an end_time says
  // nothing.
  if (vector.value("exhausted", false))
    REQUIRE_FALSE(after->at);
  else if (vector["end_time"].is_null())
    REQUIRE(after->at);
}

TEST_CASE("vectors: every case gives exactly its fire times") {
  const auto* name =
      GENERATE("date", "interval", "calendar", "cron", "cron_from_crontab", "apscheduler_tests",
               "combining", "invalid", "vixie", "quartz", "systemd", "systemd_generated", "rrule",
               "rrule_generated", "iso8601");
  std::ifstream file{std::string{CARILLON_VECTORS} + '/' + name + ".jsonl"};
  int count = 0;
  for (std::string line; std::getline(file, line); ++count)
    check(json::parse(line));
  REQUIRE(count > 0);
}

} // namespace
} // namespace carillon::triggers
