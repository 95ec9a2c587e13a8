#include "tools/crontab_plan.hpp"
#include "tools/import_support.hpp"

#include <random>

using namespace carillon;
using namespace carillon::tools;
using namespace carillon::tools::test;

namespace {

import_plan imported(const std::string& text, bool has_user = false) {
  return plan_crontab({"crontab", text}, has_user, machine("crontab:x"));
}

crontab_text_result exported(const import_plan& plan, bool has_user = false) {
  std::vector<exported_schedule> all;
  for (const auto& each : plan.schedules)
    all.push_back(stored(each));
  return to_crontab(std::move(all), has_user, machine("crontab:x"));
}

std::string reasons(const crontab_text_result& result) {
  std::string out;
  for (const auto& m : result.messages)
    out += m.id + ": " + m.text + '\n';
  return out;
}

exported_schedule plain() { return stored(only(imported("0 3 * * * /usr/bin/backup\n"))); }

/// Why it can not be said.
std::string refusal(const exported_schedule& schedule, bool has_user = false) {
  const auto result = to_crontab({schedule}, has_user, machine("crontab:x"));
  REQUIRE(result.messages.size() == 1);
  CHECK(result.messages[0].is_error);
  CHECK(result.text.empty());
  return result.messages[0].text;
}

} // namespace

TEST_CASE("crontab export: 200 real-looking lines come back the same (scenario 16)") {
  const auto first = imported(sample("crontab"));
  INFO(said(first));
  REQUIRE_FALSE(first.has_errors());
  REQUIRE(first.schedules.size() == 200);
  const auto text = exported(first);
  INFO(reasons(text));
  REQUIRE(text.messages.empty());
  const auto second = imported(text.text);
  INFO(said(second));
  REQUIRE_FALSE(second.has_errors());
  CHECK(digest(second) == digest(first));
  // And what was exported once is exported the same again.
  CHECK(exported(second).text == text.text);
}

TEST_CASE("crontab export: a system crontab keeps its users") {
  const auto first = imported("SHELL=/bin/sh\n"
                              "PATH=/usr/local/bin:/usr/bin:/bin\n"
                              "# Hourly things\n"
                              "17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n"
                              "HOME=/srv\n"
                              "0 4 * * *\tdeploy\tbundle exec rake%input\n"
                              "0 5 * * *\tpostgres\tvacuumdb -a\n",
                              true);
  REQUIRE(first.schedules.size() == 3);
  const auto text = exported(first, true);
  REQUIRE(text.messages.empty());
  CHECK(digest(imported(text.text, true)) == digest(first));
  const auto without = exported(first, false);
  CHECK(reasons(without).find("it runs as user 'deploy', which only --system can say") !=
        std::string::npos);
}

TEST_CASE("crontab export: any crontab comes back the same") {
  std::mt19937 random{17};
  const auto one_of = [&](const std::vector<std::string>& texts) {
    return texts[std::uniform_int_distribution<std::size_t>{0, texts.size() - 1}(random)];
  };
  for (int round = 0; round < 300; ++round) {
    std::string crontab;
    for (int i = 0; i < 12; ++i)
      crontab +=
          one_of({"", "", "", "A=1\n", "A=\"2 \"\n", "B='x'\n", "EMPTY=\n", "SHELL=/bin/bash\n",
                  "SHELL=/bin/sh\n", "CRON_TZ=Asia/Tokyo\n", "CRON_TZ=Europe/Berlin\n",
                  "PATH=/opt/bin\n", "HOME=/srv\n", "# a comment\n", "#\n", "\n"}) +
          one_of({"0 3 * * * ", "@daily ", "*/5\t* * * mon-fri  ", "-1 2 3 4 5 "}) +
          one_of({"x", "run 'a b'  c", "date +\\%F", "cat%in", "cat%in%", "cat%%", "cat%a%%",
                  "cat%\\%a", "echo \\\\%x", "a\\", "y # not a comment", "A=1 z"}) +
          "\n";
    const auto first = imported(crontab);
    INFO(crontab << said(first));
    REQUIRE(first.schedules.size() == 12);
    const auto text = exported(first);
    INFO(text.text << reasons(text));
    REQUIRE(text.messages.empty());
    REQUIRE(digest(imported(text.text)) == digest(first));
  }
}

