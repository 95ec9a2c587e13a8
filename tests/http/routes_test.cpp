#include "http/engine_fixture.hpp"

using namespace carillon;
using namespace carillon::http;

namespace {

const std::string hourly = R"("trigger":{"kind":"interval","spec":{"hours":1}})";

} // namespace

TEST_CASE("routes: without the token only the health routes answer") {
  engine_fixture fixture;
  for (const auto& route : routes()) {
    INFO(route.method << ' ' << route.path);
    std::string target{route.path};
    if (const auto at = target.find("{id}"); at != std::string::npos)
      target.replace(at, 4, "x");
    const auto out = fixture.ask(std::string{route.method}, target, "", {}, false);
    if (route.who == access::open)
      CHECK((out.status == 200 || out.status == 503));
    else
      CHECK(out.status == 401);
  }
  // Neither does it say which routes exist.
  CHECK(fixture.ask("GET", "/v1/nothing", "", {}, false).status == 401);
  CHECK(fixture.engine.status().tasks == 0);
}

TEST_CASE("routes: a task is made, changed only where told, shown and removed") {
  engine_fixture fixture;
  const auto made = fixture.ask(
      "PUT", "/v1/tasks/t", R"({"argv":["/bin/echo","a"],"timeout":"1m","metadata":{"k":[1]}})");
  CHECK(made.status == 201);
  CHECK_FALSE(header(made, "Carillon-Position").empty());
  CHECK(field(fixture.answer("PUT", "/v1/tasks/t", R"({"max_running_jobs":null})"), "result") ==
        value{"updated"});
  CHECK(field(fixture.answer("PUT", "/v1/tasks/t", R"({"timeout":60})"), "result") !=
        value{"updated"});
  const auto shown = fixture.answer("GET", "/v1/tasks/t");
  CHECK(field(shown, "executor") == value{"process"});
  CHECK(field(shown, "timeout") == value{60});
  CHECK(field(shown, "max_running_jobs").is_null());
  CHECK(field(shown, "disconnect_grace") == value{60});
  CHECK(field(field(shown, "metadata"), "k") == value{value::array{1}});
  CHECK(fixture.ask("DELETE", "/v1/tasks/t").status == 200);
  CHECK(fixture.ask("GET", "/v1/tasks/t").status == 404);
}

TEST_CASE("routes: a schedule and its task come in one commit") {
  engine_fixture fixture;
  const auto made =
      fixture.ask("POST", "/v1/schedules",
                  R"({"id":"a/b","task_settings":{"argv":["/bin/true"]},)" + hourly + "}");
  CHECK(made.status == 201);
  CHECK(field(*parse_json(made.body), "result") == value{"created"});
  CHECK_FALSE(field(*parse_json(made.body), "next_fire_time").is_null());
  CHECK(field(fixture.answer("GET", "/v1/schedules/a%2Fb"), "task") == value{"a/b"});
  CHECK(field(fixture.answer("GET", "/v1/schedules/a/b"), "state") == value{"active"});
  const auto again =
      fixture.ask("POST", "/v1/schedules", R"({"id":"a/b","task":"a/b",)" + hourly + "}");
  CHECK(again.status == 200);
  CHECK(field(*parse_json(again.body), "result") == value{"kept"});
  const auto refused =
      fixture.ask("POST", "/v1/schedules",
                  R"({"id":"a/b","task":"a/b","conflict_policy":"exception",)" + hourly + "}");
  CHECK(refused.status == 409);
  CHECK(fixture.ask("DELETE", "/v1/tasks/a/b").status == 409);
  CHECK(fixture.ask("DELETE", "/v1/schedules/a/b").status == 200);
  // Removing what is not there is no error.
  CHECK(fixture.ask("DELETE", "/v1/schedules/a/b").status == 200);
}

