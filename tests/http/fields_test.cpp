#include "http/fields.hpp"
#include "http/spec_json.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::http;

namespace {

std::vector<field_error> errors_of_task(const std::string& json) {
  std::vector<field_error> errors;
  read_task_options(*parse_json(json), errors);
  return errors;
}

std::vector<field_error> errors_of_schedule(const std::string& json) {
  std::vector<field_error> errors;
  read_new_schedule(*parse_json(json), errors);
  return errors;
}

} // namespace

TEST_CASE("fields: an unknown key is an error with a suggestion") {
  const auto errors = errors_of_task(R"({"timout": 3})");
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].field == "timout");
  CHECK(errors[0].message.find("'timeout'") != std::string::npos);
}

TEST_CASE("fields: all mistakes are named at once") {
  const auto errors = errors_of_task(
      R"({"argv": ["sh", 1], "timeout": "soon", "max_running_jobs": 0, "on_lease_lost": "maybe"})");
  std::vector<std::string> names;
  for (const auto& e : errors)
    names.push_back(e.field);
  CHECK(names == std::vector<std::string>{"argv[1]", "argv[0]", "timeout", "max_running_jobs",
                                          "on_lease_lost"});
}

TEST_CASE("fields: null means none where there is a none, and is an error elsewhere") {
  std::vector<field_error> errors;
  const auto options =
      read_task_options(*parse_json(R"({"timeout": null, "max_running_jobs": null})"), errors);
  CHECK(errors.empty());
  REQUIRE(options.timeout);
  CHECK_FALSE(*options.timeout);
  REQUIRE(options.max_running_jobs);
  CHECK_FALSE(*options.max_running_jobs);
  CHECK(errors_of_task(R"({"executor": null})").size() == 1);
  CHECK(errors_of_task(R"({"argv": null})").size() == 1);
}

TEST_CASE("fields: durations are seconds or text, and never negative") {
  CHECK(*to_duration(value{1.5}) == std::chrono::milliseconds{1500});
  CHECK(*to_duration(value{60}) == std::chrono::minutes{1});
  CHECK(*to_duration(value{"1h30m"}) == std::chrono::minutes{90});
  for (const auto* json : {"-1", "\"-1s\"", "1e300", "true", "[]", "\"\""}) {
    INFO(json);
    CHECK_FALSE(to_duration(*parse_json(json)));
  }
}

TEST_CASE("fields: a body that is no object is refused") {
  for (const auto* body : {"", "[]", "null", "3", "{", "{\"a\":}", "{} x", "\xFF"}) {
    INFO(body);
    CHECK_FALSE(read_object(body));
  }
  CHECK(read_object("", true));
}

TEST_CASE("fields: a NUL in a text is refused before it can cut an argument short") {
  CHECK(errors_of_task(R"({"argv": ["/bin/true", "a\u0000b"]})").size() == 1);
  CHECK(errors_of_task(R"({"cwd": "/tmp\u0000"})").size() == 1);
  CHECK(errors_of_task(R"({"env": {"A": "\u0000"}})").size() == 1);
}

TEST_CASE("spec_json: a schedule with settings of a task names the task after itself") {
  std::vector<field_error> errors;
  const auto command =
      read_new_schedule(*parse_json(R"({"id": "a/b", "task_settings": {"argv": ["/bin/true"]},
                      "trigger": {"kind": "interval", "spec": {"seconds": 5}}, "args": [1, "x"]})"),
                        errors);
  REQUIRE(errors.empty());
  CHECK(command.spec.task.value == "a/b");
  CHECK(command.task->executor == "process");
  CHECK(to_arguments(command.spec.args.text)->args.size() == 2);
  CHECK_FALSE(command.spec.misfire_grace_time);
}

TEST_CASE("spec_json: what a schedule lacks or has too much of is named") {
  CHECK(errors_of_schedule("{}").size() == 2); // task, trigger
  CHECK(errors_of_schedule(R"({"task": "t", "trigger": {"kind": "cron", "spec": {"hour": 99}},
                               "coalesce": "some"})")
            .size() >= 1);
  const auto errors = errors_of_schedule(R"({"task": "a b", "trigger": {"kind": "sometimes"}})");
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].field == "task");
  CHECK(errors[1].field.rfind("trigger", 0) == 0);
}

TEST_CASE("spec_json: a deadline before the start is contradictory") {
  std::vector<field_error> errors;
  read_new_job(*parse_json(R"({"task": "t", "run_at": "2030-01-02T00:00:00Z",
                               "start_deadline": "2030-01-01T00:00:00Z"})"),
               errors);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].field == "start_deadline");
}
