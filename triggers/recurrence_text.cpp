#include "triggers/recurrence_text.hpp"

#include "triggers/content_lines.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

constexpr const char* field = "trigger.spec.rrule";
constexpr std::size_t lines_max = 1'000;

unexpected<error> mistake(errc code, const content_line& line, const std::string& why) {
  return refuse(code, "line " + std::to_string(line.number) + ": " + why, field);
}

/// The times of a DTSTART, RDATE or EXDATE.
expected<std::vector<when>> times_of(const content_line& line) {
  if (capitals(line.parameter("VALUE")) == "PERIOD")
    return mistake(errc::unsupported, line, line.name + " with periods is not read");
  std::vector<when> out;
  for (std::string_view rest = line.value;;) {
    const auto size = std::min(rest.find(','), rest.size());
    auto time = when_from_text(rest.substr(0, size));
    if (!time)
      return mistake(errc::invalid_argument, line, line.name + ' ' + time.error().message);
    out.push_back(*time);
    if (size == rest.size())
      return out;
    rest.remove_prefix(size + 1);
  }
}

/// Collects the lines of one set.
class set_reader {
public:
  explicit set_reader(const when& start) : set_{start} {}

  expected<void> take(const content_line& line) {
    if (line.name.empty() || line.name == "RRULE") {
      set_.rules.push_back(line.value);
      return {};
    }
    if (line.name == "EXRULE") {
      set_.except_rules.push_back(line.value);
      return {};
    }
    if (line.name != "DTSTART" && line.name != "RDATE" && line.name != "EXDATE")
      return mistake(errc::invalid_argument, line,
                     "'" + line.name.substr(0, 64) +
                         "' is not known; allowed are DTSTART, RRULE, EXRULE, RDATE, EXDATE");
    auto times = times_of(line);
    if (!times)
      return unexpected<error>{std::move(times).error()};
    if (auto ok = same_zone(line, times->front()); !ok)
      return ok;
    if (line.name == "DTSTART")
      return begin(line, *times);
    auto& dates = line.name == "RDATE" ? set_.dates : set_.except_dates;
    dates.insert(dates.end(), times->begin(), times->end());
    return {};
  }

  trigger_spec done() && { return {std::move(set_), std::move(zone_)}; }

private:
  expected<void> begin(const content_line& line, const std::vector<when>& times) {
    if (has_start_ || times.size() != 1)
      return mistake(errc::invalid_argument, line, "DTSTART must be one time");
    has_start_ = true;
    set_.start = times.front();
    if (!set_.start.is_local && zone_.empty())
      zone_ = "UTC";
    return {};
  }

  /// The wall clocks of all lines are those of one zone.
  expected<void> same_zone(const content_line& line, const when& time) {
    const auto zone = line.parameter("TZID");
    if (zone.empty() || !time.is_local)
      return {};
    if (zone_.empty() && !has_start_)
      zone_ = zone;
    if (zone != zone_)
      return mistake(errc::unsupported, line,
                     line.name + " is in zone '" + zone.substr(0, 64) + "', the set in '" +
                         (zone_.empty() ? "the default one" : zone_) +
                         "'; a trigger has one zone, write the times in UTC");
    return {};
  }

  recurrence set_;
  std::string zone_;
  bool has_start_ = false;
};

} // namespace

expected<trigger_spec> recurrence_from_text(std::string_view text, const when& start) {
  content_reader lines{text};
  set_reader set{start};
  std::size_t count = 0;
  while (const auto line = lines.next()) {
    if (++count > lines_max)
      return mistake(errc::limit_exceeded, *line,
                     "more than " + std::to_string(lines_max) + " lines");
    if (auto ok = set.take(*line); !ok)
      return unexpected<error>{std::move(ok).error()};
  }
  if (count == 0)
    return refuse(errc::invalid_argument,
                  "the recurrence is empty; a rule is something like FREQ=DAILY", field);
  return std::move(set).done();
}

} // namespace carillon::triggers
