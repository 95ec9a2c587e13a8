#include "runs/spawn_supervisor.hpp"

#include "runs/run_files.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>

namespace carillon::runs {
namespace {

struct file_actions {
  posix_spawn_file_actions_t value{};
  file_actions() { ::posix_spawn_file_actions_init(&value); }
  ~file_actions() { ::posix_spawn_file_actions_destroy(&value); }
  file_actions(const file_actions&) = delete;
  file_actions& operator=(const file_actions&) = delete;
};

struct attributes {
  posix_spawnattr_t value{};
  attributes() { ::posix_spawnattr_init(&value); }
  ~attributes() { ::posix_spawnattr_destroy(&value); }
  attributes(const attributes&) = delete;
  attributes& operator=(const attributes&) = delete;
};

} // namespace

expected<pid_t> spawn_supervisor(const supervisor_start& start) {
  file_actions actions;
  // First of all, as the lock may sit on one of 0, 1 and 2.
  ::posix_spawn_file_actions_adddup2(&actions.value, start.lock, lock_descriptor);
  ::posix_spawn_file_actions_addopen(&actions.value, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions.value, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions.value, 1, 2);
  attributes how;
  // A SIGTERM that comes before the supervisor can handle it has to wait for it.
  sigset_t all;
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&how.value, &all);
  ::posix_spawnattr_setsigdefault(&how.value, &all);
  ::posix_spawnattr_setflags(&how.value,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string program = start.program.string();
  std::string directory = start.run_directory.string();
  std::string crash_point = "CARILLON_CRASH_POINT=" + start.crash_point;
  char* argv[] = {program.data(), directory.data(), nullptr};
  char* envp[] = {start.crash_point.empty() ? nullptr : crash_point.data(), nullptr};
  pid_t pid = -1;
  int code = ::posix_spawn(&pid, program.c_str(), &actions.value, &how.value, argv, envp);
  if (code != 0)
    return refuse(errc::internal, "starting supervisor '" + program + "': " + std::strerror(code));
  return pid;
}

} // namespace carillon::runs
