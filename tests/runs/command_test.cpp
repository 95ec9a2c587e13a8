#include "runs/runner_fixture.hpp"

#include <set>
#include <sstream>

using namespace carillon;
using namespace carillon::runs;
using namespace carillon::runs::test;

TEST_CASE("command: exit status 0 is a success with times and output") {
  auto outcome = run_once(shell(1, "echo out; echo err >&2"));
  CHECK(outcome.ending == run_ending::exited);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.error.empty());
  CHECK(outcome.output.find("out\n") != std::string::npos);
  CHECK(outcome.output.find("err\n") != std::string::npos);
  CHECK(outcome.output_bytes_total == 8);
  CHECK(outcome.job == job(1));
  CHECK(outcome.fence == 7);
  CHECK(outcome.started_at <= outcome.finished_at);
  CHECK(wall_clock().now() - outcome.started_at < 20s);
}

TEST_CASE("command: another exit status is kept") {
  auto outcome = run_once(shell(1, "exit 3"));
  CHECK(outcome.ending == run_ending::exited);
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.error == "exit status 3");
}

TEST_CASE("command: a signal of its own is told from our endings") {
  auto outcome = run_once(shell(1, "kill -SEGV $$"));
  CHECK(outcome.ending == run_ending::signalled);
  CHECK(outcome.exit_code == 11);
}

TEST_CASE("command: the last 64 KiB of a long output are kept and the rest is counted") {
  auto outcome = run_once(shell(
      1, "i=0; while [ $i -lt 16 ]; do head -c 65536 /dev/zero | tr '\\0' x; i=$((i+1)); done; "
         "echo the end"));
  CHECK(outcome.output_bytes_total == 1024 * 1024 + 8);
  CHECK(outcome.output.size() == 64 * 1024);
  CHECK(outcome.output.substr(outcome.output.size() - 10) == "xxthe end\n");
  CHECK_FALSE(outcome.return_value);
}

TEST_CASE("command: standard output that is one JSON value is the return value") {
  CHECK(run_once(shell(1, "echo noise >&2; echo ' {\"b\": [1, 2], \"a\": null} '")).return_value ==
        R"({"a":null,"b":[1,2]})");
  CHECK(run_once(shell(1, "echo 42")).return_value == "42");
  CHECK_FALSE(run_once(shell(1, "echo 42 43")).return_value);
  CHECK_FALSE(run_once(shell(1, "echo hello")).return_value);
  CHECK_FALSE(run_once(shell(1, "true")).return_value);
  CHECK_FALSE(run_once(shell(1, "head -c 200000 /dev/zero | tr '\\0' '['")).return_value);
}

TEST_CASE("command: a program that does not exist is not started") {
  auto outcome = run_once(spec_of(1, {"/nowhere/at/all"}));
  CHECK(outcome.ending == run_ending::not_started);
  CHECK(outcome.error == "program '/nowhere/at/all': No such file or directory");
}

TEST_CASE("command: a program without a path is not searched for") {
  auto outcome = run_once(spec_of(1, {"true"}));
  CHECK(outcome.ending == run_ending::not_started);
  CHECK(outcome.error.find("not an absolute path") != std::string::npos);
  CHECK(run_once(spec_of(1, {})).ending == run_ending::not_started);
}

TEST_CASE("command: a NUL byte does not cut an argument short") {
  auto outcome = run_once(spec_of(1, {"/bin/echo", std::string{"a\0b", 3}}));
  CHECK(outcome.ending == run_ending::not_started);
  CHECK(outcome.error == "an argument holds a NUL byte");
}

TEST_CASE("command: a working directory that does not exist is named") {
  auto spec = shell(1, "pwd");
  spec.cwd = "/nowhere";
  auto outcome = run_once(spec);
  CHECK(outcome.ending == run_ending::not_started);
  CHECK(outcome.error == "working directory '/nowhere': No such file or directory");
}

TEST_CASE("command: the working directory is the one asked for, the umask keeps others out") {
  auto spec = shell(1, "pwd; umask");
  spec.cwd = "/usr";
  CHECK(run_once(spec).output == "/usr\n0077\n");
}

TEST_CASE("command: shell metacharacters arrive as they are") {
  std::vector<std::string> hostile{"$(id)", "`id`", "a;b", "a b",  "*",
                                   "",      "'\"",  "\n",  "> /x", "${HOME}"};
  std::vector<std::string> argv{"/usr/bin/printf", "[%s]"};
  argv.insert(argv.end(), hostile.begin(), hostile.end());
  std::string expected;
  for (const auto& text : hostile)
    expected += "[" + text + "]";
  CHECK(run_once(spec_of(1, argv)).output == expected);
}

