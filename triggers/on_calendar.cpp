#include "triggers/node.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace carillon::triggers {
namespace {

using std::string_view_literals::operator""sv;

// Those of systemd (calendarspec.c).
constexpr int year_first = 1970;
constexpr int year_last = 2199;
constexpr std::size_t text_bytes_max = 1024;
constexpr std::int64_t timestamp_end = 7'258'118'400; // 2200-01-01

constexpr std::array shorthands{
    std::pair{"minutely"sv, "*-*-* *:*:00"sv},
    std::pair{"hourly"sv, "*-*-* *:00:00"sv},
    std::pair{"daily"sv, "*-*-* 00:00:00"sv},
    std::pair{"weekly"sv, "Mon *-*-* 00:00:00"sv},
    std::pair{"monthly"sv, "*-*-01 00:00:00"sv},
    std::pair{"quarterly"sv, "*-01,04,07,10-01 00:00:00"sv},
    std::pair{"semiannually"sv, "*-01,07-01 00:00:00"sv},
    std::pair{"semi-annually"sv, "*-01,07-01 00:00:00"sv},
    std::pair{"biannually"sv, "*-01,07-01 00:00:00"sv},
    std::pair{"bi-annually"sv, "*-01,07-01 00:00:00"sv},
    std::pair{"yearly"sv, "*-01-01 00:00:00"sv},
    std::pair{"annually"sv, "*-01-01 00:00:00"sv},
    std::pair{"anually"sv, "*-01-01 00:00:00"sv}, // systemd takes this spelling, too
};

constexpr std::array weekday_names{"monday"sv, "tuesday"sv,  "wednesday"sv, "thursday"sv,
                                   "friday"sv, "saturday"sv, "sunday"sv};

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

/// A word of the text, and where it begins.
struct word {
  std::string_view text;
  std::size_t at = 0;
};

std::vector<word> words_of(std::string_view text) {
  std::vector<word> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos)
      break;
    at = std::min(text.find_first_of(" \t", begin), text.size());
    out.push_back({text.substr(begin, at - begin), begin});
  }
  return out;
}

/// One of the parts between `-`, `~` and `:`.
struct component {
  const char* name;
  int min;
  int max;
};
constexpr component year_part{"year", year_first, year_last};
constexpr component month_part{"month", 1, 12};
constexpr component day_part{"day", 1, 31};
constexpr component day_from_end_part{"day before the month's end", 1, 28};
constexpr component hour_part{"hour", 0, 23};
constexpr component minute_part{"minute", 0, 59};
constexpr component second_part{"second", 0, 59};

/// From `first` to `last` by `step`.
struct stretch {
  int first = 0;
  int last = 0;
  int step = 1;
  bool is_open = false; ///< `first/step`: up to the end of what there is.
};

/// Reads an event from left to right; the first mistake ends it.
class calendar_reader {
public:
  explicit calendar_reader(std::string_view text) : original_{text}, text_{lower(text)} {}

  /// The table, the zone that the text names (else empty), and the text without it.
  struct result {
    cron_table table;
    std::string zone;
    std::string text;
  };

  expected<result> read() {
    if (original_.size() > text_bytes_max)
      fail(0, "is longer than " + std::to_string(text_bytes_max) + " bytes");
    else
      parse();
    if (failure_)
      return unexpected<error>{std::move(*failure_)};
    return std::move(out_);
  }

private:
  void parse() {
    auto words = words_of(text_);
    take_zone(words);
    if (words.empty())
      return fail(0, "is empty");
    for (const auto& [text, at] : words)
      out_.text += (out_.text.empty() ? "" : " ") + std::string{original_.substr(at, text.size())};
    if (words.size() == 1)
      for (const auto& [name, meaning] : shorthands)
        if (words.front().text == name) {
          text_ = lower(meaning);
          words = words_of(text_);
          break;
        }
    if (words.size() == 1 && words.front().text.front() == '@')
      return timestamp(words.front());
    auto& table = out_.table;
    table.weeks = (std::uint64_t{1} << 54) - 2;
    table.weekdays = 0x7f;
    std::size_t next = 0;
    if (is_letter(words[next].text.front()))
      weekdays(words[next++]);
    if (!failure_ && next < words.size() && words[next].text.find(':') == std::string_view::npos)
      date(words[next++]);
    else if (!failure_)
      any_date();
    if (!failure_ && next < words.size())
      time(words[next++]);
    else
      midnight();
    if (!failure_ && next < words.size())
      fail(words[next].at, "is not expected here");
  }

