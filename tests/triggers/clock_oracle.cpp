#include "triggers/clock_oracle.hpp"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace carillon::triggers::test {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t day = 86'400;

bool is_zone_file(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::string magic(4, ' ');
  return in.read(magic.data(), 4) && magic == "TZif";
}

} // namespace

std::vector<std::string> all_zones() {
  const fs::path root = "/usr/share/zoneinfo";
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator{root}) {
    const auto name = entry.path().lexically_relative(root).string();
    const bool is_other_form = name.rfind("posix", 0) == 0 || name.rfind("right", 0) == 0;
    if (entry.is_regular_file() && !is_other_form && name != "localtime" &&
        is_zone_file(entry.path()))
      out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void show_zone(const std::string& name) {
  setenv("TZ", (":" + name).c_str(), 1);
  tzset();
}

std::int64_t offset_at(std::int64_t utc) {
  const std::time_t t = utc;
  std::tm out{};
  localtime_r(&t, &out);
  return out.tm_gmtoff;
}

std::vector<clock_change> changes_between(std::int64_t begin, std::int64_t end) {
  std::vector<clock_change> out;
  auto offset = offset_at(begin);
  for (auto at = begin; at < end; at += day) {
    const auto later = std::min(at + day, end);
    const auto offset_later = offset_at(later);
    if (offset_later == offset)
      continue;
    auto low = at; // still the old offset
    auto high = later;
    while (high - low > 1)
      (offset_at(low + (high - low) / 2) == offset ? low : high) = low + (high - low) / 2;
    out.push_back({high, offset, offset_later});
    offset = offset_later;
  }
  return out;
}

clock_window::clock_window(const clock_change& change, std::int64_t radius)
    : begin_{change.at - radius} {
  for (auto at = begin_; at < change.at + radius; ++at)
    walls_.push_back(at + offset_at(at));
}

std::vector<showing> clock_window::showings(when_never never, when_twice twice,
                                            std::int64_t margin) const {
  const auto [lowest, highest] = std::minmax_element(walls_.begin(), walls_.end());
  const auto base = *lowest;
  struct times {
    int count = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  // For each wall-clock second: when it is shown.
  std::vector<times> shown(static_cast<std::size_t>(*highest - base) + 1);
  for (std::size_t i = 0; i < walls_.size(); ++i) {
    auto& one = shown[static_cast<std::size_t>(walls_[i] - base)];
    one.last = begin_ + static_cast<std::int64_t>(i);
    if (one.count++ == 0)
      one.first = one.last;
  }
  std::vector<showing> out;
  std::int64_t gap_begin = 0;  // the wall-clock second at which the present gap begins
  std::int64_t last_shown = 0; // the instant of the latest showing of what came before
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto wall = base + static_cast<std::int64_t>(i);
    const auto& [count, first, last] = shown[i];
    if (count != 0) {
      gap_begin = wall + 1;
      last_shown = last;
      if (count == 1 || twice != when_twice::second)
        out.push_back({first, wall});
      if (count > 1 && twice != when_twice::first)
        out.push_back({last, wall});
    } else if (never != when_never::skip) {
      const auto after_gap = last_shown + 1;
      out.push_back(
          {never == when_never::shift ? after_gap + (wall - gap_begin) : after_gap, wall});
    }
  }
  std::erase_if(out, [&](const showing& one) {
    return one.at < begin() + margin || one.at >= end() - margin;
  });
  return out;
}

} // namespace carillon::triggers::test
