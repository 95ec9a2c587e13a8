// Every route with every kind of bad input: one error that names the field, and nothing written.

#include "http/engine_fixture.hpp"
#include "http/limits.hpp"

using namespace carillon;
using namespace carillon::http;

namespace {

struct bad_input {
  const char* method;
  std::string target;
  std::string body;
  int status;
  const char* field; ///< Named in "errors"; "" = no field is at fault.
};

const std::string name_of_201 = std::string(201, 'a');
const std::string job = "01890a5d-ac96-774b-bcce-b302099a8057";
const std::string trigger = R"("trigger":{"kind":"interval","spec":{"seconds":60}})";

const std::vector<bad_input> table = {
    // tasks
    {"PUT", "/v1/tasks/a%20b", "{}", 400, "id"},
    {"PUT", "/v1/tasks/" + name_of_201, "{}", 400, "id"},
    {"PUT", "/v1/tasks/t", "{", 400, ""},
    {"PUT", "/v1/tasks/t", "[]", 400, ""},
    {"PUT", "/v1/tasks/t", R"({"argvv":["/bin/true"]})", 400, "argvv"},
    {"PUT", "/v1/tasks/t", R"({"argv":"/bin/true"})", 400, "argv"},
    {"PUT", "/v1/tasks/t", R"({"argv":[]})", 400, "argv"},
    {"PUT", "/v1/tasks/t", R"({"argv":["true"]})", 400, "argv[0]"},
    {"PUT", "/v1/tasks/t", R"({"argv":["/bin/true"],"cwd":"tmp"})", 400, "cwd"},
    {"PUT", "/v1/tasks/t", R"({"env":{"A=B":"c"}})", 400, "env.A=B"},
    {"PUT", "/v1/tasks/t", R"({"timeout":-1})", 400, "timeout"},
    {"PUT", "/v1/tasks/t", R"({"timeout":true})", 400, "timeout"},
    {"PUT", "/v1/tasks/t", R"({"max_running_jobs":0})", 400, "max_running_jobs"},
    {"PUT", "/v1/tasks/t", R"({"max_running_jobs":1.5})", 400, "max_running_jobs"},
    {"PUT", "/v1/tasks/t", R"({"metadata":[]})", 400, "metadata"},
    {"GET", "/v1/tasks/none", "", 404, ""},
    {"GET", "/v1/tasks?limit=0", "", 400, "limit"},
    {"GET", "/v1/tasks?limit=1001", "", 400, "limit"},
    {"GET", "/v1/tasks?limit=x", "", 400, "limit"},
    {"GET", "/v1/tasks?limt=1", "", 400, "limt"},
    {"GET", "/v1/tasks?limit=1&limit=2", "", 400, "limit"},
    {"GET", "/v1/tasks?cursor=%", "", 400, "query"},
    {"GET", "/v1/tasks/none", "{}", 400, ""},
    {"DELETE", "/v1/tasks/none", "", 404, ""},
    // schedules
    {"POST", "/v1/schedules", "", 400, ""},
    {"POST", "/v1/schedules", "{" + trigger + "}", 400, "task"},
    {"POST", "/v1/schedules", R"({"task":"t"})", 400, "trigger"},
    {"POST", "/v1/schedules", R"({"id":"a b","task":"t",)" + trigger + "}", 400, "id"},
    {"POST", "/v1/schedules", R"({"id":"s","task":"none",)" + trigger + "}", 404, "task"},
    {"POST", "/v1/schedules", R"({"id":"s","task":"known","triger":{},)" + trigger + "}", 400,
     "triger"},
    {"POST", "/v1/schedules",
     R"({"id":"s","task":"known","trigger":{"kind":"cron","spec":{"crontab":"99 * * * *"}}})", 400,
     "*"},
    {"POST", "/v1/schedules",
     R"({"id":"s","task":"known","trigger":)"
     R"({"kind":"interval","spec":{"seconds":60},"timezone":"Mars/Base"}})",
     400, "*"},
    {"POST", "/v1/schedules", R"({"id":"s","task":"known","coalesce":"some",)" + trigger + "}", 400,
     "coalesce"},
    {"POST", "/v1/schedules", R"({"id":"s","task":"known","args":{},)" + trigger + "}", 400,
     "args"},
    {"POST", "/v1/schedules", R"({"id":"s","task":"known","max_jitter":"x",)" + trigger + "}", 400,
     "max_jitter"},
    {"POST", "/v1/schedules",
     R"({"id":"s","task":"known","conflict_policy":"ask",)" + trigger + "}", 400,
     "conflict_policy"},
    {"POST", "/v1/schedules", R"({"id":"s","task_settings":{"argv":["true"]},)" + trigger + "}",
     400, "task_settings.argv[0]"},
    {"POST", "/v1/schedules",
     R"({"id":"s","task":"known","strict":true,)"
     R"("trigger":{"kind":"cron","spec":{"crontab":"0 0 30 2 *"}}})",
     400, "trigger"},
    {"GET", "/v1/schedules/none", "", 404, ""},
    {"PATCH", "/v1/schedules/none", "{}", 404, ""},
    {"PATCH", "/v1/schedules/known", R"({"paused":true})", 400, "paused"},
    {"PATCH", "/v1/schedules/known", R"({"trigger":3})", 400, "*"},
    {"PATCH", "/v1/schedules/known", "nonsense", 400, ""},
    {"POST", "/v1/schedules/none/pause", "", 404, ""},
    {"POST", "/v1/schedules/known/pause", R"({"why":"x"})", 400, "why"},
    {"POST", "/v1/schedules/none/resume", "", 404, ""},
    {"POST", "/v1/schedules/known/resume", R"({"resume_from":"yesterday"})", 400, "resume_from"},
    {"POST", "/v1/schedules/known/resume", R"({"resume_from":5})", 400, "resume_from"},
    {"POST", "/v1/schedules/none/trigger", "", 404, ""},
    // triggers
    {"POST", "/v1/triggers/preview", "", 400, ""},
    {"POST", "/v1/triggers/preview", "[]", 400, ""},
    {"POST", "/v1/triggers/preview", "{}", 400, "trigger"},
    {"POST", "/v1/triggers/preview", R"({"trigger":3})", 400, "trigger"},
    {"POST", "/v1/triggers/preview", R"({"form":"x",)" + trigger + "}", 400, "form"},
    {"POST", "/v1/triggers/preview", R"({"from":"now",)" + trigger + "}", 400, "from"},
    {"POST", "/v1/triggers/preview", R"({"count":-1,)" + trigger + "}", 400, "count"},
    {"POST", "/v1/triggers/preview", R"({"count":1001,)" + trigger + "}", 400, "count"},
    {"POST", "/v1/triggers/preview", R"({"count":"3",)" + trigger + "}", 400, "count"},
    {"POST", "/v1/triggers/preview", R"({"trigger":{"kind":"cron","spec":{"hour":"25"}}})", 400,
     "trigger.spec.hour"},
    {"POST", "/v1/triggers/preview",
     R"({"trigger":{"kind":"cron","spec":{},"timezone":"Mars/Base"}})", 400, "trigger.timezone"},
    {"GET", "/v1/triggers/preview", "", 405, ""},
    // jobs
    {"POST", "/v1/jobs", "{}", 400, "task"},
    {"POST", "/v1/jobs", R"({"task":"none"})", 404, "*"},
    {"POST", "/v1/jobs", R"({"task":"known","arg":[]})", 400, "arg"},
    {"POST", "/v1/jobs", R"({"task":"known","id":"7"})", 400, "id"},
    {"POST", "/v1/jobs", R"({"task":"known","run_at":"soon"})", 400, "run_at"},
    {"POST", "/v1/jobs", R"({"task":"known","kwargs":[]})", 400, "kwargs"},
    {"POST", "/v1/jobs", R"({"jobs":[]})", 400, "jobs"},
    {"POST", "/v1/jobs", R"({"jobs":[{"task":"known"},{"task":3}]})", 400, "jobs[1].task"},
    {"POST", "/v1/jobs", R"({"jobs":[{"task":"known"}],"task":"known"})", 400, "task"},
    {"POST", "/v1/jobs", R"({"jobs":[{"task":"known"},{"task":"none"}]})", 404, "*"},
    {"GET", "/v1/jobs?state=done", "", 400, "state"},
    {"GET", "/v1/jobs?outcome=bad", "", 400, "outcome"},
    {"GET", "/v1/jobs?state=queued&outcome=error", "", 400, "outcome"},
    {"GET", "/v1/jobs?from=now", "", 400, "from"},
    {"GET", "/v1/jobs/7", "", 400, ""},
    {"GET", "/v1/jobs/" + job, "", 404, ""},
    {"GET", "/v1/jobs/" + job + "/result", "", 404, ""},
    {"GET", "/v1/jobs/" + job + "/result?wait=long", "", 400, "wait"},
    {"POST", "/v1/jobs/" + job + "/cancel", "", 404, ""},
    {"POST", "/v1/jobs/" + job + "/cancel", R"({"reason":1})", 400, "reason"},
    // the rest
    {"GET", "/v1/events?after=-1", "", 400, "after"},
    {"GET", "/v1/events?after=1e3", "", 400, "after"},
    {"GET", "/v1/events/stream?after=x", "", 400, "after"},
    {"GET", "/v1/status?verbose=1", "", 400, "verbose"},
    {"POST", "/v1/cleanup", "[]", 400, ""},
    {"POST", "/v1/snapshot", R"({"a":1})", 400, "a"},
    {"GET", "/v2/tasks", "", 404, ""},
    {"GET", "/", "", 404, ""},
    {"POST", "/v1/tasks", "{}", 405, ""},
    {"DELETE", "/v1/status", "", 405, ""},
};

} // namespace