  /// `@1767225600`: one second since 1970, of UTC.
  void timestamp(const word& w) {
    const auto digits = w.text.substr(1);
    std::int64_t second = 0;
    for (const char c : digits)
      second = is_digit(c) ? std::min<std::int64_t>(second * 10 + (c - '0'), timestamp_end)
                           : timestamp_end;
    if (digits.empty() || second == timestamp_end)
      return fail(w.at, "is not @ with the seconds since 1970-01-01, up to the year 2199");
    out_.zone = "UTC"; // A zone beside it changes nothing in systemd either.
    out_.text = text_ = wall_text(second);
    const auto words = words_of(text_);
    out_.table.weeks = (std::uint64_t{1} << 54) - 2;
    out_.table.weekdays = 0x7f;
    date(words[0]);
    time(words[1]);
  }

  /// A zone is the last word and has letters, but is no weekday and no shorthand.
  void take_zone(std::vector<word>& words) {
    if (words.size() < 2 || !is_letter(words.back().text.front()))
      return;
    const auto& [text, at] = words.back();
    const auto name = original_.substr(at, text.size());
    auto zone = find_zone(text == "utc" ? "UTC"sv : name);
    if (!zone)
      return fail(at, "is not a time zone");
    out_.zone = (*zone)->name();
    words.pop_back();
  }

  void weekdays(const word& w) {
    out_.table.weekdays = 0;
    at_ = w.at;
    const auto end = w.at + w.text.size();
    while (!failure_) {
      const auto begin = at_;
      const int first = weekday();
      int last = first;
      if (!failure_ && (skip("..") || skip("-")))
        last = weekday();
      if (failure_)
        return;
      if (first > last)
        return fail(begin, "is a range that begins after it ends (the week begins on Monday)");
      for (int day = first; day <= last; ++day)
        out_.table.weekdays |= static_cast<std::uint8_t>(1U << day);
      if (at_ == end)
        return;
      if (!skip(","))
        return fail(at_, "is not understood after a weekday");
      if (at_ == end)
        return;
    }
  }

  int weekday() {
    const auto begin = at_;
    while (at_ < text_.size() && is_letter(text_[at_]))
      ++at_;
    const auto name = std::string_view{text_}.substr(begin, at_ - begin);
    for (std::size_t day = 0; day < weekday_names.size(); ++day)
      if (name == weekday_names[day] || name == weekday_names[day].substr(0, 3))
        return static_cast<int>(day);
    fail(begin, "is not a weekday (Mon to Sun, or its full name)");
    return 0;
  }

  void any_date() {
    out_.table.months = 0x1ffe;
    out_.table.days = 0xffff'fffe;
  }

  void midnight() {
    out_.table.hours = 1;
    out_.table.minutes = 1;
    out_.table.seconds = 1;
    out_.table.is_fixed_time = true;
  }

  /// `[year-]month-day`, `[year-]month~day`.
  void date(const word& w) {
    at_ = w.at;
    const auto end = w.at + w.text.size();
    const auto parts = std::count_if(w.text.begin(), w.text.end(),
                                     [](char c) { return c == '-' || c == '~'; });
    if (parts == 0 || parts > 2)
      return fail(w.at, "is not a date: year-month-day, month-day, or ~ before a day counted from "
                        "the month's end");
    if (parts == 2) {
      years();
      if (!failure_ && !skip("-"))
        return fail(at_, "is not understood after the year");
    }
    if (!failure_)
      out_.table.months = static_cast<std::uint16_t>(bits(month_part));
    if (failure_)
      return;
    const bool from_end = skip("~");
    if (!from_end && !skip("-"))
      return fail(at_, "is not understood after the month");
    days(from_end);
    if (!failure_ && at_ != end)
      fail(at_, "is not understood after the day");
  }

  void years() {
    for (const auto& s : stretches(year_part))
      out_.table.years.push_back({static_cast<std::int16_t>(s.first),
                                  static_cast<std::int16_t>(s.last),
                                  static_cast<std::int16_t>(std::min(s.step, year_last))});
  }

  void days(bool from_end) {
    // Any day before the end is any day: `~*` reaches further back than numbers may.
    from_end = from_end && text_.compare(at_, 1, "*") != 0;
    for (const auto& s : stretches(from_end ? day_from_end_part : day_part)) {
      if (!from_end) {
        for (int day = s.first; day <= s.last; day += s.step)
          out_.table.days |= 1U << day;
        continue;
      }
      // `~7/1` goes towards the end of the month, its last seven days; a range goes upwards.
      const int last = s.is_open ? 1 : s.last;
      const int step = s.is_open ? -s.step : s.step;
      for (int n = s.first; s.is_open ? n >= last : n <= last; n += step)
        out_.table.days_from_end |= 1U << n;
    }
  }

