// Preloaded into a daemon, it makes its wall clock wrong by CARILLON_TEST_CLOCK_US microseconds.
// Clocks that count since boot stay as they are.

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <sys/time.h>
#include <sys/timerfd.h>

namespace {

constexpr int files_max = 4096;
std::atomic<bool> is_wall_timer[files_max];

std::int64_t offset_us() {
  static const char* text = std::getenv("CARILLON_TEST_CLOCK_US");
  static const std::int64_t offset = text == nullptr ? 0 : std::atoll(text);
  return offset;
}

void shift(timespec& t, std::int64_t us) {
  constexpr std::int64_t second = 1'000'000'000;
  const auto nanoseconds = t.tv_nsec + us % 1'000'000 * 1'000;
  t.tv_sec += us / 1'000'000 + nanoseconds / second - (nanoseconds % second < 0 ? 1 : 0);
  t.tv_nsec = (nanoseconds % second + second) % second;
}

template <class Function> Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

int clock_gettime(clockid_t id, timespec* t) noexcept {
  static const auto real = next<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = real(id, t);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
    shift(*t, offset_us());
  return result;
}

int gettimeofday(timeval* t, void*) noexcept {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  *t = {now.tv_sec, now.tv_nsec / 1'000};
  return result;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr)
    *out = now.tv_sec;
  return now.tv_sec;
}

int timerfd_create(int clock, int flags) noexcept {
  static const auto real = next<int (*)(int, int)>("timerfd_create");
  const int file = real(clock, flags);
  if (file >= 0 && file < files_max)
    is_wall_timer[file] = clock == CLOCK_REALTIME;
  return file;
}

int timerfd_settime(int file, int flags, const itimerspec* wanted, itimerspec* old) noexcept {
  static const auto real =
      next<int (*)(int, int, const itimerspec*, itimerspec*)>("timerfd_settime");
  auto shifted = *wanted;
  const bool is_armed = wanted->it_value.tv_sec != 0 || wanted->it_value.tv_nsec != 0;
  if (is_armed && (flags & TFD_TIMER_ABSTIME) != 0 && file < files_max && is_wall_timer[file])
    shift(shifted.it_value, -offset_us());
  return real(file, flags, &shifted, old);
}

} // extern "C"
