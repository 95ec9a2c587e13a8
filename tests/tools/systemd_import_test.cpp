#include "tools/import_support.hpp"
#include "tools/systemd_plan.hpp"
#include "tools/systemd_unit.hpp"

using namespace carillon;
using namespace carillon::tools;
using namespace carillon::tools::test;

namespace {

import_plan imported(const std::string& timer, const std::string& service,
                     const std::string& name = "job") {
  return plan_systemd({{"/units/" + name + ".timer", timer}, {name + ".service", service}},
                      machine("systemd:units"));
}

constexpr const char* plain_service = "[Service]\nExecStart=/bin/true\n";

/// The first error about a timer's section.
std::string timer_error(const std::string& lines) {
  const auto plan = imported("[Timer]\n" + lines, plain_service);
  CHECK(plan.schedules.empty());
  for (const auto& m : plan.messages)
    if (m.is_error)
      return std::to_string(m.line) + ": " + m.text;
  return {};
}

std::string service_error(const std::string& lines) {
  const auto plan = imported("[Timer]\nOnCalendar=daily\n", "[Service]\n" + lines);
  CHECK(plan.schedules.empty());
  for (const auto& m : plan.messages)
    if (m.is_error)
      return std::to_string(m.line) + ": " + m.text;
  return {};
}

std::vector<std::string> argv_of(const std::string& service_lines) {
  const auto plan = imported("[Timer]\nOnCalendar=daily\n", "[Service]\n" + service_lines);
  return words_at(value{*only(plan).task_settings}, "argv");
}

using words = std::vector<std::string>;

} // namespace

