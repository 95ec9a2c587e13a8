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
  for (auto at = environment.find(ended); at != std::string::npos;
       at = environment.find(ended, at + 1))
    if (at == 0 || environment[at - 1] == '\0')
      return true;
  return false;
}

bool belongs(int pid, const std::string& job, const std::string& fence) {
  auto path = "/proc/" + std::to_string(pid) + "/environ";
  auto environment = read_file(AT_FDCWD, path.c_str(), environment_bytes_max);
  return environment && holds_line(*environment, job) && holds_line(*environment, fence);
}

bool kill_if_belongs(int pid, const std::string& job, const std::string& fence) {
  if (pid == ::getpid() || !belongs(pid, job, fence))
    return false;
  // Checked again with the descriptor in hand: a number changes hands, a descriptor does not.
  int process = ::pidfd_open(pid, 0);
  if (process < 0)
    return false;
  bool killed = belongs(pid, job, fence) && ::pidfd_send_signal(process, SIGKILL, nullptr, 0) == 0;
  ::close(process);
  return killed;
}

} // namespace

std::size_t kill_leftovers(const job_id& job, std::uint64_t fence) {
  auto job_line = "CARILLON_JOB_ID=" + to_string(job);
  auto fence_line = "CARILLON_FENCE=" + std::to_string(fence);
  std::size_t killed = 0;
  for (int round = 0; round < rounds_max; ++round) {
    std::unique_ptr<DIR, int (*)(DIR*)> processes{::opendir("/proc"), &::closedir};
    std::size_t killed_before = killed;
    while (const dirent* entry = processes ? ::readdir(processes.get()) : nullptr)
      if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) != 0 &&
          kill_if_belongs(std::atoi(entry->d_name), job_line, fence_line))
        ++killed;
    if (killed == killed_before)
      break;
  }
  return killed;
}

} // namespace carillon::runs
