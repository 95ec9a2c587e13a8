// The supervisor of one run: started by the daemon as `carillon_supervisor RUN_DIRECTORY`, with the
// locked lock file on descriptor 3 and all signals blocked. It outlives the daemon. See
// run_files.hpp.

#include "runs/run_files.hpp"
#include "runs/shim_run.hpp"
#include "values/crash_point.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace carillon;
using namespace carillon::runs;

constexpr std::size_t spec_bytes_max = 16 * 1024 * 1024;
constexpr int spool_tries_max = 60;
constexpr int spool_pause_ms = 1000;

constexpr int exit_usage = 64;
constexpr int exit_no_directory = 66;
constexpr int exit_not_spooled = 74;

void settle_process() {
  ::close_range(lock_descriptor + 1, ~0U, 0);
  ::umask(077);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  ::prctl(PR_SET_NAME, "carillon-run", 0, 0, 0);
  for (int number : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE})
    std::signal(number, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

void write_pid(int directory) {
  auto start_ticks = start_ticks_of(::getpid());
  supervisor_id self{::getpid(), start_ticks.value_or(0)};
  // Without it a restarted daemon watches the lock instead, so there is nothing to do about an
  // error.
  [[maybe_unused]] auto done = write_file(directory, pid_file, encode(self));
}

run_report run_from(int directory) {
  auto text = read_file(directory, spec_file, spec_bytes_max);
  auto order = text ? decode_order(*text) : expected<launch_order>{unexpected{text.error()}};
  if (order)
    return supervise(*order, directory);
  run_report report;
  report.started_at = report.finished_at =
      std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
  report.error = order.error().message;
  return report;
}

// An outcome that is not on disk makes the job run again, so a full disk gets time and fewer bytes.
bool spool(int directory, run_report report) {
  for (int tries = 0; tries < spool_tries_max; ++tries) {
    if (write_file_durably(directory, outcome_file, encode(report)))
      return true;
    report.output.clear();
    if (tries > 0)
      ::poll(nullptr, 0, spool_pause_ms);
  }
  return false;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2 || ::fcntl(lock_descriptor, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("carillon_supervisor is started by the carillon daemon only\n", stderr);
    return exit_usage;
  }
  settle_process();
  int directory = ::open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return exit_no_directory;
  write_pid(directory);
  auto report = run_from(directory);
  crash_point("shim.before_spool");
  if (!spool(directory, std::move(report)))
    return exit_not_spooled;
  crash_point("shim.after_spool");
  return 0;
}
