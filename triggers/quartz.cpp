#include "triggers/quartz.hpp"

#include "triggers/cron_field.hpp"

#include <algorithm>
#include <optional>

namespace carillon::triggers {
namespace {

struct quartz_limits {
  int min;
  int max;
  int step_max; // of `*/n` and `a/n`
  std::string_view allowed;
};

constexpr std::string_view plain_forms = ", *, a-b, a/n, a-b/n and lists of them";

/// In the order of `cron_field`.
constexpr std::array<quartz_limits, cron_field_count> limits{{
    {1970, quartz_year_max, 9999, "1970-2199"},
    {1, 12, 12, "1-12, JAN-DEC"},
    {1, 31, 31, "1-31, ?, L, L-n, LW, L-nW, nW"},
    {0, 0, 0, "none: quartz has no weeks"},
    {1, 7, 7, "1-7 (1 = SUN), SUN-SAT, ?, L, nL, n#1 to n#5"},
    {0, 23, 23, "0-23"},
    {0, 59, 59, "0-59"},
    {0, 59, 59, "0-59"},
}};

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekday_names{"SUN", "MON", "TUE", "WED",
                                                        "THU", "FRI", "SAT"};
constexpr std::uint8_t last_week_bit = 1U << 5;
constexpr int days_before_last_max = 30;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }

/// Bit of a quartz weekday (1 = Sunday) in a table (0 = Monday).
int weekday_bit(int number) { return (number + 5) % 7; }

/// Reads one field from left to right; the first mistake ends it.
class quartz_parser {
public:
  quartz_parser(cron_field which, std::string_view text)
      : which_{which}, limits_{limits[static_cast<std::size_t>(which)]}, text_{text} {
    std::transform(text_.begin(), text_.end(), text_.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  }

  expected<field_set> parse() {
    const bool is_read = text_.size() > cron_field_bytes_max
                             ? fail(0, "is longer than 512 bytes")
                             : items();
    if (!is_read)
      return unexpected<error>{std::move(*failure_)};
    out_.text = text_;
    return std::move(out_);
  }

private:
  bool items() {
    if (which_ == cron_field::week)
      return fail(0, "is not a field of quartz");
    bool is_single = false; // an item that bears no other beside it
    for (int count = 1;; ++count) {
      const auto begin = at_;
      if (!item(is_single))
        return false;
      if (is_single && (count > 1 || at_ != text_.size()))
        return fail(at_ == text_.size() ? begin : at_, "stands in a list; it must stand alone");
      if (at_ == text_.size())
        return true;
      if (text_[at_] != ',')
        return fail(at_, "is not understood");
      ++at_;
    }
  }

  bool item(bool& is_single) {
    const bool is_day = which_ == cron_field::day;
    const bool is_weekday = which_ == cron_field::day_of_week;
    if (at_ == text_.size() || text_[at_] == ',')
      return fail(at_, "is empty");
    if (next_is('?')) {
      is_single = true;
      out_.is_open = true;
      return is_day || is_weekday || fail(at_ - 1, "is for day and day_of_week only");
    }
    if (text_[at_] == '*' || text_[at_] == '/') {
      out_.begins_with_star = out_.begins_with_star || at_ == 0;
      at_ += text_[at_] == '*' ? 1 : 0;
      return stepped(limits_.min);
    }
    if (is_day && next_is('L')) {
      is_single = true;
      return from_end();
    }
    if (is_weekday && text_[at_] == 'L' && (at_ + 1 == text_.size() || text_[at_ + 1] == ',')) {
      ++at_;
      is_single = true;
      add(7);
      return true;
    }
    return range(is_single);
  }

  /// What follows the L of a day: L, LW, L-3, L-3W.
  bool from_end() {
    int offset = 0;
    if (next_is('-')) {
      const auto begin = at_;
      if (!number(offset))
        return false;
      if (offset > days_before_last_max)
        return fail(begin, "is not a number from 0 to 30 (days before the last)");
    }
    auto& days = next_is('W') ? out_.nearest_to_from_end : out_.days_from_end;
    days |= 1U << (offset + 1);
    return true;
  }

  /// a, a/n, a-b, a-b/n, aL, a#n, aW.
  bool range(bool& is_single) {
    const auto begin = at_;
    bool is_name = false;
    int first = 0;
    if (!value(first, is_name))
      return false;
    if (which_ == cron_field::day_of_week && (next_is('L') || next_is('#'))) {
      is_single = true;
      return position(first, text_[at_ - 1] == '#');
    }
    if (which_ == cron_field::day && next_is('W')) {
      is_single = true;
      out_.nearest_to |= 1U << first;
      return true;
    }
    if (at_ < text_.size() && text_[at_] == '/')
      return is_name ? fail(at_, "is a step after a name, which Quartz ignores; write numbers")
                     : stepped(first);
    if (!next_is('-')) {
      add_range(first, first, 1);
      return true;
    }
    int last = 0;
    if (!value(last, is_name))
      return false;
    int step = 1;
    if (at_ < text_.size() && text_[at_] == '/') {
      if (is_name)
        return fail(at_, "is a step after a name, which Quartz ignores; write numbers");
      const auto step_at = ++at_;
      if (!number(step))
        return false;
      if (step == 0)
        return fail(step_at, "is not a step above 0");
    }
    if (last < first && which_ == cron_field::year)
      return fail(begin, "is a range that begins after it ends");
    if (last < first)
      last += limits_.max - limits_.min + 1;
    add_range(first, last, step);
    return true;
  }

  /// The weekday `weekday`, only the last or the n-th of the month.
  bool position(int weekday, bool is_nth) {
    auto& bits = out_.nth[static_cast<std::size_t>(weekday_bit(weekday))];
    if (!is_nth) {
      bits |= last_week_bit;
      return true;
    }
    const auto begin = at_;
    int nth = 0;
    if (!number(nth))
      return false;
    if (nth < 1 || nth > 5)
      return fail(begin, "is not a number from 1 to 5");
    bits |= static_cast<std::uint8_t>(1U << (nth - 1));
    return true;
  }

  /// From `first` to the field's end by the step that may follow.
  bool stepped(int first) {
    int step = 1;
    if (next_is('/')) {
      const auto begin = at_;
      if (!number(step))
        return false;
      if (step == 0 || step > limits_.step_max)
        return fail(begin, "is not a step from 1 to " + std::to_string(limits_.step_max));
    }
    add_range(first, limits_.max, step);
    return true;
  }

  /// A number within the limits or a name.
  bool value(int& out, bool& is_name) {
    const auto begin = at_;
    if (at_ < text_.size() && is_letter(text_[at_])) {
      is_name = true;
      return name(out);
    }
    if (!number(out))
      return false;
    return (out >= limits_.min && out <= limits_.max) ||
           fail(begin, "is not a number from " + std::to_string(limits_.min) + " to " +
                           std::to_string(limits_.max));
  }

  bool name(int& out) {
    const auto word = std::string_view{text_}.substr(at_, 3);
    const auto find = [&](const auto& names) {
      const auto found = std::find(names.begin(), names.end(), word);
      out = static_cast<int>(found - names.begin()) + 1;
      return found != names.end();
    };
    const bool is_known = which_ == cron_field::month         ? find(month_names)
                          : which_ == cron_field::day_of_week ? find(weekday_names)
                                                              : false;
    if (!is_known)
      return fail(at_, "is not understood");
    at_ += word.size();
    return true;
  }

  bool number(int& out) {
    constexpr int beyond = 100'000; // larger than every limit
    const auto begin = at_;
    out = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
      out = std::min(beyond, out * 10 + (text_[at_] - '0'));
    return at_ > begin || fail(begin, "is not a number");
  }

  bool next_is(char c) {
    if (at_ == text_.size() || text_[at_] != c)
      return false;
    ++at_;
    return true;
  }

  void add(int value) {
    const int bit = which_ == cron_field::day_of_week ? weekday_bit(value) : value;
    out_.values |= std::uint64_t{1} << bit;
  }

  /// `last` above the field's maximum wraps to its minimum.
  void add_range(int first, int last, int step) {
    if (which_ == cron_field::year) {
      out_.years.push_back({static_cast<std::int16_t>(first), static_cast<std::int16_t>(last),
                            static_cast<std::int16_t>(std::min(step, 9999))});
      return;
    }
    const int size = limits_.max - limits_.min + 1;
    for (int each = first; each <= last; each += step)
      add(each > limits_.max ? each - size : each);
  }

  bool fail(std::size_t column, std::string_view why) {
    const auto shown = std::string_view{text_}.substr(0, 64);
    const auto end = std::min(text_.find(',', column), text_.size());
    const auto part =
        column < end ? text_.substr(column, std::min<std::size_t>(end - column, 32)) : "";
    const std::string name{field_name(which_)};
    std::string message = name + " '" + std::string{shown} + "': '" + part + "' at column " +
                          std::to_string(column + 1) + ' ' + std::string{why} + "; allowed are " +
                          std::string{limits_.allowed} + std::string{plain_forms};
    failure_ = error{errc::invalid_argument, std::move(message), "trigger.spec." + name};
    return false;
  }

  cron_field which_;
  const quartz_limits& limits_;
  std::string text_; // upper case
  std::size_t at_ = 0;
  field_set out_;
  std::optional<error> failure_;
};

using fields = std::array<field_set, cron_field_count>;

/// The text of a field; unset ones are `*` before the last set one and their minimum after it, and
/// of the two day fields one is `?`.
std::string_view text_of(const cron& spec, cron_field which) {
  const std::array<const std::optional<std::string>*, cron_field_count> given{
      &spec.year,        &spec.month, &spec.day,    &spec.week,
      &spec.day_of_week, &spec.hour,  &spec.minute, &spec.second};
  const auto index = static_cast<std::size_t>(which);
  if (*given[index])
    return **given[index];
  if (which == cron_field::day_of_week && !(spec.day && *spec.day == "?"))
    return "?";
  if (which == cron_field::day && spec.day_of_week && *spec.day_of_week != "?")
    return "?";
  for (auto later = index + 1; later < cron_field_count; ++later)
    if (*given[later])
      return "*";
  if (which == cron_field::year || which == cron_field::day_of_week)
    return "*";
  return which == cron_field::month || which == cron_field::day ? "1" : "0";
}

expected<fields> parse_fields(const cron& spec) {
  if (spec.week)
    return refuse(errc::invalid_argument,
                  "dialect quartz has no field week; allowed are second, minute, hour, day, month, "
                  "day_of_week and year",
                  "trigger.spec.week");
  fields out;
  for (const auto which : {cron_field::second, cron_field::minute, cron_field::hour,
                           cron_field::day, cron_field::month, cron_field::day_of_week,
                           cron_field::year}) {
    auto field = parse_quartz_field(which, text_of(spec, which));
    if (!field)
      return unexpected<error>{std::move(field).error()};
    out[static_cast<std::size_t>(which)] = std::move(*field);
  }
  const auto& day = out[static_cast<std::size_t>(cron_field::day)];
  const auto& weekday = out[static_cast<std::size_t>(cron_field::day_of_week)];
  if (day.is_open == weekday.is_open)
    return refuse(errc::invalid_argument,
                  "day is '" + day.text + "' and day_of_week is '" + weekday.text +
                      "'; exactly one of the two must be ?",
                  "trigger.spec.day_of_week");
  return out;
}

} // namespace

expected<cron> canonical_quartz(const cron& spec) {
  auto parsed = parse_fields(spec);
  if (!parsed)
    return unexpected<error>{std::move(parsed).error()};
  const auto text = [&](cron_field which) {
    return std::move((*parsed)[static_cast<std::size_t>(which)].text);
  };
  cron out;
  out.dialect = cron_dialect::quartz;
  out.second = text(cron_field::second);
  out.minute = text(cron_field::minute);
  out.hour = text(cron_field::hour);
  out.day = text(cron_field::day);
  out.month = text(cron_field::month);
  out.day_of_week = text(cron_field::day_of_week);
  if (auto year = text(cron_field::year); year != "*")
    out.year = std::move(year);
  return out;
}

expected<cron_table> compile_quartz(const cron& spec) {
  auto parsed = parse_fields(spec);
  if (!parsed)
    return unexpected<error>{std::move(parsed).error()};
  const auto field = [&](cron_field which) -> field_set& {
    return (*parsed)[static_cast<std::size_t>(which)];
  };
  const auto& day = field(cron_field::day);
  const auto& weekday = field(cron_field::day_of_week);
  constexpr std::uint32_t every_day = 0xffff'fffe;
  cron_table out;
  out.seconds = field(cron_field::second).values;
  out.minutes = field(cron_field::minute).values;
  out.hours = static_cast<std::uint32_t>(field(cron_field::hour).values);
  out.months = static_cast<std::uint16_t>(field(cron_field::month).values);
  out.weeks = (std::uint64_t{1} << 54) - 2;
  out.nth = weekday.nth;
  out.has_nth = std::any_of(out.nth.begin(), out.nth.end(), [](auto bits) { return bits != 0; });
  out.days = day.is_open ? (out.has_nth ? 0 : every_day) : static_cast<std::uint32_t>(day.values);
  out.days_from_end = day.days_from_end;
  out.nearest_to = day.nearest_to;
  out.nearest_to_from_end = day.nearest_to_from_end;
  out.weekdays = weekday.is_open || out.has_nth ? 0x7f : static_cast<std::uint8_t>(weekday.values);
  out.is_fixed_time =
      !field(cron_field::minute).begins_with_star && !field(cron_field::hour).begins_with_star;
  out.years = std::move(field(cron_field::year).years);
  return out;
}

expected<field_set> parse_quartz_field(cron_field which, std::string_view text) {
  return quartz_parser{which, text}.parse();
}

} // namespace carillon::triggers