TEST_CASE("systemd import: a timer with several OnCalendar and its service") {
  const auto plan = plan_systemd({{"units/backup.timer", sample("backup.timer")},
                                  {"units/backup.service", sample("backup.service")}},
                                 machine("systemd:units"));
  const auto& made = only(plan);
  CHECK(made.id == "systemd:units/backup");
  const auto& both = std::get<any_of>(made.trigger.kind).triggers;
  REQUIRE(both.size() == 2);
  CHECK(std::get<on_calendar>(both[0].kind).text == "Mon..Fri *-*-* 02:30:00");
  CHECK(both[1].timezone == "Europe/Berlin");
  CHECK(made.settings.at("misfire_grace_time").is_null()); // Persistent=true
  CHECK(made.settings.at("max_jitter") == value{900});
  CHECK(made.metadata.at("description") == value{"Backup of the databases"});
  const value task{*made.task_settings};
  CHECK(words_at(task, "argv") ==
        words{"/usr/sbin/runuser", "-u", "postgres", "-g", "backup", "--", "/bin/sh", "-c",
              "{ /usr/bin/mkdir -p /var/backups/backup || true; } && /usr/local/bin/pg-dump-all "
              "--jobs 4 --exclude 'test;*' --to /var/backups/backup && /usr/bin/curl -fsS "
              "'https://example.org/ping?name=backup%2fdb'"});
  CHECK(texts_at(task, "env") ==
        std::map<std::string, std::string>{
            {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
            {"HOME", "/home/postgres"},
            {"LOGNAME", "postgres"},
            {"USER", "postgres"},
            {"PGHOST", "/run/postgresql"},
            {"PGAPPNAME", "nightly backup"},
            {"TARGET", "/var/backups/backup"}});
  CHECK(text_at(task, "cwd") == "/var/backups");
  CHECK(number_at(task, "timeout") == 9000);
  CHECK(number_at(task, "max_running_jobs") == 1);
  const auto notes = said(plan);
  CHECK(notes.find("backup.timer:9:1: note: AccuracySec is not waited for") != std::string::npos);
  CHECK(notes.find("FixedRandomDelay is not kept") != std::string::npos);
  CHECK(notes.find("not kept: Nice, PrivateTmp") != std::string::npos);
}

TEST_CASE("systemd import: OnUnitActiveSec becomes an interval, whatever starts it") {
  const auto plan = plan_systemd({{"tmpfiles-clean.timer", sample("tmpfiles-clean.timer")},
                                  {"tmpfiles.service", sample("tmpfiles.service")}},
                                 machine("systemd:units"));
  const auto& made = only(plan);
  CHECK(std::get<interval>(made.trigger.kind).every == std::chrono::hours{24});
  CHECK(made.settings.at("misfire_grace_time").is_null());
  CHECK(words_at(value{*made.task_settings}, "argv") ==
        words{"/usr/bin/env", "systemd-tmpfiles", "--clean"});
  CHECK(said(plan).find("OnBootSec is not kept") != std::string::npos);
  CHECK(said(plan).find("ConditionPathExists is not checked") != std::string::npos);
}

TEST_CASE("systemd import: without Persistent a run that is late is left out") {
  const auto grace = [](const std::string& lines) {
    return number_at(
        value{only(imported("[Timer]\nOnCalendar=daily\n" + lines, plain_service)).settings},
        "misfire_grace_time");
  };
  CHECK(grace("") == 60);
  CHECK(grace("AccuracySec=1us\n") == 60);
  CHECK(grace("AccuracySec=1h\n") == 3600);
}

TEST_CASE("systemd import: an empty setting drops those before it") {
  const auto plan = imported("[Timer]\nOnCalendar=daily\nOnUnitActiveSec=5min\nOnCalendar=\n"
                             "OnCalendar=hourly\n",
                             "[Service]\nExecStart=/bin/false\nExecStart=\nExecStart=/bin/true\n");
  CHECK(std::get<on_calendar>(only(plan).trigger.kind).text == "hourly");
  CHECK(words_at(value{*only(plan).task_settings}, "argv") == words{"/bin/true"});
}

TEST_CASE("systemd import: command lines are read as systemd.service(5) says") {
  CHECK(argv_of("ExecStart=/bin/echo 'one word' \"a\\tb\" c\\x41 $$HOME %% ${X}y\n"
                "Environment=X=1\n") ==
        words{"/bin/echo", "one word", "a\tb", "cA", "$HOME", "%", "1y"});
  CHECK(
      argv_of("Environment=\"OPTS=-a -b\"\nExecStart=/bin/x $OPTS \"$OPTS\" ${OPTS} $NONE end\n") ==
      words{"/bin/x", "-a", "-b", "$OPTS", "-a -b", "end"});
  CHECK(argv_of("ExecStart=:/bin/x $A ${B}\n") == words{"/bin/x", "$A", "${B}"});
  CHECK(argv_of("ExecStart=-/bin/x ; /bin/y \\; z\n") ==
        words{"/bin/sh", "-c", "{ /bin/x || true; } && /bin/y ';' z"});
  CHECK(argv_of("ExecStart=/bin/x %n %N %p %i\n") ==
        words{"/bin/x", "job.service", "job", "job", ""});
  const auto instance = imported("[Timer]\nOnCalendar=daily\n",
                                 "[Service]\nExecStart=/bin/dump %i %p\n", "dump@main");
  CHECK(words_at(value{*only(instance).task_settings}, "argv") ==
        words{"/bin/dump", "main", "dump"});
}

TEST_CASE("systemd import: what can not be said is an error that names it") {
  CHECK(timer_error("") == "0: the timer has neither OnCalendar nor OnUnitActiveSec");
  CHECK(timer_error("OnCalendar=25:00\n").starts_with("2: OnCalendar: "));
  CHECK(timer_error("OnBootSec=5min\n").starts_with("2: OnBootSec alone can not be said"));
  CHECK(timer_error("OnUnitInactiveSec=5min\n").starts_with("2: OnUnitInactiveSec can not"));
  CHECK(timer_error("OnUnitActiveSec=0\n") == "2: OnUnitActiveSec must be longer than 0");
  CHECK(timer_error("OnUnitActiveSec=5 parsecs\n").find("'parsecs' is not a unit") !=
        std::string::npos);
  CHECK(timer_error("OnCalendar=daily\nPersistent=maybe\n") ==
        "3: Persistent: 'maybe' is neither yes nor no");
  CHECK(timer_error("OnCalendar=daily\nOnClockChange=yes\n") == "3: OnClockChange can not be said");
  CHECK(timer_error("OnCalendar=daily\nUnit=x.target\n") == "0: Unit=x.target is no service");
  CHECK(timer_error("OnCalendar=daily\nUnit=x.service\n").find("x.service was not given") !=
        std::string::npos);
  CHECK(timer_error("OnCalendar=daily\nnonsense\n") == "3: is neither a [Section] nor Key=value");
  CHECK(service_error("Type=oneshot\n") == "0: the service has no ExecStart");
  CHECK(service_error("Type=forking\nExecStart=/bin/x\n").starts_with("2: Type=forking"));
  CHECK(service_error("ExecStart=/bin/x\nEnvironmentFile=/etc/x\n") ==
        "3: EnvironmentFile can not be said");
  CHECK(service_error("ExecStart=+/bin/x\n").starts_with("2: ExecStart, the prefix '+'"));
  CHECK(service_error("ExecStart=/bin/x 'open\n").find("the quote is not closed") !=
        std::string::npos);
  CHECK(service_error("ExecStart=/bin/x %b\n").find("'%b' stands for") != std::string::npos);
  CHECK(service_error("ExecStart=/bin/x\nUser=nobody\n").starts_with("3: User: there is no user"));
  CHECK(service_error("ExecStart=/bin/x\nWorkingDirectory=here\n").starts_with("3: Working"));
  CHECK(service_error("ExecStart=/bin/x\nEnvironment=A\n") ==
        "3: Environment: 'A' is not NAME=value");
  const auto other = plan_systemd({{"x.socket", "[Socket]\n"}}, machine());
  CHECK(other.has_errors());
}

TEST_CASE("systemd import: only root runs what belongs to others; templates are left out") {
  auto context = machine();
  context.runner = {"deploy", "/home/deploy"};
  const auto plan = plan_systemd({{"a.timer", "[Timer]\nOnCalendar=daily\n"},
                                  {"a.service", "[Service]\nExecStart=/bin/x\nUser=postgres\n"}},
                                 context);
  CHECK(plan.has_errors());
  CHECK(said(plan).find("only a daemon of root") != std::string::npos);
  const auto left_out = plan_systemd({{"x@.timer", "[Timer]\nOnCalendar=daily\n"}}, machine());
  CHECK_FALSE(left_out.has_errors());
  CHECK(left_out.skipped == 1);
}

TEST_CASE("systemd spans: units of systemd.time(7)") {
  struct row {
    const char* text;
    std::int64_t microseconds;
  };
  const row rows[] = {{"2 h", 7'200'000'000},
                      {"2hours", 7'200'000'000},
                      {"48hr", 172'800'000'000},
                      {"1y 12month", (31'557'600LL + 12 * 2'629'800) * 1'000'000},
                      {"55s500ms", 55'500'000},
                      {"300ms20s 5day", 432'020'300'000},
                      {"90", 90'000'000},
                      {"1.5min", 90'000'000},
                      {"1us", 1},
                      {"0", 0}};
  for (const auto& [text, microseconds] : rows) {
    INFO(text);
    const auto read = parse_unit_span(text);
    REQUIRE(read);
    CHECK(read->count() == microseconds);
  }
  for (const char* text : {"", "x", "5 x", "-5", "infinity", "1e30"})
    CHECK_FALSE(parse_unit_span(text));
}
