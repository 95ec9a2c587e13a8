#include "runs/shim_run.hpp"

#include "runs/lease_file.hpp"
#include "runs/output_tail.hpp"
#include "runs/shim_child.hpp"
#include "values/crash_point.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::runs {
namespace {

using namespace std::chrono_literals;

// How long the pipes may stay open after the command itself has ended.
constexpr duration drain_max = 1s;
// Longest grace and timeout that are counted; longer ones are this long (about 292 years would
// overflow).
constexpr duration span_max = std::chrono::hours{24 * 365 * 100};
constexpr std::size_t read_bytes = 64 * 1024;
// A run whose lease is over ends within two seconds: others count on it (cluster/succession.hpp).
constexpr duration lease_kill_grace_max = 2s;
constexpr int escaped_rounds_max = 100;

time_point wall_now() {
  return std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
}

class supervision {
public:
  supervision(const launch_order& order, int directory)
      : order_{order}, directory_{directory}, output_{order.output_bytes_max} {}

  run_report run() {
    run_report report;
    if (!open_descriptors()) {
      report.error = "preparing the supervisor: " + std::string{std::strerror(errno)};
      report.started_at = report.finished_at = wall_now();
      return report;
    }
    crash_point("shim.before_exec");
    report.started_at = wall_now();
    auto child = start_child(order_);
    if (!child) {
      report.error = std::move(child).error().message;
      report.finished_at = wall_now();
      return report;
    }
    child_ = *child;
    if (order_.timeout)
      timeout_at_ = boot_now() + std::clamp(*order_.timeout, duration{0}, span_max);
    if (!order_.lease.empty()) {
      lease_ends_at_ = boot_now() + lease_grace(); // if the file can never be read
      read_lease();
    }
    while (!is_over())
      step();
    finish(report);
    return report;
  }

private:
  bool open_descriptors() {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGCHLD);
    signals_ = ::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    timer_ = ::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    return signals_ >= 0 && timer_ >= 0;
  }

  duration lease_grace() const {
    return std::clamp(order_.disconnect_grace, duration{0}, span_max);
  }

  // What cannot be read changes nothing: the last deadline that was seen holds.
  void read_lease() {
    if (auto deadline = lease_file::read(order_.lease))
      lease_ends_at_ = std::min(*deadline, span_max) + lease_grace();
  }

  bool is_over() const {
    if (!drain_until_)
      return false;
    return (child_.out < 0 && child_.err < 0) || boot_now() >= *drain_until_;
  }

  // Waits for the next thing to happen and handles it.
  void step() {
    arm_timer();
    std::array<pollfd, 4> fds{{{signals_, POLLIN, 0},
                               {timer_, POLLIN, 0},
                               {child_.out, POLLIN, 0},
                               {child_.err, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0)
      return;
    if (fds[2].revents != 0)
      read_from(child_.out, true);
    if (fds[3].revents != 0)
      read_from(child_.err, false);
    if (fds[1].revents != 0) {
      std::uint64_t expirations = 0;
      [[maybe_unused]] auto n = ::read(timer_, &expirations, sizeof expirations);
    }
    if (fds[0].revents != 0)
      on_signals();
    on_time();
  }

  void arm_timer() {
    itimerspec spec{}; // all zero disarms
    std::optional<duration> next;
    if (drain_until_)
      next = drain_until_;
    else if (kill_at_ && !killed_)
      next = kill_at_;
    else if (!kill_at_) {
      next = timeout_at_;
      if (lease_ends_at_ && (!next || *lease_ends_at_ < *next))
        next = lease_ends_at_;
    }
    if (next) {
      auto at = std::max(*next, duration{1});
      spec.it_value.tv_sec = static_cast<time_t>(at / 1s);
      spec.it_value.tv_nsec = static_cast<long>((at % 1s).count() * 1000);
    }
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  void read_from(int& fd, bool is_stdout) {
    std::array<char, read_bytes> bytes;
    auto n = ::read(fd, bytes.data(), bytes.size());
    if (n > 0)
      output_.add({bytes.data(), static_cast<std::size_t>(n)}, is_stdout);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      ::close(fd);
      fd = -1;
    }
  }

  void on_signals() {
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      if (info.ssi_signo == SIGTERM)
        on_cancel();
    look_for_ended();
  }

  void on_cancel() {
    duration grace = order_.kill_grace;
    if (auto text = read_file(directory_, cancel_file, 64)) {
      std::int64_t count = 0;
      auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), count);
      if (code == std::errc{} && end != text->data())
        grace = duration{count};
    }
    stop(run_ending::cancelled, grace);
  }

  // Asks the group to end, and sets when it is made to. A second request may only shorten the wait.
  void stop(run_ending reason, duration grace) {
    look_for_ended();
    if (drain_until_)
      return; // it was faster
    auto at = boot_now() + std::clamp(grace, duration{0}, span_max);
    if (kill_at_) {
      kill_at_ = std::min(*kill_at_, at);
      return;
    }
    reason_ = reason;
    kill_at_ = at;
    if (::kill(-child_.pid, SIGTERM) != 0)
      ::kill(child_.pid, SIGTERM); // it has not made its group yet, or has left it
    ::kill(-child_.pid, SIGCONT);  // a stopped process would not see it
  }

