#include "runs/process_runner.hpp"

#include "runs/pidfd.hpp"
#include "runs/run_directory.hpp"
#include "runs/spawn_supervisor.hpp"
#include "runs/supervisor_path.hpp"
#include "values/crash_point.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>
#include <mutex>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace carillon::runs {
namespace {

// How often the lock of a supervisor is looked at whose process we could not get hold of.
constexpr int poll_ms = 150;

// One run whose outcome is still to come.
struct watched_run {
  run_key key;
  bool is_spawned = false;        // its supervisor exists, or has existed
  pid_t child = -1;               // the supervisor, if it is our child
  unique_fd process;              // in the epoll set; empty = its lock is polled
  std::optional<duration> cancel; // asked for; the shortest grace
};

void send_cancel(const run_directories& directories, const watched_run& run) {
  // Without the file the supervisor uses the grace of the spec: better than not to cancel.
  [[maybe_unused]] auto written = directories.write_cancel(run.key, *run.cancel);
  ::pidfd_send_signal(run.process.get(), SIGTERM, nullptr, 0);
}

} // namespace

struct process_runner::state {
  state(run_directories d, std::filesystem::path program, on_done done)
      : directories{std::move(d)}, supervisor{std::move(program)}, done{std::move(done)} {}

  ~state() {
    stopping = true;
    wake();
    if (thread.joinable())
      thread.join();
  }

  expected<void> start_thread();
  void wake() const;
  bool watch(watched_run& run);
  void loop();
  void look_at_polled();
  void finish(watched_run& run);

  run_directories directories;
  std::filesystem::path supervisor;
  on_done done;
  std::string supervisor_crash_point;
  unique_fd events; // epoll: pidfds carry their watched_run, `waker` a null pointer
  unique_fd waker;
  std::atomic<bool> stopping = false;
  mutable std::mutex mutex; // guards `runs`; entries are erased by `thread` only, once spawned
  std::map<run_key, watched_run> runs;
  std::thread thread;
};

expected<void> process_runner::state::start_thread() {
  events = unique_fd{::epoll_create1(EPOLL_CLOEXEC)};
  waker = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  epoll_event event{};
  event.events = EPOLLIN;
  if (!events || !waker || ::epoll_ctl(events.get(), EPOLL_CTL_ADD, waker.get(), &event) != 0)
    return refuse_errno("preparing to wait for runs");
  // The program's signals are for its other threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread = std::thread{[this] { loop(); }};
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return {};
}

void process_runner::state::wake() const {
  std::uint64_t one = 1;
  [[maybe_unused]] auto n = ::write(waker.get(), &one, sizeof one);
}

// With the mutex held. False: the run has to be polled.
bool process_runner::state::watch(watched_run& run) {
  if (!run.process)
    return false;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &run;
  if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, run.process.get(), &event) != 0) {
    run.process = unique_fd{};
    return false;
  }
  if (run.cancel)
    send_cancel(directories, run);
  return true;
}

void process_runner::state::loop() {
  bool is_polling = false;
  while (!stopping) {
    std::array<epoll_event, 64> ready;
    int n = ::epoll_wait(events.get(), ready.data(), static_cast<int>(ready.size()),
                         is_polling ? poll_ms : -1);
    for (int i = 0; i < n && !stopping; ++i) {
      if (ready[i].data.ptr != nullptr) {
        finish(*static_cast<watched_run*>(ready[i].data.ptr));
      } else {
        std::uint64_t count = 0;
        [[maybe_unused]] auto got = ::read(waker.get(), &count, sizeof count);
        is_polling = true;
      }
    }
    if (is_polling && !stopping) {
      look_at_polled();
      std::lock_guard lock{mutex};
      is_polling = std::any_of(runs.begin(), runs.end(), [](const auto& entry) {
        return entry.second.is_spawned && !entry.second.process;
      });
    }
  }
}

void process_runner::state::look_at_polled() {
  std::vector<watched_run*> polled;
  {
    std::lock_guard lock{mutex};
    for (auto& [key, run] : runs)
      if (run.is_spawned && !run.process)
        polled.push_back(&run);
  }
  for (auto* run : polled) {
    if (stopping)
      return;
    if (!directories.is_locked(run->key)) {
      finish(*run);
      continue;
    }
    auto process = directories.open_supervisor(run->key);
    std::lock_guard lock{mutex};
    run->process = std::move(process);
    watch(*run);
  }
}

