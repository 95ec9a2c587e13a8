#include "runs/shim_child.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace carillon::runs {
namespace {

// Open files a command may have at first; it can raise this to the hard limit itself.
constexpr rlim_t open_files_soft = 1024;

enum class exec_stage : int { prepare = 1, directory = 2, program = 3 };

struct exec_failure {
  exec_stage stage;
  int code;
};

struct pipe_ends {
  int read = -1;
  int write = -1;
};

void close_if_open(int fd) {
  if (fd >= 0)
    ::close(fd);
}

// Everything the child needs, made before the fork so that it only makes system calls after it.
struct preparation {
  int input = -1;
  pipe_ends out, err, status;
  std::vector<char*> argv, envp;

  preparation() = default;
  preparation(const preparation&) = delete;
  preparation& operator=(const preparation&) = delete;
  ~preparation() {
    for (int fd : {input, out.read, out.write, err.read, err.write, status.read, status.write})
      close_if_open(fd);
  }
};

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

expected<void> check(const launch_order& order) {
  if (order.argv.empty())
    return refuse(errc::invalid_argument, "argv is empty, it must start with an absolute path",
                  "argv");
  if (order.argv.front().empty() || order.argv.front().front() != '/')
    return refuse(
        errc::invalid_argument,
        "program '" + order.argv.front() + "' is not an absolute path, there is no search", "argv");
  if (std::any_of(order.argv.begin(), order.argv.end(), has_nul))
    return refuse(errc::invalid_argument, "an argument holds a NUL byte", "argv");
  if (std::any_of(order.env.begin(), order.env.end(), has_nul))
    return refuse(errc::invalid_argument, "an environment variable holds a NUL byte", "env");
  if (has_nul(order.cwd))
    return refuse(errc::invalid_argument, "the working directory holds a NUL byte", "cwd");
  return {};
}

bool open_pipe(pipe_ends& ends) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0)
    return false;
  ends = {fds[0], fds[1]};
  return ::fcntl(ends.read, F_SETFL, O_NONBLOCK) == 0;
}

// Standard input is a sealed-off file in memory: never blocks, whatever the command reads of it.
bool open_input(int& fd, const std::string& text) {
  fd = ::memfd_create("carillon-stdin", MFD_CLOEXEC);
  if (fd < 0)
    return false;
  std::size_t done = 0;
  while (done < text.size()) {
    auto n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0)
      return false;
    done += static_cast<std::size_t>(n);
  }
  return ::lseek(fd, 0, SEEK_SET) == 0;
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const auto& s : strings)
    pointers.push_back(const_cast<char*>(s.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void limit_resources() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) == 0) {
    limit.rlim_cur = 0;
    ::setrlimit(RLIMIT_CORE, &limit);
  }
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = std::min(limit.rlim_max, open_files_soft);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

[[noreturn]] void give_up(int status, exec_stage stage) {
  exec_failure failure{stage, errno};
  [[maybe_unused]] auto n = ::write(status, &failure, sizeof failure);
  ::_exit(127);
}

[[noreturn]] void become_command(const preparation& ready, const launch_order& order, pid_t shim) {
  int status = ready.status.write;
  if (::setpgid(0, 0) != 0 || ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    give_up(status, exec_stage::prepare);
  if (::getppid() != shim) // it died before the signal was asked for
    ::_exit(127);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::dup2(ready.input, 0) < 0 ||
      ::dup2(ready.out.write, 1) < 0 || ::dup2(ready.err.write, 2) < 0)
    give_up(status, exec_stage::prepare);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  limit_resources();
  for (int number = 1; number < NSIG; ++number)
    std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!order.cwd.empty() && ::chdir(order.cwd.c_str()) != 0)
    give_up(status, exec_stage::directory);
  ::execve(ready.argv.front(), ready.argv.data(), ready.envp.data());
  give_up(status, exec_stage::program);
}

} // namespace

expected<shim_child> start_child(const launch_order& order) {
  if (auto ok = check(order); !ok)
    return unexpected<error>{std::move(ok).error()};
  preparation ready;
  if (!open_pipe(ready.out) || !open_pipe(ready.err) || !open_pipe(ready.status) ||
      !open_input(ready.input, order.stdin_text))
    return refuse_errno("preparing the pipes of a command");
  ready.argv = pointers_to(order.argv);
  ready.envp = pointers_to(order.env);
  pid_t shim = ::getpid();
  pid_t pid = ::fork();
  if (pid < 0)
    return refuse_errno("starting a process");
  if (pid == 0)
    become_command(ready, order, shim);
  ::setpgid(pid, pid); // whoever comes first; fails harmlessly after the child's exec
  return shim_child{pid, std::exchange(ready.out.read, -1), std::exchange(ready.err.read, -1),
                    std::exchange(ready.status.read, -1)};
}

std::string exec_failure_of(const shim_child& child, const launch_order& order) {
  exec_failure failure{};
  if (::read(child.status, &failure, sizeof failure) != static_cast<ssize_t>(sizeof failure))
    return {};
  std::string reason = std::strerror(failure.code);
  switch (failure.stage) {
  case exec_stage::directory: return "working directory '" + order.cwd + "': " + reason;
  case exec_stage::program: return "program '" + order.argv.front() + "': " + reason;
  case exec_stage::prepare: break;
  }
  return "preparing the process: " + reason;
}

} // namespace carillon::runs