TEST_CASE("routes: fire times are shown in the trigger's zone") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/tasks/t", "{}");
  const auto made = fixture.answer(
      "POST", "/v1/schedules",
      R"({"id":"s","task":"t","trigger":{"kind":"cron","spec":{"crontab":"0 3 * * *"},
          "timezone":"Asia/Kolkata"}})");
  const auto next = *field(made, "next_fire_time").get_if<std::string>();
  CHECK(next.ends_with("T03:00:00+05:30"));
  CHECK(field(fixture.answer("GET", "/v1/schedules/s"), "next_fire_time") == value{next});
}

TEST_CASE("routes: pause, resume and a patch under If-Match") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/tasks/t", "{}");
  fixture.answer("POST", "/v1/schedules", R"({"id":"s","task":"t","args":[1],)" + hourly + "}");
  fixture.answer("POST", "/v1/schedules/s/pause");
  CHECK(field(fixture.answer("GET", "/v1/schedules/s"), "state") == value{"paused"});
  fixture.answer("POST", "/v1/schedules/s/resume", R"({"resume_from":"now"})");
  CHECK(field(fixture.answer("GET", "/v1/schedules/s"), "state") == value{"active"});
  const auto revision = header(fixture.ask("GET", "/v1/schedules/s"), "ETag");
  CHECK(fixture.ask("PATCH", "/v1/schedules/s", R"({"kwargs":{"a":2}})", {{"if-match", revision}})
            .status == 200);
  CHECK(fixture.ask("PATCH", "/v1/schedules/s", R"({"kwargs":{}})", {{"if-match", revision}})
            .status == 409);
  const auto shown = fixture.answer("GET", "/v1/schedules/s");
  CHECK(field(shown, "args") == value{value::array{1}});
  CHECK(field(field(shown, "kwargs"), "a") == value{2});
}

TEST_CASE("routes: a job waits, is listed, has no result yet, and can be cancelled") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/tasks/t", "{}");
  const auto id = *field(fixture.answer("POST", "/v1/jobs", R"({"task":"t","args":["x"]})"), "id")
                       .get_if<std::string>();
  CHECK(field(fixture.answer("GET", "/v1/jobs/" + id), "state") == value{"queued"});
  CHECK(fixture.ask("GET", "/v1/jobs/" + id + "/result").status == 202);
  CHECK(field(fixture.answer("GET", "/v1/jobs?task=t&state=queued"), "items")
            .get_if<value::array>()
            ->size() == 1);
  CHECK(fixture.ask("POST", "/v1/jobs/" + id + "/cancel", R"({"reason":"test"})").status == 200);
  const auto result = fixture.answer("GET", "/v1/jobs/" + id + "/result?wait=5s");
  CHECK(field(result, "outcome") == value{"cancelled"});
  CHECK(field(result, "job_id") == value{id});
}

TEST_CASE("routes: many jobs are queued together") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/tasks/t", "{}");
  const auto added =
      fixture.answer("POST", "/v1/jobs", R"({"jobs":[{"task":"t"},{"task":"t"},{"task":"t"}]})");
  CHECK(field(added, "jobs").get_if<value::array>()->size() == 3);
  const auto first = fixture.answer("GET", "/v1/jobs?limit=2");
  CHECK(field(first, "items").get_if<value::array>()->size() == 2);
  const auto* cursor = field(first, "next_cursor").get_if<std::string>();
  REQUIRE(cursor);
}

TEST_CASE("routes: the same Idempotency-Key is answered, not done again") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/tasks/t", "{}");
  const std::map<std::string, std::string> key{{"idempotency-key", "k-1"}};
  const auto first = fixture.ask("POST", "/v1/jobs", R"({"task":"t"})", key);
  const auto again = fixture.ask("POST", "/v1/jobs", R"({"task":"t"})", key);
  CHECK(first.status == 201);
  CHECK(again.status == 201);
  CHECK(again.body == first.body);
  CHECK(fixture.engine.status().jobs_waiting == 1);
  CHECK(fixture.ask("POST", "/v1/jobs", R"({"task":"t","args":[1]})", key).status == 409);
  CHECK(fixture.engine.status().jobs_waiting == 1);
}

