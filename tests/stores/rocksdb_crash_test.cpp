#include "stores/verify.hpp"
#include "tests/stores/log_support.hpp"

#include <cstdlib>
#include <csignal>
#include <random>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace carillon;
using namespace carillon::stores;
using namespace carillon::stores::testing;

namespace {

constexpr const char* directory_variable = "CARILLON_TEST_CRASH_DIRECTORY";
constexpr int report_file = 3;

/// This program again, as a writer that reports each acknowledged position on file 3.
pid_t start_writer(const std::string& directory, int report) {
  // RocksDB has threads here: between fork and exec only what is safe after a fork.
  std::string setting = std::string{directory_variable} + "=" + directory;
  const char* environment[] = {setting.c_str(), nullptr};
  const char* arguments[] = {"stores_test", "crash test: the writer that is killed", nullptr};
  pid_t child = ::fork();
  if (child != 0)
    return child;
  ::dup2(report, report_file);
  int null = ::open("/dev/null", O_WRONLY);
  ::dup2(null, STDOUT_FILENO);
  ::execve("/proc/self/exe", const_cast<char**>(arguments), const_cast<char**>(environment));
  ::_exit(127);
}

} // namespace

TEST_CASE("crash test: the writer that is killed", "[.]") {
  const char* directory = std::getenv(directory_variable);
  if (directory == nullptr)
    return;
  auto log = must(open_log(std::string{"rocksdb:"} + directory));
  auto who = must(log->open_session(node_id{"a"}));
  auto at = must(log->head()).at;
  for (std::uint64_t n = 0; n < 1'000'000; ++n) {
    std::vector<commit> commits;
    for (std::uint64_t i = 0; i < 1 + n % 7; ++i)
      commits.push_back(adding(0, {at + i, at + i + 1}));
    auto result = must(log->append(who, at_second(1), commits));
    at = result.after.at;
    if (::write(report_file, &at, sizeof at) != sizeof at)
      return;
  }
}

TEST_CASE("rocksdb log: a writer killed at any moment loses nothing that it acknowledged") {
  temp_directory directory;
  std::mt19937 random{2026};
  position acknowledged = 0;
  for (int round = 0; round < 20; ++round) {
    int pipes[2];
    REQUIRE(::pipe2(pipes, O_CLOEXEC) == 0);
    pid_t child = start_writer(directory.path(), pipes[1]);
    REQUIRE(child > 0);
    ::close(pipes[1]);
    // Killed after a number of reports, that is at any point of the append after them.
    auto reports = random() % 60;
    position at = 0;
    for (unsigned i = 0; i <= reports && ::read(pipes[0], &at, sizeof at) == sizeof at; ++i)
      acknowledged = at;
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    while (::read(pipes[0], &at, sizeof at) == sizeof at)
      acknowledged = at;
    ::close(pipes[0]);

    auto report = must(verify(*must(open_log(directory.url(), {.read_only = true}))));
    REQUIRE_FALSE(report.fault.has_value());
    CHECK(report.to >= acknowledged);
    // At most one block was written and not yet reported.
    CHECK(report.to <= acknowledged + 14);
    acknowledged = report.to;
  }
  CHECK(acknowledged > 100);
}
