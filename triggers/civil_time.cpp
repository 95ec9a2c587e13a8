#include "triggers/civil_time.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace carillon::triggers {
namespace {

// The Gregorian calendar, and with it every yearly rule, repeats after this many seconds.
constexpr second_count cycle_seconds = 146'097 * day_seconds;
constexpr second_count forever = std::numeric_limits<second_count>::max() / 4;
// Periods are found by dividing time into pieces of 2^25 s (388 days), then by a short walk.
constexpr int bucket_bits = 25;
// A zone whose table ends later than the year 2400 goes on for ever by its rule.
constexpr second_count rule_goes_on_after = 13'569'465'600;
constexpr std::size_t changes_max = 20'000;
constexpr std::size_t zone_name_bytes_max = 64;

bool is_zone_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  // "right/" counts leap seconds, which UTC instants here do not.
  return !name.empty() && name.size() <= zone_name_bytes_max && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), allowed) && name.rfind("right/", 0) != 0 &&
         name.rfind("Fixed/", 0) != 0 && name != "localtime";
}

unexpected<error> no_such_zone(std::string_view name) {
  return refuse(errc::invalid_argument,
                "time zone '" + std::string{name.substr(0, zone_name_bytes_max)} +
                    "' does not exist; allowed are IANA names such as UTC or Europe/Berlin",
                "trigger.timezone");
}

/// FNV-1a over the numbers that say what the zone does; the same in every process.
std::uint64_t digest_of(std::int32_t first_offset, const std::vector<time_zone::change>& changes) {
  std::uint64_t out = 0xcbf2'9ce4'8422'2325;
  const auto add = [&](std::int64_t value) {
    for (int shift = 0; shift < 64; shift += 8)
      out = (out ^ (static_cast<std::uint64_t>(value) >> shift & 0xff)) * 0x100'0000'01b3;
  };
  add(first_offset);
  for (const auto& [at, offset] : changes) {
    add(at);
    add(offset);
  }
  return out;
}

second_count as_utc(absl::CivilSecond c) { return c - absl::CivilSecond{1970, 1, 1, 0, 0, 0}; }

expected<zone_ptr> load_zone(std::string_view name) {
  absl::TimeZone zone;
  if (!is_zone_name(name) || !absl::LoadTimeZone({name.data(), name.size()}, &zone))
    return no_such_zone(name);
  const auto before_all = absl::FromUnixSeconds(as_utc(absl::CivilSecond{-9999, 1, 1}));
  const auto first_offset = zone.At(before_all).offset;
  std::vector<time_zone::change> changes;
  absl::TimeZone::CivilTransition step;
  auto offset = first_offset;
  auto at = absl::InfinitePast();
  while (changes.size() < changes_max && zone.NextTransition(at, &step)) {
    const auto utc = as_utc(step.from) - offset;
    at = absl::FromUnixSeconds(utc);
    offset += static_cast<int>(step.to - step.from);
    if (step.from != step.to) // else only the abbreviation changed
      changes.push_back({utc, offset});
  }
  return std::make_shared<const time_zone>(std::string{name}, first_offset, std::move(changes));
}

} // namespace

time_zone::time_zone(std::string name, std::int32_t first_offset, std::vector<change> changes)
    : name_{std::move(name)}, first_offset_{first_offset}, changes_{std::move(changes)},
      table_end_{forever}, digest_{digest_of(first_offset_, changes_)} {
  if (changes_.empty())
    return;
  if (changes_.back().at > rule_goes_on_after)
    table_end_ = changes_.back().at - 366 * day_seconds;
  const auto begin = changes_.front().at;
  const auto count = ((changes_.back().at - begin) >> bucket_bits) + 1;
  std::uint16_t next = 0;
  for (second_count i = 0; i < count; ++i) {
    while (changes_[next].at < begin + (i << bucket_bits))
      ++next;
    buckets_.push_back(next);
  }
}

zone_period time_zone::period_in_table(second_count utc) const noexcept {
  if (changes_.empty())
    return {-forever, forever, first_offset_, first_offset_};
  const auto size = changes_.size();
  std::size_t after = 0; // index of the first change later than `utc`
  if (utc >= changes_.back().at) {
    after = size;
  } else if (utc >= changes_.front().at) {
    after = buckets_[static_cast<std::size_t>((utc - changes_.front().at) >> bucket_bits)];
    while (changes_[after].at <= utc)
      ++after;
  }
  zone_period out;
  out.begin = after == 0 ? -forever : changes_[after - 1].at;
  out.end = after == size ? forever : changes_[after].at;
  out.offset = after == 0 ? first_offset_ : changes_[after - 1].offset;
  out.offset_before = after < 2 ? first_offset_ : changes_[after - 2].offset;
  return out;
}

zone_period time_zone::period_at(second_count utc) const noexcept {
  if (utc < table_end_)
    return period_in_table(utc);
  const auto shift = ((utc - table_end_) / cycle_seconds + 1) * cycle_seconds;
  auto out = period_in_table(utc - shift);
  out.begin += shift;
  out.end += shift;
  return out;
}

std::vector<second_count> time_zone::instants_of(second_count wall) const {
  std::vector<second_count> out;
  auto period = period_at(wall - jump_seconds_max);
  while (period.begin <= wall + jump_seconds_max) {
    const auto utc = wall - period.offset;
    if (utc >= period.begin && utc < period.end)
      out.push_back(utc);
    if (period.end >= forever)
      break;
    period = period_at(period.end);
  }
  return out;
}

std::optional<second_count> time_zone::first_instant_of(second_count wall) const noexcept {
  auto period = period_at(wall - jump_seconds_max);
  while (period.begin <= wall + jump_seconds_max) {
    const auto utc = wall - period.offset;
    if (utc >= period.begin && utc < period.end)
      return utc;
    if (period.end >= forever)
      break;
    period = period_at(period.end);
  }
  return std::nullopt;
}

expected<zone_ptr> find_zone(std::string_view name) {
  static std::shared_mutex mutex;
  static std::map<std::string, zone_ptr, std::less<>> zones;
  {
    const std::shared_lock lock{mutex};
    if (const auto found = zones.find(name); found != zones.end())
      return found->second;
  }
  auto zone = load_zone(name);
  if (!zone)
    return zone;
  const std::unique_lock lock{mutex};
  return zones.try_emplace(std::string{name}, *zone).first->second;
}

std::int64_t day_number(civil_date date) noexcept {
  return std::chrono::sys_days{std::chrono::year{date.year} / date.month / date.day}
      .time_since_epoch()
      .count();
}

bool exists(civil_date date) noexcept {
  return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
         date.day >= 1 && date.day <= days_in_month(date.year, date.month);
}

std::string to_string(civil_date date) {
  std::array<char, 32> buffer{};
  const int size =
      std::snprintf(buffer.data(), buffer.size(), "%04d-%02d-%02d", static_cast<int>(date.year),
                    static_cast<int>(date.month), static_cast<int>(date.day));
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::string wall_text(second_count wall) {
  const auto day = floor_div(wall, day_seconds);
  const int rest = static_cast<int>(wall - day * day_seconds);
  std::array<char, 32> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), " %02d:%02d:%02d", rest / 3600,
                                 rest / 60 % 60, rest % 60);
  return to_string(date_of(day)) + std::string{buffer.data(), static_cast<std::size_t>(size)};
}

} // namespace carillon::triggers
