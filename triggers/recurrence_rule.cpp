#include "triggers/recurrence_rule.hpp"

#include "triggers/civil_time.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace carillon::triggers {
namespace {

using std::string_view_literals::operator""sv;

/// In the order of `frequency`.
constexpr std::array freq_names{"SECONDLY"sv, "MINUTELY"sv, "HOURLY"sv, "DAILY"sv,
                                "WEEKLY"sv,   "MONTHLY"sv,  "YEARLY"sv};
constexpr std::array weekday_names{"MO"sv, "TU"sv, "WE"sv, "TH"sv, "FR"sv, "SA"sv, "SU"sv};
constexpr std::array part_names{
    "FREQ"sv,  "UNTIL"sv,      "COUNT"sv,     "INTERVAL"sv, "BYSECOND"sv, "BYMINUTE"sv, "BYHOUR"sv,
    "BYDAY"sv, "BYMONTHDAY"sv, "BYYEARDAY"sv, "BYWEEKNO"sv, "BYMONTH"sv,  "BYSETPOS"sv, "WKST"sv};

/// A part that is a list of whole numbers from `min` to `max`; `is_signed`: also their negatives.
struct list_part {
  std::string_view name;
  std::vector<int> recurrence_text::*values;
  int min;
  int max;
  bool is_signed;
};

// Second 60 is a leap second; clocks without them show 59 (section 3.3.12).
constexpr std::array<list_part, 8> list_parts{
    {{"BYSECOND", &recurrence_text::seconds, 0, 60, false},
     {"BYMINUTE", &recurrence_text::minutes, 0, 59, false},
     {"BYHOUR", &recurrence_text::hours, 0, 23, false},
     {"BYMONTHDAY", &recurrence_text::month_days, 1, 31, true},
     {"BYYEARDAY", &recurrence_text::year_days, 1, 366, true},
     {"BYWEEKNO", &recurrence_text::weeks, 1, 53, true},
     {"BYMONTH", &recurrence_text::months, 1, 12, false},
     {"BYSETPOS", &recurrence_text::positions, 1, 366, true}}};

constexpr int ordinal_max = 53;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class T> void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// Reads a rule from left to right; the first mistake ends it.
class rule_parser {
public:
  rule_parser(std::string_view text, const std::string& field)
      : original_{text}, field_{field}, text_{text} {
    std::transform(text_.begin(), text_.end(), text_.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  }

  expected<recurrence_text> parse() {
    const bool ok =
        text_.size() <= recurrence_bytes_max
            ? parts() && agree()
            : fail(0, "is longer than " + std::to_string(recurrence_bytes_max) + " bytes");
    if (!ok)
      return unexpected<error>{std::move(*failure_)};
    for (const auto& part : list_parts)
      sort_unique(out_.*part.values);
    sort_unique(out_.weekdays);
    return std::move(out_);
  }

private:
  bool parts() {
    if (!skip("RRULE:"))
      skip("EXRULE:");
    do {
      if (at_ == text_.size() && seen_ != 0)
        return true; // a semicolon at the end
      const auto begin = at_;
      const auto name = word();
      const auto known = std::find(part_names.begin(), part_names.end(), name);
      if (known == part_names.end())
        return fail(begin, "is not a part of a rule; " + all_parts());
      const auto bit = 1U << (known - part_names.begin());
      if ((seen_ & bit) != 0)
        return fail(begin, "is given twice");
      seen_ |= bit;
      at_of_[static_cast<std::size_t>(known - part_names.begin())] = begin;
      if (!skip("="))
        return fail(at_, "is not expected here; expected is =");
      if (!value(name))
        return false;
    } while (skip(";"));
    return at_ == text_.size() || fail(at_, "is not understood; expected is ; or the end");
  }

  bool value(std::string_view name) {
    if (name == "FREQ")
      return freq();
    if (name == "UNTIL")
      return until();
    if (name == "COUNT")
      return positive(out_.count.emplace());
    if (name == "INTERVAL")
      return positive(out_.interval);
    if (name == "WKST")
      return weekday(out_.week_start);
    if (name == "BYDAY")
      return weekdays();
    return list(*std::find_if(list_parts.begin(), list_parts.end(),
                              [&](const auto& part) { return part.name == name; }));
  }

  bool freq() {
    const auto begin = at_;
    const auto found = std::find(freq_names.begin(), freq_names.end(), word());
    if (found == freq_names.end())
      return fail(begin, "is not a frequency; allowed are SECONDLY, MINUTELY, HOURLY, DAILY, "
                         "WEEKLY, MONTHLY, YEARLY");
    out_.freq = static_cast<frequency>(found - freq_names.begin());
    return true;
  }

  bool until() {
    const auto begin = at_;
    at_ = std::min(text_.find(';', at_), text_.size());
    const auto literal = when_from_text(std::string_view{text_}.substr(begin, at_ - begin));
    if (!literal || literal->at < instant_min || literal->at > instant_max)
      return fail(begin, "is not a time such as 20261224T000000Z, 20261224T000000 or 20261224");
    out_.until = *literal;
    return true;
  }

  bool positive(std::int64_t& out) {
    const auto begin = at_;
    out = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
      out = std::min(out * 10 + (text_[at_] - '0'), recurrence_number_max + 1);
    return (out >= 1 && out <= recurrence_number_max) ||
           fail(begin, "is not a whole number from 1 to " + std::to_string(recurrence_number_max));
  }

  bool list(const list_part& part) {
    do {
      const auto begin = at_;
      int value = 0;
      bool is_negative = false;
      if (!number(value, is_negative) || value < part.min || value > part.max ||
          (is_negative && !part.is_signed))
        return fail(begin, "is not a whole number from " + std::to_string(part.min) + " to " +
                               std::to_string(part.max) +
                               (part.is_signed ? ", or such a number with a -" : ""));
      (out_.*part.values).push_back(is_negative ? -value : value);
    } while (skip(","));
    return true;
  }

  bool weekdays() {
    do {
      ordinal_weekday day;
      const auto begin = at_;
      bool is_negative = false;
      if (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '-' || text_[at_] == '+')) {
        if (!number(day.ordinal, is_negative) || day.ordinal < 1 || day.ordinal > ordinal_max)
          return fail(begin, "is not a whole number from 1 to 53, with a - before it or without");
        ordinal_at_ = begin;
      }
      if (is_negative)
        day.ordinal = -day.ordinal;
      if (!weekday(day.weekday))
        return false;
      out_.weekdays.push_back(day);
    } while (skip(","));
    return true;
  }