TEST_CASE("routes: a read can ask for a position") {
  engine_fixture fixture;
  const auto made = fixture.ask("PUT", "/v1/tasks/t", "{}");
  const auto at = header(made, "Carillon-Position");
  CHECK(fixture.ask("GET", "/v1/tasks/t", "", {{"carillon-min-position", at}}).status == 200);
  CHECK(fixture.ask("GET", "/v1/tasks/t", "", {{"carillon-min-position", "1000000"}}).status ==
        503);
}

TEST_CASE("routes: the log is read by position") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/tasks/t", "{}");
  fixture.answer("PUT", "/v1/tasks/u", "{}");
  const auto all = fixture.answer("GET", "/v1/events?after=0&limit=1000");
  const auto items = *field(all, "items").get_if<value::array>();
  REQUIRE(items.size() >= 2);
  CHECK(field(items.back(), "type") == value{"task_added"});
  CHECK(field(items.back(), "stream") == value{"task-u"});
  CHECK(field(items.back(), "position") == field(all, "last"));
  const auto stream = fixture.ask("GET", "/v1/events/stream", "", {{"last-event-id", "1"}});
  CHECK(stream.stream_after == position{1});
}

TEST_CASE("routes: status and metrics tell the same") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/tasks/t", "{}");
  CHECK(field(fixture.answer("GET", "/v1/status"), "tasks") == value{1});
  const auto text = fixture.ask("GET", "/metrics").body;
  CHECK(text.find("\ncarillon_tasks 1\n") != std::string::npos);
  CHECK(text.find("carillon_jobs_total{outcome=\"success\"} 0\n") != std::string::npos);
  CHECK(fixture.ask("GET", "/readyz").status == 503); // it is not started
  CHECK(fixture.ask("GET", "/livez").status == 200);
}

TEST_CASE("routes: the log's level is shown, and raised only to one that this build knows") {
  engine_fixture fixture;
  const auto status = fixture.answer("GET", "/v1/status");
  CHECK(field(status, "level") == value{1});
  CHECK(field(status, "level_known") == value{1});
  const auto raised = fixture.ask("POST", "/v1/level", R"({"level":1})"); // there already
  CHECK(raised.status == 200);
  CHECK_FALSE(header(raised, "Carillon-Position").empty());
  CHECK(fixture.ask("POST", "/v1/level", R"({"level":9999})").status == 422);
  for (const char* body : {"", "{}", R"({"level":0})", R"({"level":"2"})", R"({"levle":1})",
                           R"({"level":99999999999})"})
    CHECK(fixture.ask("POST", "/v1/level", body).status == 400);
}

TEST_CASE("routes: a task demands labels, and a node without them can not claim its jobs") {
  engine_fixture fixture;
  REQUIRE(fixture.engine.register_task(task_id{"t"},
                                       [](const job_context&) -> task_result { return value{}; }));
  CHECK(field(fixture.answer("GET", "/v1/tasks/t"), "claimable") == value{true});
  fixture.answer("PUT", "/v1/tasks/t", R"({"requires":{"gpu":"","zone":"a"}})");
  const auto shown = fixture.answer("GET", "/v1/tasks/t");
  CHECK(field(field(shown, "requires"), "zone") == value{"a"});
  CHECK(field(field(shown, "requires"), "gpu") == value{""});
  CHECK(field(shown, "claimable") == value{false});
  CHECK(fixture.ask("PUT", "/v1/tasks/t", R"({"requires":{"a=b":""}})").status == 400);
  CHECK(fixture.ask("PUT", "/v1/tasks/t", R"({"requires":{"gpu":true}})").status == 400);
  fixture.answer("PUT", "/v1/tasks/t", R"({"requires":{}})");
  CHECK(field(fixture.answer("GET", "/v1/tasks/t"), "claimable") == value{true});
}
