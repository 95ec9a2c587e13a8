#include "cluster/cloud_events.hpp"
#include "events/json_codec.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::cluster;

namespace {

recorded_event record(event what) {
  recorded_event e;
  e.at = 4711;
  e.time = time_point{std::chrono::seconds{1'700'000'000}};
  e.node = node_id{"eu/1"};
  auto meta = std::make_shared<commit_meta>();
  meta->who = "a token's name";
  e.commit = meta;
  e.what = std::move(what);
  return e;
}

std::string attribute(const message& m, const std::string& name) {
  for (const auto& [key, text] : m.properties)
    if (key == name)
      return text;
  return "none";
}

event released() {
  job_released e;
  e.id = parse_id<job_id>("0198c5d6-0000-7000-8000-000000000001").value_or(job_id{});
  e.fence = 12;
  return e;
}

} // namespace

TEST_CASE("cloud events: attributes are user properties, the payload is the event's fields") {
  const auto names = make_topics("prod").value_or(topics{});
  const auto e = record(released());
  const auto m = to_cloud_event(e, names);
  CHECK(m.topic == "carillon/v1/prod/events/job/0198c5d6-0000-7000-8000-000000000001/released");
  CHECK(m.content_type == "application/json");
  CHECK(m.how == delivery::event);
  CHECK_FALSE(m.retained);
  CHECK(attribute(m, "specversion") == "1.0");
  CHECK(attribute(m, "id") == "4711");
  CHECK(attribute(m, "source") == "/carillon/prod/eu%2F1");
  CHECK(attribute(m, "type") == "io.carillon.job.released.v1");
  CHECK(attribute(m, "subject") == "0198c5d6-0000-7000-8000-000000000001");
  CHECK(attribute(m, "time") == "2023-11-14T22:13:20Z");
  CHECK(attribute(m, "traceparent") == "none");
  CHECK(m.payload == events::data_to_json(e.what));
  for (const auto& [key, text] : m.properties)
    CHECK(text != "a token's name"); // who asked is nobody's business outside
}

TEST_CASE("cloud events: a trace goes on outside") {
  auto e = record(released());
  auto meta = std::make_shared<commit_meta>();
  meta->traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  e.commit = meta;
  CHECK(attribute(to_cloud_event(e, topics{}), "traceparent") == meta->traceparent);
  e.commit = nullptr;
  CHECK(attribute(to_cloud_event(e, topics{}), "traceparent") == "none");
}

TEST_CASE("cloud events: types do not repeat what they are about") {
  CHECK(cloud_event_type(task_added{}) == "io.carillon.task.added.v1");
  CHECK(cloud_event_type(schedule_fired{}) == "io.carillon.schedule.fired.v1");
  CHECK(cloud_event_type(job_cancel_requested{}) == "io.carillon.job.cancel_requested.v1");
  CHECK(cloud_event_type(lease_lost{}) == "io.carillon.job.lease_lost.v1");
  CHECK(cloud_event_type(clock_stepped{}) == "io.carillon.node.clock_stepped.v1");
}

TEST_CASE("cloud events: off unless asked for, and only the types wanted") {
  const auto e = released();
  event_publication what;
  CHECK_FALSE(is_published(what, e));
  what.enabled = true;
  CHECK(is_published(what, e));
  CHECK_FALSE(is_published(what, unknown_event{}));
  what.types = {"job_released", "job_finished"};
  CHECK(is_published(what, e));
  what.except = {"job_released"};
  CHECK_FALSE(is_published(what, e));
  what = {true, {"job_finished"}, {}};
  CHECK_FALSE(is_published(what, e));
}

TEST_CASE("cloud events: a misspelt type is refused") {
  CHECK(check(event_publication{true, {"job_finished"}, {"job_added"}}));
  const auto refused = check(event_publication{true, {"job_finnished"}, {}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "'job_finnished' is the name of no event");
  CHECK_FALSE(check(event_publication{true, {}, {"unknown"}}));
}
