#include "values/crash_point.hpp"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>

namespace carillon {
namespace {

struct armed_point {
  std::string name;
  std::atomic<unsigned> hits_left = 0;
};

armed_point& point() {
  static armed_point instance;
  return instance;
}

bool arm_from_environment() {
  const char* text = std::getenv("CARILLON_CRASH_POINT");
  if (text != nullptr)
    arm_crash_point(text);
  return point().hits_left > 0;
}

} // namespace

namespace detail {

bool crash_point_armed = arm_from_environment();

void crash_point_hit(const char* name) {
  auto& target = point();
  if (target.name == name && target.hits_left.fetch_sub(1) == 1)
    std::raise(SIGKILL);
}

} // namespace detail

void arm_crash_point(std::string_view text) {
  auto& target = point();
  unsigned hit = 1;
  auto colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    auto count = text.substr(colon + 1);
    auto [end, code] = std::from_chars(count.data(), count.data() + count.size(), hit);
    if (code != std::errc{} || end != count.data() + count.size() || hit == 0)
      hit = 1; // not a count: the colon belongs to the name
    else
      text = text.substr(0, colon);
  }
  target.name = text;
  target.hits_left = text.empty() ? 0 : hit;
  detail::crash_point_armed = !text.empty();
}

} // namespace carillon
