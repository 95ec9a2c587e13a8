#include "carillon/trigger.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace carillon {
namespace {

constexpr std::array<std::string_view, 7> weekday_names{"mon", "tue", "wed", "thu",
                                                        "fri", "sat", "sun"};
constexpr std::uint8_t every_weekday = 0x7f;
constexpr std::uint32_t day_end = 86'400;

/// Reads a window from left to right; the first mistake stays.
class window_reader {
public:
  explicit window_reader(std::string_view text) : text_{text} {}

  expected<time_window> read() {
    time_window out;
    skip_blanks();
    const auto begin_column = at_;
    bool ok = time(out.begin) && expect('-');
    if (ok && out.begin == day_end)
      ok = fail("a window begins at 23:59:59 at the latest", begin_column);
    const auto end_column = at_;
    ok = ok && time(out.end);
    if (ok && out.end == 0)
      ok = fail("a window that ends at midnight ends at 24:00", end_column);
    if (ok && at_ < text_.size() && !is_blank(text_[at_]))
      ok = fail("a blank and weekdays are expected", at_);
    skip_blanks();
    if (ok && at_ < text_.size())
      ok = weekdays(out.weekdays);
    if (!ok)
      return refuse(errc::invalid_argument, "window '" + std::string{text_.substr(0, 64)} +
                                                "', column " + std::to_string(column_ + 1) + ": " +
                                                message_ +
                                                "; allowed are the like of 09:00-17:00 mon-fri");
    return out;
  }

private:
  static bool is_blank(char c) { return c == ' ' || c == '\t'; }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t", at_), text_.size()); }

  bool fail(std::string message, std::size_t column) {
    message_ = std::move(message);
    column_ = column;
    return false;
  }

  bool expect(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted)
      return fail(std::string{"'"} + wanted + "' is expected", at_);
    ++at_;
    return true;
  }

  bool two_digits(std::uint32_t max, std::uint32_t& out) {
    const auto word = text_.substr(std::min(at_, text_.size()), 2);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (word.size() < 2 || !is_digit(word[0]) || !is_digit(word[1]))
      return fail("two digits are expected", at_);
    out = static_cast<std::uint32_t>((word[0] - '0') * 10 + (word[1] - '0'));
    if (out > max)
      return fail(std::string{word} + " is higher than " + std::to_string(max), at_);
    at_ += 2;
    return true;
  }

  bool time(std::uint32_t& out) {
    const auto begin = at_;
    std::uint32_t hour = 0;
    std::uint32_t minute = 0;
    std::uint32_t second = 0;
    if (!two_digits(24, hour) || !expect(':') || !two_digits(59, minute))
      return false;
    if (at_ < text_.size() && text_[at_] == ':' && (!expect(':') || !two_digits(59, second)))
      return false;
    out = hour * 3600 + minute * 60 + second;
    return out <= day_end || fail("the day ends at 24:00", begin);
  }

  bool weekday(std::size_t& out) {
    std::string word{text_.substr(std::min(at_, text_.size()), 3)};
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto found = std::find(weekday_names.begin(), weekday_names.end(), word);
    if (found == weekday_names.end())
      return fail("a weekday is expected, mon to sun", at_);
    out = static_cast<std::size_t>(found - weekday_names.begin());
    at_ += 3;
    return true;
  }

  /// "mon-wed,sat"; a range may go over Sunday.
  bool weekdays(std::uint8_t& out) {
    out = 0;
    while (true) {
      std::size_t first = 0;
      if (!weekday(first))
        return false;
      auto last = first;
      if (at_ < text_.size() && text_[at_] == '-' && (!expect('-') || !weekday(last)))
        return false;
      for (auto day = first;; day = (day + 1) % 7) {
        out = static_cast<std::uint8_t>(out | 1U << day);
        if (day == last)
          break;
      }
      if (at_ >= text_.size() || text_[at_] != ',')
        break;
      ++at_;
    }
    skip_blanks();
    return at_ == text_.size() || fail("',' or the end is expected", at_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string message_;
  std::size_t column_ = 0;
};

std::string time_of_day(std::uint32_t second) {
  std::array<char, 40> buffer{};
  const auto size = second % 60 == 0 ? std::snprintf(buffer.data(), buffer.size(), "%02u:%02u",
                                                     second / 3600, second / 60 % 60)
                                     : std::snprintf(buffer.data(), buffer.size(), "%02u:%02u:%02u",
                                                     second / 3600, second / 60 % 60, second % 60);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

expected<civil_date> date_from_text(std::string_view text) {
  const auto begin = parse_instant(std::string{text} + "T00:00:00Z");
  if (!begin)
    return refuse(errc::invalid_argument,
                  "'" + std::string{text.substr(0, 64)} + "' is not a date such as 2026-03-29");
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(*begin)};
  return civil_date{static_cast<int>(date.year()),
                    static_cast<std::uint8_t>(unsigned{date.month()}),
                    static_cast<std::uint8_t>(unsigned{date.day()})};
}

std::string date_text(const civil_date& date) {
  const auto day = std::chrono::year{date.year} / date.month / date.day;
  return to_rfc3339(time_point{std::chrono::sys_days{day}}).substr(0, 10);
}

} // namespace

expected<time_window> window_from_text(std::string_view text) { return window_reader{text}.read(); }

std::string window_text(const time_window& window) {
  auto out = time_of_day(window.begin) + '-' + time_of_day(window.end);
  if (window.weekdays == every_weekday)
    return out;
  char separator = ' ';
  for (std::size_t day = 0; day < weekday_names.size(); ++day) {
    if ((window.weekdays >> day & 1) == 0)
      continue;
    auto last = day;
    while (last + 1 < weekday_names.size() && (window.weekdays >> (last + 1) & 1) != 0)
      ++last;
    out += separator + std::string{weekday_names[day]};
    if (last != day)
      out += '-' + std::string{weekday_names[last]};
    separator = ',';
    day = last;
  }
  return out;
}

expected<date_range> days_from_text(std::string_view text) {
  const auto slash = text.find('/');
  const auto first = date_from_text(text.substr(0, slash));
  if (!first)
    return unexpected<error>{first.error()};
  if (slash == std::string_view::npos)
    return date_range{*first, *first};
  const auto last = date_from_text(text.substr(slash + 1));
  if (!last)
    return unexpected<error>{last.error()};
  if (*last < *first)
    return refuse(errc::invalid_argument,
                  "'" + std::string{text.substr(0, 64)} + "' ends before it begins");
  return date_range{*first, *last};
}

std::string days_text(const date_range& days) {
  const auto first = date_text(days.first);
  return days.first == days.last ? first : first + '/' + date_text(days.last);
}

} // namespace carillon
