#include "triggers/cron_field.hpp"

#include "values/stable_hash.hpp"

#include <algorithm>
#include <optional>

namespace carillon::triggers {
namespace {

struct field_limits {
  std::string_view name;
  int min;
  int max;
  std::string_view more; // what is allowed beyond numbers
};

constexpr std::array<field_limits, cron_field_count> limits{{
    {"year", 1970, 9999, ""},
    {"month", 1, 12, ", jan to dec"},
    {"day", 1, 31, ", last, 1st to 5th or last with a weekday such as '2nd mon'"},
    {"week", 1, 53, ""},
    {"day_of_week", 0, 7, ", mon to sun"},
    {"hour", 0, 23, ""},
    {"minute", 0, 59, ""},
    {"second", 0, 59, ""},
}};

constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names{"mon", "tue", "wed", "thu",
                                                        "fri", "sat", "sun"};
constexpr std::array<std::string_view, 5> ordinals{"1st", "2nd", "3rd", "4th", "5th"};
constexpr int sunday = 6;
constexpr std::uint8_t last_week_bit = 1U << 5;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

template <std::size_t N>
std::optional<int> index_in(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    return std::nullopt;
  return static_cast<int>(found - names.begin());
}

/// One side of a range as written.
struct bound {
  int value = 0;
  bool is_name = false;
  std::size_t at = 0;
};

/// Reads one field from left to right; the first mistake ends it.
class field_parser {
public:
  field_parser(cron_field which, std::string_view text, cron_dialect dialect,
               const spread_seed* seed)
      : which_{which}, limits_{limits[static_cast<std::size_t>(which)]},
        is_vixie_{dialect != cron_dialect::apscheduler}, seed_{seed}, original_{text}, text_{text} {
    std::transform(text_.begin(), text_.end(), text_.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  }

  expected<field_set> parse() {
    if (!fits(original_, ""))
      return unexpected<error>{std::move(*failure_)};
    skip_blanks();
    out_.begins_with_star = at_ < text_.size() && text_[at_] == '*';
    while (item()) {
      skip_blanks();
      if (at_ == text_.size()) {
        if (which_ == cron_field::year && all_years_)
          out_.years.clear();
        if (fits(out_.text, "as written out "))
          return std::move(out_);
        break;
      }
      if (text_[at_] != ',') {
        fail(at_, "is not understood");
        break;
      }
      ++at_;
      skip_blanks();
      out_.text += ',';
    }
    return unexpected<error>{std::move(*failure_)};
  }

private:
  /// What is written out, `H` as its number, has to be read again.
  bool fits(std::string_view text, const char* which) {
    if (text.size() > cron_field_bytes_max)
      failure_ = error{errc::invalid_argument,
                       name() + ' ' + which + "has " + std::to_string(text.size()) +
                           " bytes, allowed are " + std::to_string(cron_field_bytes_max),
                       path()};
    return !failure_;
  }

  bool item() {
    if (at_ == text_.size())
      return fail(at_, "is empty");
    item_at_ = at_;
    ++items_;
    if (text_[at_] == '*')
      return star();
    if (text_[at_] == 'h')
      return spread();
    if (is_draw())
      return draw();
    if (which_ == cron_field::day && !is_vixie_) {
      const auto matched = position_in_month();
      if (matched || failure_)
        return matched;
    }
    return range();
  }

  /// `*` or `*/n`.
  bool star() {
    ++at_;
    int step = 1;
    if (!optional_step(step))
      return false;
    out_.text += '*';
    // Weekdays count from Monday; vixie's from Sunday.
    const int first = which_ == cron_field::day_of_week ? 0 : limits_.min;
    const int last = which_ == cron_field::day_of_week ? 6 : limits_.max;
    if (has_step_ && !is_vixie_ && step > last - first)
      return step_too_high(step, last - first);
    if (has_step_)
      out_.text += '/' + std::to_string(step);
    all_years_ = all_years_ || step == 1;
    if (which_ == cron_field::day_of_week && is_vixie_)
      for (int number = 0; number <= 7; number += step)
        add(number_to_weekday(number));
    else
      add_range(first, last, step);
    return true;
  }

  /// `H`, `H/n`, `H(a-b)`, `H(a-b)/n`: as Jenkins, but by the id of the schedule.
  bool spread() {
    if (!seed_)
      return fail(at_, "stands for a number that depends on the schedule's id");
    ++at_;
    bound first{limits_.min, false, at_};
    // Days that every month has, and no Sunday twice.
    bound last{which_ == cron_field::day           ? 28
               : which_ == cron_field::week        ? 52
               : which_ == cron_field::day_of_week ? 6
                                                   : limits_.max,
               false, at_};
    if (at_ < text_.size() && text_[at_] == '(') {
      ++at_;
      if (!read_bound(first))
        return false;
      if (at_ == text_.size() || text_[at_] != '-')
        return fail(at_, "is where - is expected, as in H(0-29)");
      ++at_;
      if (!read_bound(last))
        return false;
      if (at_ == text_.size() || text_[at_] != ')')
        return fail(at_, "is where ) is expected, as in H(0-29)");
      ++at_;
      count_from_sunday(first, last);
      if (first.value > last.value)
        return fail(first.at, "has its minimum above its maximum");
    } else if (which_ == cron_field::year) {
      return fail(item_at_, "needs a range in this field, as in H(2026-2030)");
    }
    int step = 1;
    if (!optional_step(step))
      return false;
    const int size = last.value - first.value + 1;
    if (step > size)
      return step_too_high(step, size);
    const int value = first.value + pick(seed_->of_schedule, step > 1 ? step : size);
    has_step_ = step > 1 && value + step <= last.value;
    return has_step_ ? numbers({value, false, item_at_}, {last.value, false, item_at_}, step)
                     : numbers({value, false, item_at_}, {value, false, item_at_}, 1);
  }

  /// Whether this item has a `~`.
  bool is_draw() const {
    const auto end = std::min(text_.find(',', at_), text_.size());
    return text_.find('~', at_) < end;
  }

  /// `a~b`, `a~`, `~b`, `~`: one number of the range, as cronie and OpenBSD.
  bool draw() {
    if (!seed_)
      return fail(at_, "stands for a number that is drawn when a schedule is added");
    bound first{limits_.min, false, at_};
    bound last{which_ == cron_field::day_of_week ? 6 : limits_.max, false, at_};
    if (text_[at_] != '~' && !read_bound(first))
      return false;
    if (at_ == text_.size() || text_[at_] != '~')
      return fail(at_, "is not understood");
    ++at_;
    if (at_ < text_.size() && (is_digit(text_[at_]) || is_letter(text_[at_])) && !read_bound(last))
      return false;
    count_from_sunday(first, last);
    if (first.value > last.value)
      return fail(item_at_, "has its minimum above its maximum");
    const int value = first.value + pick(seed_->of_adding, last.value - first.value + 1);
    has_step_ = false;
    return numbers({value, false, item_at_}, {value, false, item_at_}, 1);
  }

  /// Weekday names as numbers, in which the week begins and may end with Sunday.
  void count_from_sunday(bound& first, bound& last) const {
    if (which_ != cron_field::day_of_week)
      return;
    for (auto* each : {&first, &last})
      if (each->is_name && !is_vixie_)
        each->value = (each->value + 1) % 7;
    if (last.is_name && last.value == 0)
      last.value = 7;
  }

  /// A number below `count` that depends on the seed, the field and the place in the list.
  int pick(std::uint64_t seed, int count) const {
    const auto place = static_cast<std::uint64_t>(which_) << 32 | static_cast<unsigned>(items_);
    return static_cast<int>(mix(seed ^ mix(place)) % static_cast<unsigned>(count));
  }

  /// A range of numbers as it is written; those of weekdays count from Sunday.
  void add_numbers(bound first, bound last, bool is_range, int step) {
    write_range(first, last, is_range, step);
    if (which_ == cron_field::day_of_week)
      for (int number = first.value; number <= last.value; number += step)
        add(number_to_weekday(number));
    else
      add_range(first.value, last.value, step);
  }

  /// The numbers that stand for an `H` or a `~`.
  bool numbers(bound first, bound last, int step) {
    const bool is_range = last.value > first.value;
    if (which_ == cron_field::day_of_week && !is_vixie_)
      return weekday_range(first, last, is_range, step);
    add_numbers(first, last, is_range, step);
    return true;
  }

  /// `last`, `last fri`, `2nd mon`; false without a failure when it is none of these.
  bool position_in_month() {
    const auto word = text_.substr(at_, text_.find_first_of(" \t,", at_) - at_);
    const auto ordinal = index_in(ordinals, word);
    if (word != "last" && !ordinal)
      return false;
    at_ += word.size();
    skip_blanks();
    if (word == "last" && (at_ == text_.size() || text_[at_] == ',')) {
      out_.days_from_end |= 1U << 1;
      out_.text += word;
      return true;
    }
    const auto name_at = at_;
    const auto weekday = index_in(weekday_names, letters());
    if (!weekday)
      return fail(name_at, "is not a weekday (mon to sun)");
    out_.nth[static_cast<std::size_t>(*weekday)] |=
        ordinal ? static_cast<std::uint8_t>(1U << *ordinal) : last_week_bit;
    out_.text += word;
    out_.text += ' ';
    out_.text += weekday_names[static_cast<std::size_t>(*weekday)];
    return true;
  }

  /// `a`, `a/n`, `a-b`, `a-b/n`.
  bool range() {
    bound first;
    if (!read_bound(first))
      return false;
    bound last = first;
    const bool is_range = at_ < text_.size() && text_[at_] == '-';
    if (is_range) {
      ++at_;
      if (!read_bound(last))
        return false;
      if (first.is_name != last.is_name && !is_vixie_)
        return fail(item_at_, "mixes a name and a number");
    }
    int step = 1;
    if (!optional_step(step))
      return false;
    if (which_ == cron_field::day_of_week && !is_vixie_)
      return weekday_range(first, last, is_range, step);
    if (which_ == cron_field::day_of_week && is_range && last.is_name && last.value == 0)
      last.value = 7; // "fri-sun"
    if (!is_range && has_step_)
      last.value = limits_.max;
    if (first.value > last.value)
      return fail(item_at_, "has its minimum above its maximum; write it as two ranges, as in "
                            "22-23,0-6");
    // APScheduler measures "0-0/n" against the whole field; kept, like everything else here.
    const int total = is_range && last.value == 0 ? limits_.max : last.value - first.value;
    if (has_step_ && !is_vixie_ && step > total)
      return step_too_high(step, total);
    add_numbers(first, last, is_range, step);
    return true;
  }

  /// Dialect apscheduler: names or numbers (0 and 7 = Sunday), ranges may wrap past Sunday.
  bool weekday_range(bound first, bound last, bool is_range, int step) {
    const int begin = first.is_name ? first.value : number_to_weekday(first.value);
    const int end = last.is_name ? last.value : number_to_weekday(last.value);
    int days = (end - begin + 7) % 7;
    if (is_range && !first.is_name && first.value == 0 && last.value == 7)
      days = 6; // DEV-8: the whole week
    if (!is_range && has_step_)
      days = sunday - begin;
    if (has_step_ && step > days)
      return step_too_high(step, days);
    for (int i = 0; i <= days; i += step)
      add((begin + i) % 7);
    const auto span = [&](int from, int to) {
      out_.text += weekday_names[static_cast<std::size_t>(from)];
      if (from != to) {
        out_.text += '-';
        out_.text += weekday_names[static_cast<std::size_t>(to)];
      }
    };
    const int stop = (begin + days) % 7;
    if (has_step_ && step > 1) {
      span(begin, stop);
      out_.text += '/' + std::to_string(step);
    } else if (begin + days > sunday) {
      span(0, stop);
      out_.text += ',';
      span(begin, sunday);
    } else {
      span(begin, stop);
    }
    return true;
  }

  void write_range(bound first, bound last, bool is_range, int step) {
    const auto side = [&](bound b) {
      if (!b.is_name)
        return std::to_string(b.value);
      if (which_ == cron_field::month)
        return std::string{month_names[static_cast<std::size_t>(b.value - 1)]};
      return std::string{weekday_names[static_cast<std::size_t>(number_to_weekday(b.value))]};
    };
    out_.text += side(first);
    if (is_range && first.value != last.value)
      out_.text += '-' + side(last);
    else if (is_range)
      return;
    if (has_step_)
      out_.text += '/' + std::to_string(step);
  }

  bool read_bound(bound& out) {
    out = {0, false, at_};
    if (at_ < text_.size() && is_digit(text_[at_])) {
      out.value = number();
      if (out.value < limits_.min)
        return fail(out.at, "is lower than the minimum " + std::to_string(limits_.min));
      if (out.value > limits_.max)
        return fail(out.at, "is higher than the maximum " + std::to_string(limits_.max));
      return true;
    }
    out.is_name = true;
    const auto word = letters();
    std::optional<int> found;
    if (which_ == cron_field::month)
      found = index_in(month_names, word);
    else if (which_ == cron_field::day_of_week)
      found = index_in(weekday_names, word);
    if (!found)
      return fail(out.at, "is not understood");
    if (which_ == cron_field::month)
      out.value = *found + 1;
    else // vixie counts from Sunday = 0
      out.value = is_vixie_ ? (*found + 1) % 7 : *found;
    return true;
  }

  bool optional_step(int& step) {
    has_step_ = at_ < text_.size() && text_[at_] == '/';
    if (!has_step_)
      return true;
    const auto step_at = ++at_;
    if (at_ == text_.size() || !is_digit(text_[at_]))
      return fail(step_at, "is not a step (a whole number above 0)");
    step = number();
    return step > 0 || fail(step_at, "is not a step (a whole number above 0)");
  }

  int number() {
    constexpr int beyond = 100'000; // larger than every limit
    int out = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
      out = std::min(beyond, out * 10 + (text_[at_] - '0'));
    return out;
  }

  std::string_view letters() {
    const auto begin = at_;
    while (at_ < text_.size() && is_letter(text_[at_]))
      ++at_;
    return std::string_view{text_}.substr(begin, at_ - begin);
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_]))
      ++at_;
  }

