#include "triggers/repeating_text.hpp"

#include "carillon/trigger.hpp"
#include "triggers/civil_time.hpp"

#include <algorithm>
#include <array>

namespace carillon::triggers {
namespace {

constexpr std::size_t text_bytes_max = 256;
// A longer period leaves the years that fire times may have.
constexpr std::int64_t months_max = 12 * 10'000;
constexpr std::int64_t days_max = 366 * 10'000;
constexpr std::int64_t micros_a_second = 1'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// One letter of a period.
struct period_unit {
  char name;
  bool is_time; ///< After the T.
  std::int64_t months;
  std::int64_t days;
  std::int64_t seconds; ///< Of the whole or, where it has days, of one of its fractions.
};
constexpr std::array<period_unit, 7> units{{{'Y', false, 12, 0, 0},
                                            {'M', false, 1, 0, 0},
                                            {'W', false, 0, 7, 7 * day_seconds},
                                            {'D', false, 0, 1, day_seconds},
                                            {'H', true, 0, 0, 3600},
                                            {'M', true, 0, 0, 60},
                                            {'S', true, 0, 0, 1}}};

/// Reads an interval from left to right; the first mistake ends it.
class interval_parser {
public:
  explicit interval_parser(std::string_view text) : text_{text} {}

  expected<repeating_text> parse() {
    const bool ok = text_.size() <= text_bytes_max
                        ? repetitions() && first() && second()
                        : fail(0, "is longer than " + std::to_string(text_bytes_max) + " bytes");
    if (!ok)
      return unexpected<error>{std::move(*failure_)};
    return out_;
  }

private:
  bool repetitions() {
    if (!skip('R'))
      return fail(at_, "is not an R");
    const auto begin = at_;
    std::int64_t count = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
      count = std::min(count * 10 + (text_[at_] - '0'), repetitions_max + 1);
    if (count > repetitions_max)
      return fail(begin, "is not a number from 0 to " + std::to_string(repetitions_max));
    if (at_ > begin)
      out_.count = count;
    return skip('/') || fail(at_, "is not understood; expected is / after R and its number");
  }

  bool first() {
    const auto end = std::min(text_.find('/', at_), text_.size());
    if (end == text_.size())
      return fail(end, "is where / and a period or an end are missing");
    const bool ok = at_ < end && text_[at_] == 'P' ? period(end) : time(end, out_.start);
    at_ = end + 1;
    return ok;
  }

  bool second() {
    const auto end = text_.size();
    const auto begin = at_;
    const bool is_period = at_ < end && text_[at_] == 'P';
    if (is_period && out_.period)
      return fail(begin, "is a second period; expected is an end");
    if (is_period)
      return period(end);
    if (!time(end, out_.end))
      return false;
    if (out_.period && !out_.count)
      return fail(0, "has no number of repetitions, so a period and an end have no first time");
    return !out_.start || out_.start->offset.has_value() == out_.end->offset.has_value() ||
           fail(begin, "has an offset where the start has none, or the other way round");
  }

  bool time(std::size_t end, std::optional<iso_time>& out) {
    const auto literal = text_.substr(at_, end - at_);
    const auto clock = std::min(literal.find_first_of("Tt"), literal.size());
    const auto zone = std::min(literal.find_first_of("Zz+-", clock), literal.size());
    const auto wall = when_from_text(literal.substr(0, zone));
    const auto at = when_from_text(literal);
    if (!wall || !at || wall->at < instant_min || wall->at > instant_max || at->at < instant_min ||
        at->at > instant_max)
      return fail(at_, "is not a time such as 2026-01-31T09:00:00+01:00");
    out = iso_time{wall->at, {}};
    if (!at->is_local)
      out->offset = std::chrono::floor<std::chrono::seconds>(wall->at - at->at);
    return !out->offset || out->offset->count() % 60 == 0 ||
           fail(at_ + zone, "is an offset with seconds, which cannot be written again");
  }

  /// P[nY][nM][nW][nD][T[nH][nM][nS]]; the last number may have a fraction.
  bool period(std::size_t end) {
    const auto begin = at_++;
    iso_period out;
    std::size_t next = 0; // units only get smaller
    bool is_time = false;
    while (at_ < end) {
      if (!is_time && skip('T')) {
        is_time = true;
        next = std::max<std::size_t>(next, 4);
        if (at_ == end)
          return fail(at_, "is where hours, minutes or seconds are missing");
      }
      if (!amount(end, is_time, next, out))
        return false;
    }
    if (out == iso_period{})
      return fail(begin, "is an empty period; expected is something like P1M, P2W or PT1H30M");
    if (out.months > months_max || out.days > days_max ||
        out.time > std::chrono::seconds{days_max * day_seconds})
      return fail(begin, "is longer than 10,000 years");
    out_.period = out;
    return true;
  }

