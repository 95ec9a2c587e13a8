#include "tools/import_support.hpp"
#include "tools/kubernetes_plan.hpp"

using namespace carillon;
using namespace carillon::tools;
using namespace carillon::tools::test;

namespace {

import_plan imported(const std::string& text) {
  return plan_kubernetes({"jobs.yaml", text}, machine("kubernetes:jobs.yaml"));
}

/// A CronJob with these lines in spec, and these in its one container.
std::string cron_job(const std::string& spec,
                     const std::string& container = "command: [/bin/true]") {
  return "kind: CronJob\nmetadata: {name: x}\nspec:\n  timeZone: UTC\n  " + spec +
         "\n  jobTemplate: {spec: {template: {spec: {containers: [{" + container + "}]}}}}\n";
}

std::string first_error(const std::string& text) {
  const auto plan = imported(text);
  CHECK(plan.schedules.empty());
  for (const auto& m : plan.messages)
    if (m.is_error)
      return std::to_string(m.line) + ": " + m.text;
  return {};
}

const auto every_minute = std::string{"schedule: '* * * * *'"};

using words = std::vector<std::string>;

} // namespace

TEST_CASE("kubernetes import: CronJobs of several documents and lists") {
  const auto plan = imported(sample("cronjobs.yaml"));
  INFO(said(plan));
  REQUIRE(plan.schedules.size() == 2);
  CHECK_FALSE(plan.has_errors());
  CHECK(plan.skipped == 1);
  const auto& report = plan.schedules[0];
  CHECK(report.id == "kubernetes:jobs.yaml/billing/report");
  CHECK(carillon::crontab_text(std::get<cron>(report.trigger.kind)) == "30 6 * * 1-5");
  CHECK(report.trigger.timezone == "Europe/Berlin");
  CHECK(report.settings.at("misfire_grace_time") == value{200});
  const value task{*report.task_settings};
  CHECK(words_at(task, "argv") == words{"/usr/bin/env", "python3", "-m", "billing.report",
                                        "--month", "current", "--literal=$(MONTH)"});
  CHECK(text_at(task, "cwd") == "/srv/billing");
  CHECK(texts_at(task, "env").at("OUT") == "/srv/billing/current.pdf");
  CHECK(number_at(task, "max_running_jobs") == 1); // Forbid
  CHECK(number_at(task, "timeout") == 3600);
  CHECK(said(plan).find("not kept of jobTemplate.spec: backoffLimit") != std::string::npos);
  CHECK(said(plan).find("image registry.example.org/billing:1.4 is not used") != std::string::npos);
  CHECK(said(plan).find("ConfigMap is left out") != std::string::npos);
  const auto& ping = plan.schedules[1];
  CHECK(ping.id == "kubernetes:jobs.yaml/ping");
  CHECK(std::get<interval>(ping.trigger.kind).every == std::chrono::minutes{90});
  CHECK(ping.settings.at("paused") == value{true});
  CHECK(member(value{*ping.task_settings}, "max_running_jobs").is_null());
  CHECK(said(plan).find("has no timeZone: Europe/Berlin is taken") != std::string::npos);
}

TEST_CASE("kubernetes import: JSON is YAML, and '?' is '*'") {
  const auto plan = imported(R"({"kind":"CronJob","metadata":{"name":"j"},"spec":{
      "schedule":"0 4 ? * MON","timeZone":"UTC","jobTemplate":{"spec":{"template":{"spec":{
      "containers":[{"name":"c","command":["/bin/x"]}]}}}}}})");
  CHECK(carillon::crontab_text(std::get<cron>(only(plan).trigger.kind)) == "0 4 * * MON");
}

TEST_CASE("kubernetes import: a stray comma between documents is a mistake, not an endless file") {
  const auto job = cron_job(every_minute);
  auto other = job;
  other.replace(other.find("name: x"), 7, "name: y");
  CHECK(imported(job + "---\n" + other).schedules.size() == 2);
  CHECK(imported("---\n" + job + "---\n---\n" + other).schedules.size() == 2);
  for (const auto* stray : {",", "]"}) {
    CAPTURE(stray);
    const auto plan = imported(job + stray + " x: 1\n");
    REQUIRE(plan.has_errors());
    CHECK(plan.schedules.empty());
  }
}

TEST_CASE("kubernetes import: what can not be said is an error that names it") {
  CHECK(first_error("kind: [") == "1: end of sequence flow not found");
  CHECK(first_error("just: text\n") == "1: is no object of Kubernetes: it has no kind");
  CHECK(first_error(cron_job("schedule: '61 * * * *'")).find("schedule '61 * * * *': ") !=
        std::string::npos);
  CHECK(first_error(cron_job("schedule: 'TZ=UTC * * * * *'")).find("a zone stands in timeZone") !=
        std::string::npos);
  CHECK(first_error(cron_job("schedule: '0 0 */2 * mon'")).find("'or' in Kubernetes") !=
        std::string::npos);
  CHECK(first_error(cron_job("suspend: false")) == "4: schedule is missing");
  CHECK(first_error(cron_job(every_minute + "\n  concurrencyPolicy: Replace")) ==
        "6: concurrencyPolicy Replace can not be said; allowed are Allow and Forbid");
  CHECK(first_error(cron_job(every_minute + "\n  startingDeadlineSeconds: soon"))
            .find("'soon', it must be a whole number of seconds") != std::string::npos);
  CHECK(first_error(cron_job(every_minute, "image: busybox")).find("has no command") !=
        std::string::npos);
  CHECK(first_error(cron_job(every_minute, "command: [/bin/x], envFrom: []")) ==
        "6: container.envFrom can not be said");
  CHECK(first_error(cron_job(every_minute, "command: [/bin/x], env: [{name: A, valueFrom: {}}]")) ==
        "6: env A: valueFrom can not be said");
  CHECK(first_error("kind: CronJob\nmetadata: {name: x}\nspec: {schedule: '@daily', timeZone: UTC, "
                    "jobTemplate: {spec: {parallelism: 3, template: {spec: {containers: "
                    "[{command: [/bin/x]}, {command: [/bin/y]}]}}}}}\n")
            .find("parallelism can not be said") != std::string::npos);
  CHECK(first_error("kind: CronJob\nmetadata: {name: x}\nspec: {schedule: '@daily', timeZone: UTC, "
                    "jobTemplate: {spec: {template: {spec: {containers: "
                    "[{command: [/bin/x]}, {command: [/bin/y]}]}}}}}\n")
            .find("exactly one container") != std::string::npos);
  CHECK(first_error("kind: CronJob\nmetadata: {}\nspec: {schedule: '@daily'}\n") ==
        "1: the CronJob has no metadata.name");
}