  static int number_to_weekday(int number) { return (number + 6) % 7; }

  void add(int value) { out_.values |= std::uint64_t{1} << value; }

  void add_range(int first, int last, int step) {
    if (which_ == cron_field::year) {
      out_.years.push_back({static_cast<std::int16_t>(first), static_cast<std::int16_t>(last),
                            static_cast<std::int16_t>(std::min(step, 9999))});
      return;
    }
    for (int value = first; value <= last; value += step)
      add(value);
  }

  bool step_too_high(int step, int total) {
    return fail(item_at_, "has a step value (" + std::to_string(step) +
                              ") that is higher than the total range (" + std::to_string(total) +
                              ")");
  }

  bool fail(std::size_t column, std::string_view why) {
    const auto end = std::min(original_.find(',', column), original_.size());
    const auto value = original_.substr(column, std::min<std::size_t>(end - column, 32));
    std::string message = name() + " '" + std::string{original_.substr(0, 64)} + "': '" +
                          std::string{value} + "' at column " + std::to_string(column + 1) + ' ' +
                          std::string{why} + "; allowed are " + std::to_string(limits_.min) + '-' +
                          std::to_string(limits_.max);
    if (which_ != cron_field::day || !is_vixie_)
      message += limits_.more;
    message += ", *, */n, a-b, a-b/n, a/n, H, a~b and lists of them";
    failure_ = error{errc::invalid_argument, std::move(message), path()};
    return false;
  }

  std::string name() const { return std::string{limits_.name}; }
  std::string path() const { return "trigger.spec." + name(); }

  cron_field which_;
  const field_limits& limits_;
  bool is_vixie_; // or one of its kin
  const spread_seed* seed_;
  std::string_view original_;
  std::string text_; // lower case
  std::size_t at_ = 0;
  std::size_t item_at_ = 0;
  int items_ = 0;
  bool has_step_ = false;
  bool all_years_ = false;
  field_set out_;
  std::optional<error> failure_;
};

} // namespace

std::string_view field_name(cron_field which) {
  return limits[static_cast<std::size_t>(which)].name;
}

expected<field_set> parse_field(cron_field which, std::string_view text, cron_dialect dialect,
                                const spread_seed* seed) {
  if (dialect == cron_dialect::quartz)
    return parse_quartz_field(which, text);
  return field_parser{which, text, dialect, seed}.parse();
}

} // namespace carillon::triggers