  /// One number and its unit.
  bool amount(std::size_t end, bool is_time, std::size_t& next, iso_period& out) {
    constexpr std::int64_t beyond = 1'000'000'000'000; // larger than every limit
    const auto begin = at_;
    std::int64_t whole = 0;
    for (; at_ < end && is_digit(text_[at_]); ++at_)
      whole = std::min(beyond, whole * 10 + (text_[at_] - '0'));
    if (at_ == begin)
      return fail(at_, "is not a number");
    std::int64_t fraction = 0; // millionths
    const bool has_fraction = at_ < end && (text_[at_] == '.' || text_[at_] == ',');
    if (has_fraction) {
      std::int64_t scale = micros_a_second;
      for (++at_; at_ < end && is_digit(text_[at_]); ++at_) {
        scale /= 10;
        fraction += (text_[at_] - '0') * scale;
      }
    }
    const auto unit_at = at_;
    for (; next < units.size(); ++next)
      if (at_ < end && units[next].name == text_[at_] && units[next].is_time == is_time)
        break;
    if (next == units.size())
      return fail(unit_at, is_time ? "is not one of H, M, S, each once and in this order"
                                   : "is not one of Y, M, W, D, each once and in this order");
    ++at_;
    const auto& unit = units[next++];
    if (has_fraction && unit.months != 0)
      return fail(begin, "is a fraction of a year or month, which have no fixed length");
    if (has_fraction && at_ != end)
      return fail(begin, "has a fraction, which only the last number may have");
    out.months += std::min(whole * unit.months, beyond);
    out.days += std::min(whole * unit.days, beyond);
    const auto seconds = unit.days == 0 ? std::min(whole * unit.seconds, beyond) : 0;
    out.time += std::chrono::seconds{seconds} + duration{fraction * unit.seconds};
    return true;
  }

  bool skip(char c) {
    if (at_ == text_.size() || text_[at_] != c)
      return false;
    ++at_;
    return true;
  }

  bool fail(std::size_t column, std::string_view why) {
    const auto end = std::min(text_.find('/', column), text_.size());
    const auto shown =
        column < end ? text_.substr(column, std::min<std::size_t>(end - column, 32)) : "";
    failure_ = error{errc::invalid_argument,
                     "interval '" + std::string{text_.substr(0, 64)} + "': '" + std::string{shown} +
                         "' at column " + std::to_string(column + 1) + ' ' + std::string{why} +
                         "; expected is Rn/start/period, Rn/start/end or Rn/period/end",
                     "trigger.spec.interval"};
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  repeating_text out_;
  std::optional<error> failure_;
};

std::string time_text(const iso_time& time) {
  if (time.offset)
    return to_rfc3339(time.wall - *time.offset, *time.offset);
  auto text = to_rfc3339(time.wall);
  text.pop_back(); // the Z
  return text;
}

std::string period_text(const iso_period& period) {
  std::string out = "P";
  const auto put = [&](std::int64_t value, char unit) {
    if (value != 0)
      out += std::to_string(value) + unit;
  };
  put(period.months / 12, 'Y');
  put(period.months % 12, 'M');
  put(period.days, 'D');
  if (period.time == duration{0})
    return out;
  out += 'T';
  const auto seconds = period.time.count() / micros_a_second;
  put(seconds / 3600, 'H');
  put(seconds / 60 % 60, 'M');
  if (const auto micros = period.time.count() % micros_a_second; micros != 0) {
    auto fraction = std::to_string(micros_a_second + micros).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += std::to_string(seconds % 60) + '.' + fraction + 'S';
  } else {
    put(seconds % 60, 'S');
  }
  return out;
}

} // namespace

expected<repeating_text> parse_repeating(std::string_view text) {
  return interval_parser{text}.parse();
}

std::string to_string(const repeating_text& interval) {
  std::string out = "R";
  if (interval.count)
    out += std::to_string(*interval.count);
  if (interval.start)
    out += '/' + time_text(*interval.start);
  if (interval.period)
    out += '/' + period_text(*interval.period);
  if (interval.end)
    out += '/' + time_text(*interval.end);
  return out;
}

const iso_time& anchor_of(const repeating_text& interval) {
  return interval.start ? *interval.start : *interval.end;
}

bool is_on_wall_clock(const repeating_text& interval) {
  return interval.period && (interval.period->months != 0 || interval.period->days != 0);
}

} // namespace carillon::triggers
