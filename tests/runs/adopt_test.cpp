// A daemon that dies in the middle: a child process starts runs and kills itself, this one adopts
// them.

#include "runs/runner_fixture.hpp"

#include "values/crash_point.hpp"

#include <csignal>
#include <sys/wait.h>

using namespace carillon;
using namespace carillon::runs;
using namespace carillon::runs::test;

namespace {

/// Runs `body` with a runner of its own in a process that is killed at its end or before.
void in_dying_daemon(const std::filesystem::path& directory,
                     const std::function<void(process_runner&, outcome_box&)>& body,
                     const char* crash_point_name = "") {
  auto pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    arm_crash_point(crash_point_name);
    outcome_box box;
    auto runner = process_runner::open({directory, CARILLON_SUPERVISOR_PATH}, box.sink());
    if (runner)
      body(**runner, box);
    std::raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
}

/// Starts `spec` in a daemon that dies at `point`, and adopts what is left of it.
run_outcome adopt_after_crash_at(const char* point, const run_spec& spec) {
  temporary_directory directory;
  in_dying_daemon(
      directory.path,
      [&](process_runner& runner, outcome_box& box) {
        if (runner.start(spec))
          box.wait(1);
      },
      point);
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  CHECK(runner->adopt().size() == 1);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  return outcomes.front();
}

struct shim_crash_point {
  explicit shim_crash_point(const char* name) { ::setenv("CARILLON_SHIM_CRASH_POINT", name, 1); }
  ~shim_crash_point() { ::unsetenv("CARILLON_SHIM_CRASH_POINT"); }
};

} // namespace

TEST_CASE("adopt: a run goes on while its daemon is dead, and the next daemon gets its outcome") {
  temporary_directory directory;
  auto go = (directory.path / "go").string();
  auto spec = shell(1, "while [ ! -e " + go + " ]; do sleep 0.02; done; echo survived");
  in_dying_daemon(directory.path / "runs", [&](process_runner& runner, outcome_box&) {
    (void)runner.start(spec).has_value();
  });
  outcome_box box;
  auto runner = open_runner(directory.path / "runs", box);
  auto found = runner->adopt();
  REQUIRE(found.size() == 1);
  CHECK(found[0].job == job(1));
  CHECK(found[0].fence == 7);
  CHECK(found[0].alive);
  CHECK(runner->alive() == 1);
  auto again = runner->start(spec);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::conflict);
  std::ofstream{go} << "go";
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].ending == run_ending::exited);
  CHECK(outcomes[0].output == "survived\n");
}

TEST_CASE("adopt: a run that ended meanwhile is delivered, again until it is forgotten") {
  temporary_directory directory;
  auto flag = directory.path / "ran";
  auto spec = shell(1, "echo x >> " + flag.string() + "; echo 1");
  in_dying_daemon(directory.path / "runs", [&](process_runner& runner, outcome_box&) {
    (void)runner.start(spec).has_value();
  });
  auto spooled = directory.path / "runs" / (to_string(job(1)) + "-7") / "outcome";
  REQUIRE(eventually([&] { return std::filesystem::exists(spooled); }));
  for (int restart = 0; restart < 2; ++restart) {
    outcome_box box;
    auto runner = open_runner(directory.path / "runs", box);
    REQUIRE(runner->adopt().size() == 1);
    auto outcomes = box.wait(1);
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].ending == run_ending::exited);
    CHECK(outcomes[0].return_value == "1");
    if (restart == 1)
      runner->forget(job(1), 7);
  }
  outcome_box box;
  CHECK(open_runner(directory.path / "runs", box)->adopt().empty());
  CHECK(contents(flag) == "x\n");
}

TEST_CASE("adopt: an adopted run can be cancelled") {
  temporary_directory directory;
  in_dying_daemon(directory.path, [&](process_runner& runner, outcome_box&) {
    (void)runner.start(spec_of(1, {"/bin/sleep", "600"})).has_value();
  });
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  REQUIRE(runner->adopt().size() == 1);
  runner->cancel(job(1), 7, 5s);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].ending == run_ending::cancelled);
}

TEST_CASE("adopt: a supervisor that cannot be named is watched by its lock") {
  temporary_directory directory;
  auto run = directory.path / (to_string(job(1)) + "-7");
  in_dying_daemon(directory.path, [&](process_runner& runner, outcome_box&) {
    (void)runner.start(shell(1, "sleep 0.5; echo seen")).has_value();
  });
  REQUIRE(eventually([&] { return std::filesystem::exists(run / "pid"); }));
  std::filesystem::remove(run / "pid");
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  auto found = runner->adopt();
  REQUIRE(found.size() == 1);
  CHECK(found[0].alive);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].output == "seen\n");
}