  bool weekday(int& out) {
    const auto begin = at_;
    const auto found = std::find(weekday_names.begin(), weekday_names.end(), word());
    out = static_cast<int>(found - weekday_names.begin());
    return found != weekday_names.end() ||
           fail(begin, "is not a weekday; allowed are MO, TU, WE, TH, FR, SA, SU");
  }

  /// What parts may not stand together.
  bool agree() {
    if ((seen_ & 1U) == 0)
      return fail(text_.size(), "is where FREQ is missing");
    if (out_.count && out_.until)
      return fail(at_of("UNTIL"), "and COUNT exclude each other");
    if (!ordinal_at_)
      return true;
    if (out_.freq != frequency::monthly && out_.freq != frequency::yearly)
      return fail(*ordinal_at_, "is a weekday with a number, which is for FREQ=MONTHLY and "
                                "FREQ=YEARLY only");
    return out_.weeks.empty() ||
           fail(*ordinal_at_, "is a weekday with a number, which BYWEEKNO excludes");
  }

  std::size_t at_of(std::string_view name) const {
    return at_of_[static_cast<std::size_t>(std::find(part_names.begin(), part_names.end(), name) -
                                           part_names.begin())];
  }

  /// Digits with an optional sign.
  bool number(int& out, bool& is_negative) {
    constexpr int beyond = 100'000; // larger than every limit
    is_negative = skip("-");
    if (!is_negative)
      skip("+");
    const auto begin = at_;
    for (out = 0; at_ < text_.size() && is_digit(text_[at_]); ++at_)
      out = std::min(beyond, out * 10 + (text_[at_] - '0'));
    return at_ > begin;
  }

  std::string_view word() {
    const auto begin = at_;
    while (at_ < text_.size() && text_[at_] >= 'A' && text_[at_] <= 'Z')
      ++at_;
    return std::string_view{text_}.substr(begin, at_ - begin);
  }

  bool skip(std::string_view token) {
    if (text_.compare(at_, token.size(), token) != 0)
      return false;
    at_ += token.size();
    return true;
  }

  static std::string all_parts() {
    std::string out;
    for (const auto name : part_names)
      out += (out.empty() ? "allowed are " : ", ") + std::string{name};
    return out;
  }

  bool fail(std::size_t column, std::string_view why) {
    const auto end = std::min(original_.find_first_of(";,", column), original_.size());
    const auto shown = column < end
                           ? original_.substr(column, std::min<std::size_t>(end - column, 32))
                           : std::string_view{};
    failure_ = error{errc::invalid_argument,
                     "rule '" + std::string{original_.substr(0, 64)} + "': '" + std::string{shown} +
                         "' at column " + std::to_string(column + 1) + ' ' + std::string{why},
                     field_};
    return false;
  }

  std::string_view original_;
  const std::string& field_;
  std::string text_; // upper case
  std::size_t at_ = 0;
  unsigned seen_ = 0; // by the order of `part_names`
  std::array<std::size_t, part_names.size()> at_of_{};
  std::optional<std::size_t> ordinal_at_;
  recurrence_text out_;
  std::optional<error> failure_;
};

std::string number_list(const std::vector<int>& values) {
  std::string out;
  for (const auto value : values)
    out += (out.empty() ? "" : ",") + std::to_string(value);
  return out;
}

std::string weekday_list(const std::vector<ordinal_weekday>& days) {
  std::string out;
  for (const auto& [ordinal, weekday] : days) {
    out += out.empty() ? "" : ",";
    if (ordinal != 0)
      out += std::to_string(ordinal);
    out += weekday_names[static_cast<std::size_t>(weekday)];
  }
  return out;
}

} // namespace

expected<recurrence_text> parse_recurrence(std::string_view text, const std::string& field) {
  return rule_parser{text, field}.parse();
}

std::string to_string(const recurrence_text& rule) {
  std::string out = "FREQ=" + std::string{freq_names[static_cast<std::size_t>(rule.freq)]};
  const auto put = [&](std::string_view name, const std::string& value) {
    if (!value.empty())
      out += ';' + std::string{name} + '=' + value;
  };
  if (rule.until)
    put("UNTIL", ical_text(*rule.until));
  if (rule.count)
    put("COUNT", std::to_string(*rule.count));
  if (rule.interval != 1)
    put("INTERVAL", std::to_string(rule.interval));
  for (const auto& part : list_parts) {
    if (part.name == "BYMONTHDAY")
      put("BYDAY", weekday_list(rule.weekdays));
    put(part.name, number_list(rule.*part.values));
  }
  if (rule.week_start != 0)
    put("WKST", std::string{weekday_names[static_cast<std::size_t>(rule.week_start)]});
  return out;
}

} // namespace carillon::triggers
