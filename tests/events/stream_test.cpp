#include "events/samples.hpp"
#include "events/stream.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace carillon;
using namespace carillon::events;

TEST_CASE("streams: every event names the stream of its thing") {
  CHECK(stream_of(task_removed{task_id{"report"}}) == "task-report");
  CHECK(stream_of(schedule_paused{schedule_id{"a/b:c"}}) == "schedule-a/b:c");
  CHECK(stream_of(lease_lost{}) == "job-00000000-0000-0000-0000-000000000000");
  CHECK(stream_of(node_started{node_id{"node-1"}, ""}) == "node-node-1");
  CHECK(stream_of(calendar_set{calendar_id{"de"}}) == "calendar-de");
  CHECK(stream_of(unknown_event{200, 1, ""}) == "node-");
}

TEST_CASE("streams: a stream's name reads back to what it was made of") {
  for (const auto& sample : full_samples()) {
    const auto parts = parse_stream(stream_of(sample));
    REQUIRE(parts);
    CHECK(*parts == stream_parts{category_of(sample), entity_of(sample)});
  }
}

TEST_CASE("streams: names of no stream are refused") {
  for (const auto* name :
       {"", "job", "job-", "job-1", "jobs-x", "-x", "task-", "task-a b", "schedule-ä", "Task-x"}) {
    INFO(name);
    const auto parts = parse_stream(name);
    REQUIRE_FALSE(parts);
    CHECK(parts.error().code == errc::invalid_argument);
    CHECK(parts.error().field == "stream");
  }
}

TEST_CASE("type names: each is there once and finds its number") {
  const auto names = type_names();
  CHECK(names.size() == std::variant_size_v<event>);
  CHECK(std::set<std::string_view>(names.begin(), names.end()).size() == names.size());
  for (const auto& sample : full_samples())
    CHECK(type_number(type_name(sample)) == sample.index());
  CHECK_FALSE(type_number("job_vanished"));
}

TEST_CASE("type names: the number of a type never changes") {
  CHECK(type_number("unknown") == 0);
  CHECK(type_number("task_added") == 1);
  CHECK(type_number("schedule_added") == 4);
  CHECK(type_number("schedule_fired") == 8);
  CHECK(type_number("job_added") == 11);
  CHECK(type_number("job_acquired") == 12);
  CHECK(type_number("job_finished") == 16);
  CHECK(type_number("level_raised") == 20);
  CHECK(type_number("session_lost") == 21);
  CHECK(type_number("calendar_set") == 22);
  CHECK(type_number("tzdb_changed") == 25);
}