TEST_CASE("command: the environment holds what is listed and nothing else") {
  ::setenv("CARILLON_TEST_LEAK", "secret", 1);
  auto spec = spec_of(1, {"/usr/bin/env"});
  spec.schedule = "nightly";
  spec.due_ms = 1700000000123;
  spec.attempt = 2;
  spec.env = {{"MINE", "a=b c"}, {"CARILLON_FENCE", "forged"}};
  auto outcome = run_once(spec);
  ::unsetenv("CARILLON_TEST_LEAK");
  std::set<std::string> lines;
  std::istringstream in{outcome.output};
  for (std::string line; std::getline(in, line);)
    lines.insert(line);
  std::set<std::string> expected{"PATH=/usr/local/bin:/usr/bin:/bin",
                                 "MINE=a=b c",
                                 "CARILLON_JOB_ID=" + to_string(job(1)),
                                 "CARILLON_TASK_ID=report",
                                 "CARILLON_SCHEDULE_ID=nightly",
                                 "CARILLON_DUE_MS=1700000000123",
                                 "CARILLON_ATTEMPT=2",
                                 "CARILLON_FENCE=7",
                                 "CARILLON_NODE=here"};
  for (const char* name : {"HOME", "USER", "LANG", "TZ"})
    if (const char* text = std::getenv(name))
      expected.insert(std::string{name} + "=" + text);
  CHECK(lines == expected);
}

TEST_CASE("command: an ad-hoc job has neither schedule nor due time in its environment") {
  auto outcome = run_once(spec_of(1, {"/usr/bin/env"}));
  CHECK(outcome.output.find("CARILLON_SCHEDULE_ID") == std::string::npos);
  CHECK(outcome.output.find("CARILLON_DUE_MS") == std::string::npos);
}

TEST_CASE("command: standard input is the document, however long and however little is read") {
  auto spec = spec_of(1, {"/bin/cat"});
  spec.stdin_json = R"({"args":[1,2],"task":"report"})";
  auto outcome = run_once(spec);
  CHECK(outcome.output == spec.stdin_json);
  CHECK(outcome.return_value == spec.stdin_json);
  spec.argv = {"/usr/bin/head", "-c", "3"};
  spec.stdin_json.assign(1024 * 1024, 'x');
  CHECK(run_once(spec).output == "xxx");
}

TEST_CASE("command: it inherits no descriptor, no privilege and its own process group") {
  auto outcome =
      run_once(spec_of(1, {"/bin/sh", "-c",
                           "ls /proc/$$/fd | tr '\\n' ' '; grep NoNewPrivs /proc/$$/status;"
                           "[ $(ps -o pgid= -p $$) = $$ ] && echo leader; trap"}));
  CHECK(outcome.output.substr(0, 6) == "0 1 2 ");
  CHECK(outcome.output.find("NoNewPrivs:\t1") != std::string::npos);
  CHECK(outcome.output.find("leader") != std::string::npos);
}

TEST_CASE("command: one that ignores SIGTERM is killed after the grace") {
  auto spec = shell(1, "trap '' TERM; echo started; while :; do sleep 0.05; done");
  spec.timeout = 200ms;
  spec.kill_grace = 200ms;
  auto outcome = run_once(spec);
  CHECK(outcome.ending == run_ending::timed_out);
  CHECK(outcome.exit_code == 9);
  CHECK(outcome.output == "started\n");
  CHECK(outcome.error == "ran longer than 200 ms, signal 9");
  CHECK(outcome.finished_at - outcome.started_at >= 400ms);
  CHECK(outcome.finished_at - outcome.started_at < 5s);
}

TEST_CASE("command: one that tidies up on SIGTERM still counts as timed out") {
  auto spec = shell(1, "trap 'echo bye; exit 0' TERM; echo hi; while :; do sleep 0.05; done");
  spec.timeout = 200ms;
  auto outcome = run_once(spec);
  CHECK(outcome.ending == run_ending::timed_out);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.find("bye\n") != std::string::npos);
}

TEST_CASE("command: a deadline also ends what has fled the process group") {
  temporary_directory directory;
  auto file = (directory.path / "pid").string();
  auto spec = shell(1, "setsid sh -c 'echo $$ > " + file + "; exec sleep 600' & sleep 600");
  spec.timeout = 500ms;
  CHECK(run_once(spec).ending == run_ending::timed_out);
  auto pid = std::atoi(contents(file).c_str());
  REQUIRE(pid > 0);
  CHECK(eventually([&] { return !std::filesystem::exists("/proc/" + std::to_string(pid)); }));
}

TEST_CASE("command: a background process that keeps the output open does not hang the run") {
  temporary_directory directory;
  auto file = (directory.path / "pid").string();
  auto outcome = run_once(shell(1, "sleep 600 & echo $! > " + file + "; echo done"));
  CHECK(outcome.ending == run_ending::exited);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output == "done\n");
  auto pid = std::atoi(contents(file).c_str());
  REQUIRE(pid > 0);
  CHECK(eventually([&] { return !std::filesystem::exists("/proc/" + std::to_string(pid)); }));
}
