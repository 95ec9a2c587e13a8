// Runs that end with their node's lease, whatever has become of the daemon.

#include "runs/lease_file.hpp"
#include "runs/runner_fixture.hpp"

#include <csignal>
#include <sys/wait.h>

using namespace carillon;
using namespace carillon::runs;
using namespace carillon::runs::test;

namespace {

run_spec leased(const std::filesystem::path& lease, std::string script) {
  auto spec = shell(1, std::move(script));
  spec.lease = lease.string();
  spec.disconnect_grace = 100ms;
  spec.kill_grace = 100ms;
  return spec;
}

} // namespace

TEST_CASE("lease: what is written is read, and a deadline of another boot is refused") {
  temporary_directory directory;
  auto path = directory.path / "lease";
  CHECK(lease_file::read(path).error().code == errc::not_found);
  REQUIRE(lease_file::write(path, 5s));
  REQUIRE(lease_file::write(path, 7s));
  CHECK(lease_file::read(path).value() == duration{7s});
  std::ofstream{path} << "00000000-0000-0000-0000-000000000000\n7000000\n";
  CHECK(lease_file::read(path).error().code == errc::corrupt);
}

TEST_CASE("lease: a run ends once the deadline and the grace have passed, with all its group") {
  temporary_directory directory;
  auto path = directory.path / "lease";
  REQUIRE(lease_file::write(path, boot_now() + 200ms));
  auto before = boot_now();
  auto outcome = run_once(leased(path, "trap '' TERM; sleep 600 & while :; do sleep 1; done"));
  CHECK(outcome.ending == run_ending::lease_lost);
  CHECK(boot_now() - before >= 300ms);
  CHECK(outcome.error == "the node's lease was not renewed within the grace of 100 ms, signal 9");
}

TEST_CASE("lease: a run goes on while its lease is renewed") {
  temporary_directory directory;
  auto path = directory.path / "lease";
  REQUIRE(lease_file::write(path, boot_now() + 300ms));
  outcome_box box;
  auto runner = open_runner(directory.path / "runs", box);
  REQUIRE(runner->start(leased(path, "sleep 1; echo whole")));
  REQUIRE(lease_file::write(path, boot_now() + 60s));
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].ending == run_ending::exited);
  CHECK(outcomes[0].output == "whole\n");
}

TEST_CASE("lease: a run whose lease file never was ends after the grace") {
  temporary_directory directory;
  CHECK(run_once(leased(directory.path / "none", "sleep 600")).ending == run_ending::lease_lost);
}

TEST_CASE("lease: the supervisor of a stopped daemon still ends its run") {
  temporary_directory directory;
  auto path = directory.path / "lease";
  REQUIRE(lease_file::write(path, boot_now() + 300ms));
  auto daemon = ::fork();
  REQUIRE(daemon >= 0);
  if (daemon == 0) {
    outcome_box box;
    auto runner = process_runner::open({directory.path / "runs", CARILLON_SUPERVISOR_PATH},
                                       box.sink());
    if (runner && (*runner)->start(leased(path, "sleep 600")))
      std::raise(SIGSTOP);
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(daemon, &status, WUNTRACED) == daemon);
  CHECK(WIFSTOPPED(status));
  auto spooled = directory.path / "runs" / (to_string(job(1)) + "-7") / "outcome";
  CHECK(eventually([&] { return std::filesystem::exists(spooled); }));
  ::kill(daemon, SIGKILL);
  ::waitpid(daemon, &status, 0);
  outcome_box box;
  auto runner = open_runner(directory.path / "runs", box);
  CHECK(runner->adopt().size() == 1);
  auto outcomes = box.wait(1);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].ending == run_ending::lease_lost);
}
