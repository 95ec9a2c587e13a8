#include "values/crash_point.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// Passes "here" three times with `point` armed. Returns at which time it died; 0 = it lived.
int died_at(const char* point) {
  int fds[2];
  REQUIRE(::pipe(fds) == 0);
  auto pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    carillon::arm_crash_point(point);
    for (int i = 0; i < 3; ++i) {
      carillon::crash_point("elsewhere");
      [[maybe_unused]] auto n = ::write(fds[1], "x", 1);
      carillon::crash_point("here");
    }
    ::_exit(0);
  }
  ::close(fds[1]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  char passed[8];
  auto count = static_cast<int>(::read(fds[0], passed, sizeof passed));
  ::close(fds[0]);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? count : 0;
}

} // namespace

TEST_CASE("crash_point: the process dies at the named point and at its n-th hit only") {
  CHECK(died_at("") == 0);
  CHECK(died_at("here") == 1);
  CHECK(died_at("here:1") == 1);
  CHECK(died_at("here:3") == 3);
  CHECK(died_at("here:4") == 0);
  CHECK(died_at("nowhere") == 0);
}
