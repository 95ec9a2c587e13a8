#include "triggers/day_list.hpp"

#include "triggers/civil_time.hpp"

#include <algorithm>

namespace carillon::triggers {

std::vector<stretch> joined(std::vector<stretch> all) {
  std::sort(all.begin(), all.end());
  std::vector<stretch> out;
  for (const auto& each : all)
    if (!out.empty() && each.first <= out.back().second)
      out.back().second = std::max(out.back().second, each.second);
    else
      out.push_back(each);
  return out;
}

std::vector<date_range> to_ranges(const std::vector<stretch>& stretches) {
  std::vector<date_range> out;
  out.reserve(stretches.size());
  for (const auto& [first, end] : stretches)
    out.push_back({date_of(first), date_of(end - 1)});
  return out;
}

expected<void> check_days(const std::vector<date_range>& days, std::string_view field) {
  if (days.size() > day_ranges_max)
    return refuse(errc::limit_exceeded,
                  std::to_string(days.size()) + " days are given, allowed are " +
                      std::to_string(day_ranges_max) + " days or ranges of days",
                  std::string{field});
  for (std::size_t i = 0; i < days.size(); ++i) {
    const auto& [first, last] = days[i];
    const auto here = std::string{field} + '[' + std::to_string(i) + ']';
    for (const auto& date : {first, last})
      if (!exists(date))
        return refuse(errc::invalid_argument, to_string(date) + " is not a date", here);
    if (last < first)
      return refuse(errc::invalid_argument,
                    "the last day " + to_string(last) + " is before the first, " + to_string(first),
                    here);
  }
  return {};
}

std::vector<date_range> canonical_days(const std::vector<date_range>& days) {
  std::vector<stretch> out;
  out.reserve(days.size());
  for (const auto& [first, last] : days)
    out.emplace_back(day_number(first), day_number(last) + 1);
  return to_ranges(joined(std::move(out)));
}

} // namespace carillon::triggers
