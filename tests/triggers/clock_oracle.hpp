#pragma once

// Clocks as the C library shows them: nothing here comes from the code under test.

#include <cstdint>
#include <string>
#include <vector>

namespace carillon::triggers::test {

/// An instant at which a clock jumps.
struct clock_change {
  std::int64_t at = 0;            ///< UTC second; the first one after the jump.
  std::int64_t offset_before = 0; ///< Wall clock minus UTC, in seconds.
  std::int64_t offset = 0;
  auto operator<=>(const clock_change&) const = default;
};

/// Every zone of the system's table, by name.
std::vector<std::string> all_zones();

/// Makes `localtime_r` show that zone from now on, in the whole process.
void show_zone(const std::string& name);

/// The wall clock minus UTC of the zone shown, by `localtime_r`.
std::int64_t offset_at(std::int64_t utc);

/// The jumps of the zone shown, from one UTC second to another. Looks once a day, so two jumps
/// within a day that cancel each other are missed.
std::vector<clock_change> changes_between(std::int64_t begin, std::int64_t end);

/// Which wall-clock time makes which instant fire, under one policy.
struct showing {
  std::int64_t at = 0;   ///< UTC second.
  std::int64_t wall = 0; ///< Wall-clock second.
};

/// What is done with wall-clock times that never come, and with those that come twice.
enum class when_never { skip, next_valid, shift };
enum class when_twice { both, first, second };

/// A clock around one of its changes, second by second.
class clock_window {
public:
  /// `radius` seconds to both sides of `change`, read from the zone shown.
  clock_window(const clock_change& change, std::int64_t radius);

  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return begin_ + static_cast<std::int64_t>(walls_.size()); }

  /// Sorted by wall clock, then by instant. Seconds nearer than `margin` to the window's ends are
  /// left out, because what they show may be shown again outside.
  std::vector<showing> showings(when_never never, when_twice twice, std::int64_t margin) const;

private:
  std::int64_t begin_;
  std::vector<std::int64_t> walls_; // what the clock shows at begin_ + index
};

} // namespace carillon::triggers::test