  /// `hour:minute[:second]`.
  void time(const word& w) {
    at_ = w.at;
    const auto minute_at = w.text.find(':') + 1; // 0 = no minute, which is an error
    out_.table.is_fixed_time = w.text.front() != '*' && w.text.compare(minute_at, 1, "*") != 0;
    out_.table.hours = static_cast<std::uint32_t>(bits(hour_part));
    if (!failure_ && !skip(":"))
      return fail(at_, "is not understood; a time is hour:minute or hour:minute:second");
    if (!failure_)
      out_.table.minutes = bits(minute_part);
    out_.table.seconds = 1;
    if (!failure_ && skip(":"))
      out_.table.seconds = bits(second_part);
    if (failure_ || at_ == w.at + w.text.size())
      return;
    fail(at_, text_[at_] == '.' ? "is a fraction of a second; fire times are whole seconds"
                                : "is not understood in a time");
  }

  std::uint64_t bits(const component& part) {
    std::uint64_t out = 0;
    for (const auto& s : stretches(part))
      for (int value = s.first; value <= s.last; value += s.step)
        out |= std::uint64_t{1} << value;
    return out;
  }

  /// A comma-separated list of `*`, `a`, `a..b`, `a/n`, `a..b/n`.
  std::vector<stretch> stretches(const component& part) {
    std::vector<stretch> out;
    if (skip("*"))
      return {{part.min, part.max, 1, false}};
    do {
      stretch s;
      const auto begin = at_;
      s.first = value(part);
      s.last = s.first;
      const bool is_range = !failure_ && skip("..");
      if (is_range)
        s.last = value(part);
      if (failure_)
        return {};
      if (is_range && s.first > s.last) {
        fail(begin, "is a range that begins after it ends");
        return {};
      }
      if (skip("/")) {
        const auto step_at = at_;
        s.step = number();
        if (s.step == 0) {
          fail(step_at, "is not a repetition (a whole number above 0)");
          return {};
        }
        s.is_open = !is_range;
        s.last = is_range ? s.last : part.max;
        // As systemd: without an end a repetition must repeat at least once.
        const bool repeats = is_range || (&part == &day_from_end_part
                                              ? s.step < s.first
                                              : s.step <= s.last - s.first);
        if (!repeats) {
          fail(step_at, "is a repetition that never repeats");
          return {};
        }
      }
      out.push_back(s);
    } while (skip(","));
    return out;
  }

  int value(const component& part) {
    const auto begin = at_;
    int out = number();
    if (at_ == begin) {
      fail(begin, std::string{"is not a "} + part.name);
    } else {
      if (&part == &year_part && at_ - begin <= 2)
        out += out < 70 ? 2000 : 1900;
      if (out < part.min || out > part.max)
        fail(begin, std::string{"is not a "} + part.name + " from " + std::to_string(part.min) +
                        " to " + std::to_string(part.max));
    }
    return out;
  }

  int number() {
    constexpr int beyond = 100'000; // larger than every limit
    int out = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
      out = std::min(beyond, out * 10 + (text_[at_] - '0'));
    return out;
  }

  bool skip(std::string_view token) {
    if (text_.compare(at_, token.size(), token) != 0)
      return false;
    at_ += token.size();
    return true;
  }

  void fail(std::size_t column, const std::string& why) {
    if (failure_)
      return;
    column = std::min(column, original_.size());
    const auto end = std::min(original_.find_first_of(" \t", column), original_.size());
    failure_ = error{errc::invalid_argument,
                     "oncalendar '" + std::string{original_.substr(0, 64)} + "': '" +
                         std::string{original_.substr(column, std::min<std::size_t>(end - column,
                                                                                    32))} +
                         "' at column " + std::to_string(column + 1) + ' ' + why +
                         "; expected is [weekdays] [year-month-day] [hour:minute[:second]] [zone]",
                     "trigger.spec.oncalendar"};
  }

  std::string_view original_;
  std::string text_; // lower case
  std::size_t at_ = 0;
  result out_;
  std::optional<error> failure_;
};

} // namespace

expected<void> resolve_on_calendar(on_calendar& kind, trigger_spec& outer, const resolve_context&) {
  auto read = calendar_reader{kind.text}.read();
  if (!read)
    return unexpected<error>{std::move(read).error()};
  kind.text = std::move(read->text);
  if (!read->zone.empty())
    outer.timezone = std::move(read->zone);
  auto& start = outer.start_time->at; // exclusive
  start = at_second(floor_second(start));
  return {};
}

expected<rule_variant> compile_on_calendar(const on_calendar& kind, const trigger_spec& outer) {
  auto read = calendar_reader{kind.text}.read();
  if (!read)
    return unexpected<error>{std::move(read).error()};
  const auto start = outer.start_time ? std::max(outer.start_time->at, instant_min) : instant_min;
  const auto end = outer.end_time ? std::min(outer.end_time->at, instant_max) : instant_max;
  const auto policy = policy_of(outer, {.is_fixed_time = read->table.is_fixed_time});
  return rule_variant{cron_rule{std::move(read->table), policy, floor_second(start) + 1,
                                floor_second(end)}};
}

} // namespace carillon::triggers
