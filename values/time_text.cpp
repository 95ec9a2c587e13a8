#include "carillon/time.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace carillon {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::sys_days;

class system_wall_clock final : public clock {
public:
  time_point now() const override {
    return std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
  }
};

struct unit {
  std::string_view name;
  std::int64_t microseconds;
};

// Largest first: `to_string` walks down, `parse_duration` looks up by name.
constexpr std::array<unit, 7> units{{{"w", 604'800'000'000},
                                     {"d", 86'400'000'000},
                                     {"h", 3'600'000'000},
                                     {"m", 60'000'000},
                                     {"s", 1'000'000},
                                     {"ms", 1'000},
                                     {"us", 1}}};

/// Reads fixed-width decimal fields and single characters; remembers the first failure.
class reader {
public:
  explicit reader(std::string_view text) : text_{text} {}

  int digits(std::size_t count) {
    int out = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (at_end() || text_[0] < '0' || text_[0] > '9') {
        ok_ = false;
        return 0;
      }
      out = out * 10 + (text_[0] - '0');
      text_.remove_prefix(1);
    }
    return out;
  }

  bool skip(std::string_view any_of) {
    if (at_end() || any_of.find(text_[0]) == std::string_view::npos)
      return false;
    text_.remove_prefix(1);
    return true;
  }

  void require(std::string_view any_of) { ok_ = skip(any_of) && ok_; }

  /// Digits after the point as microseconds; digits past the sixth must be zero.
  std::int64_t fraction() {
    std::int64_t out = 0;
    int count = 0;
    for (; !at_end() && text_[0] >= '0' && text_[0] <= '9'; ++count) {
      if (count < 6)
        out = out * 10 + (text_[0] - '0');
      else if (text_[0] != '0')
        ok_ = false;
      text_.remove_prefix(1);
    }
    ok_ = ok_ && count > 0;
    for (; count < 6; ++count)
      out *= 10;
    return out;
  }

  char peek() const { return at_end() ? '\0' : text_[0]; }
  bool at_end() const { return text_.empty(); }
  bool ok() const { return ok_; }

private:
  std::string_view text_;
  bool ok_ = true;
};

unexpected<error> not_an_instant(std::string_view text) {
  return refuse(errc::invalid_argument,
                "'" + std::string{text.substr(0, 64)} +
                    "' is not an RFC 3339 instant such as 2026-03-29T03:00:00Z or "
                    "2026-03-29T03:00:00.5+02:00");
}

unexpected<error> not_a_duration(std::string_view text) {
  return refuse(errc::invalid_argument,
                "'" + std::string{text.substr(0, 64)} +
                    "' is not a duration such as 1.5 (seconds), 250ms, 30s, 1h30m, 2d or 1w");
}

/// "1.5" or "90" as seconds.
expected<duration> parse_seconds(std::string_view text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  constexpr double limit = 9.2e12; // seconds that still fit in 64-bit microseconds
  if (failure != std::errc{} || stop != end || !(value >= 0) || value > limit)
    return not_a_duration(text);
  return duration{static_cast<std::int64_t>(value * 1e6 + 0.5)};
}

} // namespace

const clock& wall_clock() {
  static const system_wall_clock instance;
  return instance;
}

std::string to_rfc3339(time_point t, seconds offset) {
  const auto local = t + offset;
  const auto day = floor<days>(local);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{local - day};
  std::array<char, 64> buffer{};
  int size = std::snprintf(
      buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  std::string out{buffer.data(), static_cast<std::size_t>(size)};
  if (time.subseconds().count() != 0) {
    size = std::snprintf(buffer.data(), buffer.size(), ".%06d",
                         static_cast<int>(time.subseconds().count()));
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  if (offset.count() == 0)
    return out + "Z";
  const auto magnitude = std::abs(offset.count());
  size = std::snprintf(buffer.data(), buffer.size(), "%c%02d:%02d", offset.count() < 0 ? '-' : '+',
                       static_cast<int>(magnitude / 3600), static_cast<int>(magnitude / 60 % 60));
  out.append(buffer.data(), static_cast<std::size_t>(size));
  return out;
}

std::string to_rfc3339(time_point t) { return to_rfc3339(t, seconds{0}); }

expected<time_point> parse_instant(std::string_view text) {
  reader in{text};
  const std::chrono::year year{in.digits(4)};
  in.require("-");
  const std::chrono::month month{static_cast<unsigned>(in.digits(2))};
  in.require("-");
  const std::chrono::day day{static_cast<unsigned>(in.digits(2))};
  in.require("Tt ");
  const int hour = in.digits(2);
  in.require(":");
  const int minute = in.digits(2);
  in.require(":");
  const int second = in.digits(2);
  const std::int64_t micros = in.skip(".") ? in.fraction() : 0;
  std::int64_t offset = 0;
  if (!in.skip("Zz")) {
    const bool negative = in.peek() == '-';
    in.require("+-");
    const int hours = in.digits(2);
    in.require(":");
    const int minutes = in.digits(2);
    if (hours > 23 || minutes > 59)
      return not_an_instant(text);
    offset = (hours * 3600 + minutes * 60) * (negative ? -1 : 1);
    if (in.skip(":")) { // historic zones have offsets with seconds
      const int part = in.digits(2);
      offset += negative ? -part : part;
    }
  }
  const auto date = year / month / day;
  if (!in.ok() || !in.at_end() || !date.ok() || hour > 23 || minute > 59 || second > 59)
    return not_an_instant(text);
  return time_point{sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         seconds{second} + duration{micros} - seconds{offset};
}

expected<duration> parse_duration(std::string_view text) {
  if (text.empty())
    return not_a_duration(text);
  if (text.find_first_not_of("0123456789.") == std::string_view::npos)
    return parse_seconds(text);
  std::int64_t total = 0;
  std::int64_t previous = std::numeric_limits<std::int64_t>::max();
  auto rest = text;
  while (!rest.empty()) {
    const auto number_size = rest.find_first_not_of("0123456789");
    if (number_size == 0 || number_size == std::string_view::npos)
      return not_a_duration(text);
    std::int64_t number = 0;
    const auto parsed = std::from_chars(rest.data(), rest.data() + number_size, number);
    rest.remove_prefix(number_size);
    const auto name = rest.substr(0, rest.find_first_of("0123456789"));
    rest.remove_prefix(name.size());
    std::int64_t scale = 0;
    for (const auto& candidate : units)
      if (candidate.name == name)
        scale = candidate.microseconds;
    if (parsed.ec != std::errc{} || scale == 0 || scale >= previous ||
        __builtin_mul_overflow(number, scale, &number) ||
        __builtin_add_overflow(total, number, &total))
      return not_a_duration(text);
    previous = scale;
  }
  return duration{total};
}

std::string to_string(duration d) {
  std::int64_t rest = d.count();
  if (rest == 0)
    return "0s";
  std::string out;
  if (rest < 0) {
    out = "-";
    rest = -rest;
  }
  for (const auto& [name, microseconds] : units)
    if (rest >= microseconds) {
      out += std::to_string(rest / microseconds);
      out += name;
      rest %= microseconds;
    }
  return out;
}

} // namespace carillon
