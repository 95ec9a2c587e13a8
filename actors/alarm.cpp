#include "actors/alarm.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

namespace carillon::actors {
namespace {

using std::chrono::duration_cast;

/// A jump below this is the clock being slewed, not set.
constexpr duration step_min = std::chrono::seconds{1};

duration read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::chrono::seconds{t.tv_sec} +
         duration_cast<duration>(std::chrono::nanoseconds{t.tv_nsec});
}

/// What the wall clock is ahead of a clock that nobody can set and that counts suspended time.
duration wall_offset() { return read_clock(CLOCK_REALTIME) - read_clock(CLOCK_BOOTTIME); }

class timerfd_alarm final : public alarm {
public:
  explicit timerfd_alarm(std::function<void(std::int64_t)> ring) : ring_{std::move(ring)} {
    timer_ = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    stop_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    poll_ = epoll_create1(EPOLL_CLOEXEC);
    for (const int fd : {timer_, stop_}) {
      epoll_event interest{};
      interest.events = EPOLLIN;
      interest.data.fd = fd;
      if (fd >= 0 && poll_ >= 0)
        epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &interest);
    }
  }

  ~timerfd_alarm() override {
    if (thread_.joinable()) {
      const std::uint64_t one = 1;
      (void)!write(stop_, &one, sizeof one);
      thread_.join();
    }
    for (const int fd : {timer_, stop_, poll_})
      if (fd >= 0)
        close(fd);
  }

  bool is_open() const { return timer_ >= 0 && stop_ >= 0 && poll_ >= 0; }

  void begin() {
    thread_ = std::thread{[this] { wait(); }};
    pthread_setname_np(thread_.native_handle(), "carillon-alarm");
  }

  void set(std::optional<time_point> when) override {
    itimerspec spec{};
    if (when) {
      const auto since = when->time_since_epoch();
      const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
      spec.it_value.tv_sec = seconds.count();
      spec.it_value.tv_nsec = duration_cast<std::chrono::nanoseconds>(since - seconds).count();
      if (spec.it_value.tv_sec < 0 || (spec.it_value.tv_sec == 0 && spec.it_value.tv_nsec == 0))
        spec.it_value = {0, 1}; // the past; zero would disarm
    } else {
      spec.it_value.tv_sec = far_future; // armed all the same: a set clock is noticed
    }
    sets_.fetch_add(1, std::memory_order_release);
    timerfd_settime(timer_, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, nullptr);
  }

private:
  static constexpr time_t far_future = 253'402'300'799; // end of the year 9999

  void wait() {
    auto offset = wall_offset();
    for (;;) {
      epoll_event event{};
      if (epoll_wait(poll_, &event, 1, -1) != 1)
        continue;
      if (event.data.fd == stop_)
        return;
      std::uint64_t expirations = 0;
      const bool was_set = read(timer_, &expirations, sizeof expirations) < 0 && errno == ECANCELED;
      std::int64_t step = 0;
      if (was_set) {
        const auto now = wall_offset();
        if (std::chrono::abs(now - offset) >= step_min)
          step = (now - offset).count();
        offset = now;
      }
      (void)sets_.load(std::memory_order_acquire);
      ring_(step);
    }
  }

  std::function<void(std::int64_t)> ring_;
  /// Whoever rings sees what `set` was called after: the kernel's word for that is not C++'s.
  std::atomic<std::uint64_t> sets_ = 0;
  int timer_ = -1;
  int stop_ = -1;
  int poll_ = -1;
  std::thread thread_;
};

} // namespace

expected<std::unique_ptr<alarm>> alarm::make(std::function<void(std::int64_t)> ring) {
  auto made = std::make_unique<timerfd_alarm>(std::move(ring));
  if (!made->is_open())
    return refuse(errc::unavailable, std::string{"no timerfd: "} + std::strerror(errno));
  made->begin();
  return std::unique_ptr<alarm>{std::move(made)};
}

} // namespace carillon::actors
