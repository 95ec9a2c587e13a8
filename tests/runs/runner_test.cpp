#include "runs/runner_fixture.hpp"

#include <map>

using namespace carillon;
using namespace carillon::runs;
using namespace carillon::runs::test;

namespace {

std::size_t open_descriptors() {
  std::filesystem::directory_iterator it{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(it, std::filesystem::directory_iterator{}));
}

} // namespace

TEST_CASE("runner: cancel ends a run, and asking twice changes nothing") {
  temporary_directory directory;
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  REQUIRE(runner->start(spec_of(1, {"/bin/sleep", "600"})));
  runner->cancel(job(1), 7, 5s);
  runner->cancel(job(1), 7, 5s);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].ending == run_ending::cancelled);
  CHECK(outcomes[0].exit_code == 15);
  runner->cancel(job(1), 7, 5s);
  runner->cancel(job(9), 7, 5s);
}

TEST_CASE("runner: a second, shorter cancel overrules the first") {
  temporary_directory directory;
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  auto ready = directory.path / "ready";
  REQUIRE(runner->start(
      shell(1, "trap '' TERM; echo > " + ready.string() + "; while :; do sleep 0.05; done")));
  REQUIRE(eventually([&] { return std::filesystem::exists(ready); }));
  runner->cancel(job(1), 7, 600s);
  runner->cancel(job(1), 7, 100ms);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].ending == run_ending::cancelled);
  CHECK(outcomes[0].exit_code == 9);
}

TEST_CASE("runner: the same job and fence is not started twice, another fence is") {
  temporary_directory directory;
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  auto spec = shell(1, "true");
  REQUIRE(runner->start(spec));
  auto again = runner->start(spec);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::conflict);
  REQUIRE(box.wait(1).size() == 1);
  again = runner->start(spec); // ended, but not forgotten
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::conflict);
  spec.fence = 8;
  REQUIRE(runner->start(spec));
  CHECK(box.wait(2).size() == 2);
}

TEST_CASE("runner: forget removes the directory of an ended run only") {
  temporary_directory directory;
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  auto path = directory.path / (to_string(job(1)) + "-7");
  REQUIRE(runner->start(spec_of(1, {"/bin/sleep", "600"})));
  runner->forget(job(1), 7);
  CHECK(std::filesystem::exists(path));
  CHECK(runner->alive() == 1);
  runner->cancel(job(1), 7, 5s);
  REQUIRE(box.wait(1).size() == 1);
  CHECK(runner->alive() == 0);
  CHECK(std::filesystem::exists(path));
  runner->forget(job(1), 7);
  CHECK_FALSE(std::filesystem::exists(path));
  runner->forget(job(1), 7);
}

TEST_CASE("runner: run files are for their owner only") {
  temporary_directory directory;
  outcome_box box;
  auto runner = open_runner(directory.path / "runs", box);
  REQUIRE(runner->start(shell(1, "true")));
  REQUIRE(box.wait(1).size() == 1);
  auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{directory.path / "runs"}) {
    ++seen;
    CHECK((entry.status().permissions() & others) == std::filesystem::perms::none);
  }
  CHECK(seen == 5); // the directory, spec, lock, pid, outcome
}

TEST_CASE("runner: 200 runs at once each give one outcome, and no descriptor stays open") {
  temporary_directory directory;
  outcome_box box;
  auto runner = open_runner(directory.path, box);
  auto before = open_descriptors();
  std::vector<std::thread> starters;
  for (int t = 0; t < 4; ++t)
    starters.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        auto number = static_cast<std::uint8_t>(t * 50 + i);
        if (!runner->start(spec_of(number, {"/bin/echo", std::to_string(number)})))
          std::abort();
      }
    });
  for (auto& starter : starters)
    starter.join();
  auto outcomes = box.wait(200);
  REQUIRE(outcomes.size() == 200);
  std::map<std::string, int> seen;
  for (const auto& outcome : outcomes) {
    CHECK(outcome.ending == run_ending::exited);
    CHECK(outcome.output == std::to_string(outcome.job.bytes[15]) + "\n");
    ++seen[outcome.output];
    runner->forget(outcome.job, outcome.fence);
  }
  CHECK(seen.size() == 200);
  CHECK(runner->alive() == 0);
  CHECK(open_descriptors() == before);
  CHECK(std::filesystem::is_empty(directory.path));
}

TEST_CASE("runner: a supervisor that is not there is an error at once, and leaves nothing") {
  temporary_directory directory;
  outcome_box box;
  auto runner = process_runner::open({directory.path, "/nowhere/supervisor"}, box.sink());
  REQUIRE_FALSE(runner);
  CHECK(runner.error().code == errc::not_found);
  // A program that vanishes later, as in an upgrade.
  auto copy = directory.path / "supervisor";
  std::filesystem::copy_file(CARILLON_SUPERVISOR_PATH, copy);
  runner = process_runner::open({directory.path / "runs", copy}, box.sink());
  REQUIRE(runner);
  std::filesystem::remove(copy);
  CHECK_FALSE((*runner)->start(shell(1, "true")));
  CHECK((*runner)->alive() == 0);
  CHECK(std::filesystem::is_empty(directory.path / "runs"));
}
