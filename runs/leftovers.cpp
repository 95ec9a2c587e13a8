#include "runs/leftovers.hpp"

#include "runs/pidfd.hpp"
#include "runs/run_files.hpp"

#include <cctype>
#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <unistd.h>

namespace carillon::runs {
namespace {

// A command that forks while we kill is met again in the next round.
constexpr int rounds_max = 10;
constexpr std::size_t environment_bytes_max = 4 * 1024 * 1024;

bool holds_line(const std::string& environment, const std::string& line) {
  auto ended = line + '\0';
  for (auto at = environment.find(ended); at != std::string::npos; at = environment.find(ended, at + 1))
    if (at == 0 || environment[at - 1] == '\0')
      return true;
  return false;
}

bool belongs(int pid, int session, const std::string& job, const std::string& fence) {
  auto stat = read_process_stat(pid);
  if (!stat || stat->session != session)
    return false;
  auto path = "/proc/" + std::to_string(pid) + "/environ";
  auto environment = read_file(AT_FDCWD, path.c_str(), environment_bytes_max);
  return environment && holds_line(*environment, job) && holds_line(*environment, fence);
}

} // namespace

std::size_t kill_leftovers(int supervisor_pid, const job_id& job, std::uint64_t fence) {
  auto job_line = "CARILLON_JOB_ID=" + to_string(job);
  auto fence_line = "CARILLON_FENCE=" + std::to_string(fence);
  std::size_t killed = 0;
  for (int round = 0; round < rounds_max; ++round) {
    std::unique_ptr<DIR, int (*)(DIR*)> processes{::opendir("/proc"), &::closedir};
    if (!processes)
      return killed;
    std::size_t killed_before = killed;
    while (const dirent* entry = ::readdir(processes.get())) {
      if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0)
        continue;
      int pid = std::atoi(entry->d_name);
      // The descriptor is taken first: if the number changes hands after the check, it does not.
      int process = ::pidfd_open(pid, 0);
      if (process < 0)
        continue;
      if (belongs(pid, supervisor_pid, job_line, fence_line) &&
          ::pidfd_send_signal(process, SIGKILL, nullptr, 0) == 0)
        ++killed;
      ::close(process);
    }
    if (killed == killed_before)
      break;
  }
  return killed;
}

} // namespace carillon::runs