TEST_CASE("adopt: a pid that was given to another process is not taken for the supervisor") {
  temporary_directory directory;
  auto run = directory.path / (to_string(job(1)) + "-7");
  in_dying_daemon(directory.path, [&](process_runner& runner, outcome_box&) {
    (void)runner.start(shell(1, "sleep 0.5; echo seen")).has_value();
  });
  REQUIRE(eventually([&] { return std::filesystem::exists(run / "pid"); }));
  std::ofstream{run / "pid"} << ::getpid() << " 1\n";
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  REQUIRE(runner->adopt().size() == 1);
  runner->cancel(job(1), 7, 0s); // must not reach this process
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].output == "seen\n");
}

TEST_CASE("adopt: a runner that goes leaves its runs to the next one in the same process") {
  temporary_directory directory;
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  REQUIRE(runner->start(shell(1, "sleep 0.3; echo on")));
  runner.reset();
  runner = open_runner(directory.path, box);
  REQUIRE(runner->adopt().size() == 1);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].output == "on\n");
}

TEST_CASE("adopt: a daemon that died before the spawn has lost the run, and nothing ran") {
  temporary_directory directory;
  auto flag = directory.path / "ran";
  auto outcome = adopt_after_crash_at("run.before_spawn", shell(1, "echo > " + flag.string()));
  CHECK(outcome.ending == run_ending::lost);
  CHECK_FALSE(std::filesystem::exists(flag));
  CHECK(outcome.started_at <= outcome.finished_at);
}

TEST_CASE("adopt: a daemon that dies at any point after the spawn loses nothing") {
  auto point = GENERATE("run.after_spawn", "run.before_reap", "run.after_reap");
  CAPTURE(point);
  auto outcome = adopt_after_crash_at(point, shell(1, "sleep 0.1; echo kept"));
  CHECK(outcome.ending == run_ending::exited);
  CHECK(outcome.output == "kept\n");
}

TEST_CASE("adopt: a directory that was only made is a lost run, other names are left alone") {
  temporary_directory directory;
  std::filesystem::create_directory(directory.path / (to_string(job(3)) + "-12"));
  std::filesystem::create_directory(directory.path / "something-else");
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  auto found = runner->adopt();
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].alive);
  CHECK(found[0].fence == 12);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].ending == run_ending::lost);
  CHECK(outcomes[0].job == job(3));
  CHECK(outcomes[0].fence == 12);
}

TEST_CASE("adopt: a damaged outcome is a lost run that says so") {
  temporary_directory directory;
  auto run = directory.path / (to_string(job(3)) + "-12");
  std::filesystem::create_directory(run);
  std::ofstream{run / "outcome"} << "carillon-run 1\nending 600\nexited\n";
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  CHECK(runner->adopt().size() == 1);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].ending == run_ending::lost);
  CHECK(outcomes[0].error == "run file is damaged at byte 26: the value is cut off");
}

TEST_CASE("supervisor: its death before the command starts is a lost run") {
  shim_crash_point point{"shim.before_exec"};
  auto outcome = run_once(shell(1, "true"));
  CHECK(outcome.ending == run_ending::lost);
  CHECK(outcome.error == "the supervisor ended without an outcome");
}

TEST_CASE("supervisor: its death before the outcome is on disk is a lost run") {
  shim_crash_point point{"shim.before_spool"};
  CHECK(run_once(shell(1, "echo done")).ending == run_ending::lost);
}

TEST_CASE("supervisor: its death after the outcome is on disk loses nothing") {
  shim_crash_point point{"shim.after_spool"};
  auto outcome = run_once(shell(1, "echo done"));
  CHECK(outcome.ending == run_ending::exited);
  CHECK(outcome.output == "done\n");
}

TEST_CASE("supervisor: when it is killed, the command and its children are killed too") {
  temporary_directory directory;
  outcome_box box;
  auto runner = open_runner(directory.path / "runs", box);
  auto file = directory.path / "pids";
  REQUIRE(runner->start(shell(1, "sleep 600 & a=$!; setsid sleep 600 & echo $$ $a $! > " +
                                     file.string() + "; wait")));
  REQUIRE(eventually([&] { return contents(file).find('\n') != std::string::npos; }));
  auto supervisor = contents(directory.path / "runs" / (to_string(job(1)) + "-7") / "pid");
  REQUIRE(::kill(std::atoi(supervisor.c_str()), SIGKILL) == 0);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].ending == run_ending::lost);
  std::ifstream pids{file};
  for (std::string pid; pids >> pid;) {
    CAPTURE(pid);
    CHECK(eventually([&] { return !std::filesystem::exists("/proc/" + pid); }));
  }
}

TEST_CASE("supervisor: it refuses to run without a lock handed to it") {
  auto status = std::system("'" CARILLON_SUPERVISOR_PATH "' /tmp 3>&- 2>/dev/null");
  CHECK(WEXITSTATUS(status) == 64);
}
