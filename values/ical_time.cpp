#include "carillon/trigger.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

namespace carillon {
namespace {

bool are_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The text as `parse_instant` wants it: "20061228T0230+0100" to "2006-12-28T02:30:00+01:00".
std::string rfc3339_of(std::string_view text) {
  std::string out{text};
  constexpr std::size_t date_size = 10;
  constexpr std::size_t minute_end = 16;
  const bool is_basic = text.size() >= 8 && are_digits(text.substr(0, 8));
  if (is_basic) {
    out.insert(6, "-").insert(4, "-");
    if (out.size() >= 15)
      out.insert(13, ":");
  }
  if (out.size() == date_size)
    return out + "T00:00:00";
  if (out.size() >= minute_end) {
    const auto rest = out.substr(minute_end);
    if (rest.empty() || std::string_view{"Zz+-"}.find(rest.front()) != std::string_view::npos)
      out.insert(minute_end, ":00");
    else if (is_basic && rest.front() != ':')
      out.insert(minute_end, ":");
  }
  const auto sign = out.size() < 5 ? 0 : out.size() - 5;
  if (out.size() > minute_end && (out[sign] == '+' || out[sign] == '-') &&
      are_digits(std::string_view{out}.substr(sign + 1)))
    out.insert(sign + 3, ":");
  return out;
}

} // namespace

expected<when> when_from_text(std::string_view text) {
  constexpr std::size_t bytes_max = 40;
  if (text.size() <= bytes_max) {
    const auto expanded = rfc3339_of(text);
    if (const auto at = parse_instant(expanded))
      return when{*at, false};
    if (const auto wall = parse_instant(expanded + 'Z'))
      return when{*wall, true};
  }
  return refuse(errc::invalid_argument,
                "'" + std::string{text.substr(0, 64)} +
                    "' is not a time such as 20260329T023000, 20260329T003000Z, 20260329 or "
                    "2026-03-29T02:30:00+02:00");
}

std::string ical_text(const when& literal) {
  const auto day = std::chrono::floor<std::chrono::days>(literal.at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(literal.at) - day};
  std::array<char, 64> buffer{};
  const int size = std::snprintf(
      buffer.data(), buffer.size(), "%04d%02u%02uT%02d%02d%02d%s", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()), literal.is_local ? "" : "Z");
  return {buffer.data(), static_cast<std::size_t>(size)};
}

} // namespace carillon