void process_runner::state::finish(watched_run& run) {
  crash_point("run.before_reap");
  auto outcome = directories.collect(run.key);
  {
    std::lock_guard lock{mutex};
    if (run.child > 0)
      ::waitpid(run.child, nullptr, 0);
    // Closing is not enough: a process being spawned right now may hold a copy until its exec.
    if (run.process)
      ::epoll_ctl(events.get(), EPOLL_CTL_DEL, run.process.get(), nullptr);
    runs.erase(runs.find(run.key));
  }
  crash_point("run.after_reap");
  done(std::move(outcome));
}

process_runner::process_runner(std::unique_ptr<state> s) : state_{std::move(s)} {}
process_runner::~process_runner() = default;

expected<std::unique_ptr<process_runner>> process_runner::open(runner_options options,
                                                               on_done done) {
  auto program = find_supervisor(options.supervisor);
  if (!program)
    return unexpected<error>{std::move(program).error()};
  auto directories = run_directories::open(options.directory);
  if (!directories)
    return unexpected<error>{std::move(directories).error()};
  auto s = std::make_unique<state>(std::move(*directories), std::move(*program), std::move(done));
  if (const char* point = std::getenv("CARILLON_SHIM_CRASH_POINT"))
    s->supervisor_crash_point = point;
  if (auto started = s->start_thread(); !started)
    return unexpected<error>{std::move(started).error()};
  return std::unique_ptr<process_runner>{new process_runner{std::move(s)}};
}

expected<void> process_runner::start(const run_spec& spec) {
  auto& s = *state_;
  run_key key{spec.job, spec.fence};
  watched_run* run = nullptr;
  {
    std::lock_guard lock{s.mutex};
    auto [at, is_new] = s.runs.try_emplace(key);
    if (!is_new)
      return refuse(errc::conflict, "run " + name_of(key) + " was started before");
    run = &at->second;
    run->key = key;
  }
  auto give_up = [&](error e) -> expected<void> {
    std::lock_guard lock{s.mutex};
    s.runs.erase(key);
    return unexpected<error>{std::move(e)};
  };
  auto held = s.directories.create(key, spec);
  if (!held)
    return give_up(std::move(held).error());
  crash_point("run.before_spawn");
  auto pid = spawn_supervisor(
      {s.supervisor, s.directories.path_of(key), held->get(), s.supervisor_crash_point});
  if (!pid) {
    s.directories.remove(key);
    return give_up(std::move(pid).error());
  }
  crash_point("run.after_spawn");
  *held = unique_fd{}; // from here on the supervisor alone holds the lock
  std::lock_guard lock{s.mutex};
  run->child = *pid;
  run->process = unique_fd{::pidfd_open(*pid, 0)};
  run->is_spawned = true;
  if (!s.watch(*run))
    s.wake();
  return {};
}

void process_runner::cancel(const job_id& job, std::uint64_t fence, duration grace) {
  auto& s = *state_;
  std::lock_guard lock{s.mutex};
  auto at = s.runs.find(run_key{job, fence});
  if (at == s.runs.end())
    return;
  auto& run = at->second;
  run.cancel = run.cancel ? std::min(*run.cancel, grace) : grace;
  if (run.process)
    send_cancel(s.directories, run);
}

std::vector<found_run> process_runner::adopt() {
  auto& s = *state_;
  std::vector<found_run> found;
  for (const auto& key : s.directories.list()) {
    bool is_alive = s.directories.is_locked(key);
    auto process = is_alive ? s.directories.open_supervisor(key) : unique_fd{};
    std::lock_guard lock{s.mutex};
    auto [at, is_new] = s.runs.try_emplace(key);
    if (!is_new)
      continue; // ours already
    auto& run = at->second;
    run.key = key;
    run.process = std::move(process);
    run.is_spawned = true;
    s.watch(run); // otherwise the thread looks at its lock, and collects it if that is free
    found.push_back({key.job, key.fence, is_alive});
  }
  s.wake();
  return found;
}

void process_runner::forget(const job_id& job, std::uint64_t fence) {
  run_key key{job, fence};
  {
    std::lock_guard lock{state_->mutex};
    if (state_->runs.contains(key))
      return;
  }
  state_->directories.remove(key);
}

std::size_t process_runner::alive() const {
  std::lock_guard lock{state_->mutex};
  return state_->runs.size();
}

} // namespace carillon::runs