  void on_time() {
    if (drain_until_)
      return;
    auto now = boot_now();
    if (!kill_at_ && timeout_at_ && now >= *timeout_at_)
      stop(run_ending::timed_out, order_.kill_grace);
    if (!kill_at_ && lease_ends_at_ && now >= *lease_ends_at_) {
      read_lease(); // each renewal moves it, so it is looked at only when it seems over
      if (now >= *lease_ends_at_)
        stop(run_ending::lease_lost, std::min(order_.kill_grace, lease_kill_grace_max));
    }
    if (kill_at_ && !killed_ && now >= *kill_at_) {
      ::kill(-child_.pid, SIGKILL);
      ::kill(child_.pid, SIGKILL);
      killed_ = true;
    }
  }

  // Reaps orphans that came to us; leaves the command itself unreaped, so that the id of its group
  // cannot be given to anyone else while we may still signal it.
  void look_for_ended() {
    while (!drain_until_) {
      siginfo_t info{};
      if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
        return;
      if (info.si_pid == child_.pid) {
        drain_until_ = boot_now() + drain_max;
        finished_at_ = wall_now();
      } else {
        ::waitpid(info.si_pid, nullptr, 0);
      }
    }
  }

  void finish(run_report& report) {
    ::kill(-child_.pid, SIGKILL); // what it left behind in its group
    if (reason_)
      kill_escaped();
    for (int* fd : {&child_.out, &child_.err})
      if (*fd >= 0)
        read_from(*fd, fd == &child_.out);
    int status = 0;
    ::waitpid(child_.pid, &status, 0);
    report.finished_at = std::max(finished_at_, report.started_at);
    report.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    report.output_bytes_total = output_.total();
    report.output = output_.take_tail();
    report.stdout_text = output_.take_stdout();
    describe(report, status);
  }

  void describe(run_report& report, int status) {
    auto by_signal = WIFSIGNALED(status)
                         ? std::string{", signal "} + std::to_string(WTERMSIG(status))
                         : ", exit status " + std::to_string(WEXITSTATUS(status));
    report.error = exec_failure_of(child_, order_);
    if (!report.error.empty()) {
      report.ending = run_ending::not_started;
    } else if (reason_ == run_ending::timed_out) {
      report.ending = run_ending::timed_out;
      report.error = "ran longer than " + std::to_string(order_.timeout.value_or(0s) / 1ms) +
                     " ms" + by_signal;
    } else if (reason_ == run_ending::cancelled) {
      report.ending = run_ending::cancelled;
      report.error = "cancelled" + by_signal;
    } else if (reason_ == run_ending::lease_lost) {
      report.ending = run_ending::lease_lost;
      report.error = "the node's lease was not renewed within the grace of " +
                     std::to_string(lease_grace() / 1ms) + " ms" + by_signal;
    } else if (WIFEXITED(status)) {
      report.ending = run_ending::exited;
      if (WEXITSTATUS(status) != 0)
        report.error = "exit status " + std::to_string(WEXITSTATUS(status));
    } else {
      report.ending = run_ending::signalled;
      report.error = "ended by signal " + std::to_string(WTERMSIG(status)) + " (" +
                     ::strsignal(WTERMSIG(status)) + ")";
    }
  }

  // Kills descendants that left the group: they are ours once their parents are gone. Only where
  // the run was to be stopped; a command that ends by itself may leave a daemon behind, as under
  // cron.
  void kill_escaped() {
    for (int round = 0; round < escaped_rounds_max; ++round) {
      auto path = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
      auto text = read_file(directory_, path.c_str(), 1024 * 1024);
      bool found = false;
      for (const char* at = text ? text->c_str() : ""; *at != '\0';) {
        char* end = nullptr;
        auto pid = static_cast<pid_t>(std::strtol(at, &end, 10));
        if (end == at)
          break;
        at = *end == '\0' ? end : end + 1;
        if (pid == child_.pid)
          continue;
        ::kill(pid, SIGKILL);
        found |= ::waitpid(pid, nullptr, WNOHANG) != pid;
      }
      if (!found && round > 0)
        return;
      ::poll(nullptr, 0, found ? 10 : 0);
    }
  }

  const launch_order& order_;
  int directory_;
  int signals_ = -1;
  int timer_ = -1;
  shim_child child_;
  output_tail output_;
  std::optional<duration> timeout_at_;    // since boot, as the next three
  std::optional<duration> lease_ends_at_; // grace included
  std::optional<duration> kill_at_;
  std::optional<duration> drain_until_; // set: the command itself has ended
  std::optional<run_ending> reason_;    // why we ended it, if we did
  time_point finished_at_{};
  bool killed_ = false;
};

} // namespace

run_report supervise(const launch_order& order, int directory) {
  return supervision{order, directory}.run();
}

} // namespace carillon::runs