TEST_CASE("crontab export: what was not imported is written anew") {
  auto schedule = plain();
  schedule.meta = {};
  schedule.task.argv = {"/usr/bin/backup", "--to", "/srv/my backups", "100%", "it's"};
  schedule.task.cwd = "/srv/data";
  schedule.task.stdin_text = "one\n50%\n";
  const auto result = to_crontab({schedule}, false, machine("crontab:x"));
  REQUIRE(result.messages.empty());
  CHECK(result.text == "0 3 * * * cd /srv/data && /usr/bin/backup --to '/srv/my backups' 100\\% "
                       "'it'\\''s'%one%50\\%\n");
  // A line that says something else by now is not written as it was.
  auto changed = plain();
  std::get<cron>(changed.trigger.kind).hour = "4";
  CHECK(to_crontab({changed}, false, machine("crontab:x")).text == "0 4 * * * /usr/bin/backup\n");
}

TEST_CASE("crontab export: cron expressions of other kinds, where five fields say them") {
  struct row {
    const char* minute;
    const char* hour;
    const char* day;
    const char* weekday;
    const char* line; ///< nullptr = can not be said.
    bool has_note;
  };
  const row rows[] = {
      {"0", "3", "*", "*", "0 3 * * *", true},
      {"*/5", "*", "*", "mon-fri", "*/5 * * * mon-fri", false},
      {"10", "*/2", "1,15", "*", "10 */2 1,15 * *", false},
      {"0", "*", "1", "mon", nullptr, false}, // all fields, but cron(8) takes either day
      {"0", "*", "*", "*/2", nullptr, false}, // counts from Monday, not from Sunday
      {"0", "*", "last", "*", nullptr, false},
      {"0", "*", "2nd tue", "*", nullptr, false},
  };
  for (const auto& [minute, hour, day, weekday, line, has_note] : rows) {
    auto schedule = plain();
    schedule.meta = {};
    cron kind;
    kind.minute = minute;
    kind.hour = hour;
    kind.day = day;
    kind.day_of_week = weekday;
    schedule.trigger = triggers::resolve({kind, "Europe/Berlin"}, {}).value();
    const auto result = to_crontab({schedule}, false, machine("crontab:x"));
    INFO(minute << ' ' << hour << ' ' << day << ' ' << weekday << ": " << reasons(result));
    CHECK(result.text == (line ? std::string{line} + " /usr/bin/backup\n" : ""));
    REQUIRE(result.messages.size() == (!line || has_note ? 1 : 0));
    CHECK((result.messages.empty() || result.messages[0].is_error == !line));
  }
}

TEST_CASE("crontab export: what a crontab can not say is named") {
  auto schedule = plain();
  schedule.trigger = {interval{std::chrono::minutes{7}}};
  CHECK(refusal(schedule) == "its trigger is no cron expression");
  schedule = plain();
  schedule.trigger.end_time = when{time_point{}, false};
  CHECK(refusal(schedule) == "its trigger has an end_time");
  schedule = plain();
  schedule.task.executor = executor_threads;
  CHECK(refusal(schedule) == "its task is no command");
  schedule = plain();
  schedule.task.argv[2] = "one\ntwo";
  CHECK(refusal(schedule) == "its command has more than one line");
  schedule = plain();
  schedule.task.stdin_text = "no end";
  CHECK(refusal(schedule) == "its standard input has no newline at its end");
  schedule = plain();
  schedule.task.env["A"] = "one\ntwo";
  CHECK(refusal(schedule) == "its variable A can not be written");
  schedule = plain();
  schedule.task.argv.insert(schedule.task.argv.begin(),
                            {"/usr/sbin/runuser", "-u", "nobody", "--"});
  CHECK(refusal(schedule, true) == "there is no user 'nobody' on this machine");
}

TEST_CASE("crontab export: settings besides are notes; variables can not be taken back") {
  auto schedule = plain();
  schedule.extras = {"paused", "timeout 30s"};
  const auto noted = to_crontab({schedule}, false, machine("crontab:x"));
  CHECK(reasons(noted) ==
        schedule.id + ": paused is not kept\n" + schedule.id + ": timeout 30s is not kept\n");
  CHECK(noted.text == "0 3 * * * /usr/bin/backup\n");
  auto a = plain();
  a.id = "a";
  a.task.env["A"] = "1";
  auto b = plain();
  b.id = "b";
  b.task.env["B"] = "1";
  const auto both = to_crontab({a, b}, false, machine("crontab:x"));
  CHECK(reasons(both).find("b: it does not have the variable A of lines above it") == 0);
  CHECK(both.text == "A=1\n\n0 3 * * * /usr/bin/backup\n");
}