TEST_CASE("routes: bad input is answered with its field, and nothing is written") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/tasks/known", R"({"argv":["/bin/true"]})");
  fixture.answer("POST", "/v1/schedules", R"({"id":"known","task":"known",)" + trigger + "}");
  const auto before = fixture.engine.status().at;
  for (const auto& bad : table) {
    const auto out = fixture.ask(bad.method, bad.target, bad.body);
    INFO(bad.method << ' ' << bad.target.substr(0, 60) << ' ' << bad.body << " -> " << out.status
                    << ' ' << out.body);
    CHECK(out.status == bad.status);
    CHECK(out.content_type == "application/problem+json");
    const auto problem = parse_json(out.body);
    REQUIRE(problem);
    CHECK(field(*problem, "status") == value{bad.status});
    CHECK_FALSE(field(*problem, "detail").is_null());
    const auto errors = field(*problem, "errors");
    const auto* list = errors.get_if<value::array>();
    const std::string_view wanted = bad.field;
    if (wanted.empty() || wanted == "*")
      continue;
    REQUIRE(list);
    CHECK(field(list->front(), "field") == value{bad.field});
  }
  CHECK(fixture.engine.status().at == before);
}

TEST_CASE("routes: bad headers are answered by name") {
  engine_fixture fixture;
  const auto with = [&](const char* method, const char* target, const char* name,
                        const std::string& text) {
    return fixture.ask(method, target, method == std::string_view{"GET"} ? "" : "{}",
                       {{name, text}});
  };
  CHECK(with("GET", "/v1/tasks", "carillon-min-position", "x").status == 400);
  CHECK(with("GET", "/v1/tasks", "carillon-min-position", "99999999999999999999").status == 400);
  CHECK(with("PUT", "/v1/tasks/t", "idempotency-key", "a b").status == 400);
  CHECK(with("PUT", "/v1/tasks/t", "idempotency-key", std::string(201, 'k')).status == 400);
  fixture.answer("PUT", "/v1/tasks/t", "{}");
  fixture.answer("POST", "/v1/schedules", R"({"id":"s","task":"t",)" + trigger + "}");
  CHECK(with("PATCH", "/v1/schedules/s", "if-match", "\"x\"").status == 400);
}

TEST_CASE("routes: many jobs at once are bounded") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/tasks/t", "{}");
  std::string body = R"({"jobs":[)";
  for (std::size_t i = 0; i <= jobs_per_request_max; ++i)
    body += i == 0 ? R"({"task":"t"})" : R"(,{"task":"t"})";
  CHECK(fixture.ask("POST", "/v1/jobs", body + "]}").status == 400);
}
