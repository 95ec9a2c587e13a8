#include "runs/lease_file.hpp"

#include "runs/fields.hpp"

#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <string>

namespace carillon::runs {
namespace {

constexpr std::size_t lease_bytes_max = 256;

// One line, its end included.
expected<std::string> boot_id() {
  return read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", lease_bytes_max);
}

} // namespace

duration boot_now() {
  timespec t{};
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return std::chrono::seconds{t.tv_sec} + duration{t.tv_nsec / 1000};
}

expected<void> lease_file::write(const std::filesystem::path& path, duration deadline) {
  auto boot = boot_id();
  if (!boot)
    return unexpected<error>{std::move(boot).error()};
  auto fresh = path.string() + ".new";
  auto text = *boot + std::to_string(deadline.count()) + "\n";
  if (auto done = write_file(AT_FDCWD, fresh.c_str(), text); !done)
    return done;
  if (std::rename(fresh.c_str(), path.c_str()) != 0)
    return refuse_errno("replacing the lease file '" + path.string() + "'");
  return {};
}

expected<duration> lease_file::read(const std::filesystem::path& path) {
  auto text = read_file(AT_FDCWD, path.c_str(), lease_bytes_max);
  if (!text)
    return unexpected<error>{std::move(text).error()};
  auto boot = boot_id();
  if (!boot)
    return unexpected<error>{std::move(boot).error()};
  if (text->compare(0, boot->size(), *boot) != 0)
    return refuse(errc::corrupt, "the lease file is of another boot");
  std::int64_t count = 0;
  char line_end = 0;
  if (std::sscanf(text->c_str() + boot->size(), "%" SCNd64 "%c", &count, &line_end) != 2 ||
      line_end != '\n' || count < 0)
    return refuse(errc::corrupt, "the lease file holds no deadline");
  return duration{count};
}

} // namespace carillon::runs
