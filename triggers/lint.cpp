#include "triggers/lint.hpp"

#include "triggers/clock_effects.hpp"
#include "triggers/cron_words.hpp"
#include "triggers/node.hpp"
#include "triggers/repeating_text.hpp"
#include "triggers/words.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

namespace carillon::triggers {
namespace {

constexpr int clock_years = 5;
constexpr std::size_t effects_shown = 3;
constexpr duration one_day = std::chrono::hours{24};

/// A step that starts over: `*/7`, `3/7`.
struct open_step {
  std::string text;
  int first = 0; ///< Of the numbers as written; the field's minimum for `*`.
  int step = 1;
};

/// The `*/n` and `a/n` of a field's canonical text.
std::vector<open_step> open_steps(std::string_view text, int min) {
  std::vector<open_step> out;
  while (!text.empty()) {
    const auto item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    const auto slash = item.find('/');
    if (slash == std::string_view::npos || item.find('-') != std::string_view::npos)
      continue;
    open_step found{std::string{item}, min, 1};
    if (item.front() != '*')
      std::from_chars(item.data(), item.data() + slash, found.first);
    std::from_chars(item.data() + slash + 1, item.data() + item.size(), found.step);
    out.push_back(std::move(found));
  }
  return out;
}

/// A field whose values start over after `size` of them.
struct round_field {
  std::string_view name;
  std::optional<std::string> cron::*text;
  int min;
  int size;
};
constexpr std::array round_fields{
    round_field{"second", &cron::second, 0, 60}, round_field{"minute", &cron::minute, 0, 60},
    round_field{"hour", &cron::hour, 0, 24}, round_field{"month", &cron::month, 1, 12}};

/// Collects the warnings of one trigger; the children have linters of their own.
class linter {
public:
  linter(std::vector<trigger_warning>& out, std::string path, const trigger_spec& spec,
         time_point from)
      : out_{out}, path_{std::move(path)}, spec_{spec}, from_{from} {}

  void run() {
    std::visit(*this, spec_.kind);
    bounds();
    clock();
    life();
  }

  void operator()(const once&) {}

  void operator()(const interval& kind) {
    if (kind.every % one_day == duration{0} && has_clock_changes())
      warn("elapsed_days", ".spec.days",
           span_words(kind.every) + " of elapsed time is " +
               std::to_string(kind.every / std::chrono::hours{1}) +
               " hours: when the clock changes in " + spec_.timezone +
               " the time of day moves; kind calendar keeps it");
  }

  void operator()(const calendar_interval& kind) {
    if ((kind.years != 0 || kind.months != 0) && kind.start_date && kind.start_date->day > 28 &&
        !kind.clamp_day)
      warn("short_months", ".spec.start_date",
           "months without a " + ordinal(kind.start_date->day) + " are left out");
  }

  void operator()(const cron& kind) {
    const auto table = compile_cron(kind);
    if (!table)
      return;
    both_days(kind, *table);
    steps(kind, *table);
    table_warnings(*table);
  }

  void operator()(const on_calendar& kind) {
    const auto rule = compile_on_calendar(kind, spec_);
    if (!rule)
      return;
    const auto& table = std::get<cron_rule>(*rule).table;
    uneven_table("second", table.seconds, 60);
    uneven_table("minute", table.minutes, 60);
    uneven_table("hour", table.hours, 24);
    table_warnings(table);
  }

  void operator()(const recurrence&) {}

  void operator()(const repeating_interval& kind) {
    const auto text = parse_repeating(kind.text);
    if (!text || !has_clock_changes())
      return;
    if (!is_on_wall_clock(*text)) {
      if (text->period && text->period->time % one_day == duration{0})
        warn("elapsed_days", ".spec.interval",
             "a period of hours is elapsed time: when the clock changes in " + spec_.timezone +
                 " the time of day moves; days, such as P1D, keep it");
    } else if (anchor_of(*text).offset) {
      warn("fixed_offset", ".spec.interval",
           "the offset in the text holds all year: when the clock changes in " + spec_.timezone +
               " the time of day there moves; without an offset the text follows that clock");
    }
  }
  void operator()(const custom_rule&) {}

  void operator()(const filtered& kind) {
    for (const auto& child : kind.triggers)
      linter{out_, path_ + ".spec.trigger", child, from_}.run();
  }

  void operator()(const any_of& kind) { children(kind.triggers); }

  void operator()(const all_of& kind) {
    if (kind.threshold == duration{0} && kind.triggers.size() > 1)
      warn("zero_threshold", ".spec.threshold",
           "with a threshold of 0 the triggers must fire in the very same microsecond; an interval "
           "that starts within a second never meets a cron");
    children(kind.triggers);
  }

private:
  /// Whether the clock of its zone changes within the years that are looked at.
  bool has_clock_changes() const {
    const auto zone = find_zone(spec_.timezone);
    constexpr second_count ahead = clock_years * 366 * day_seconds;
    const auto now = floor_second(std::clamp(from_, instant_min, instant_max));
    return zone && (*zone)->period_at(now).end < now + ahead;
  }

  void children(const std::vector<trigger_spec>& triggers) {
    for (std::size_t i = 0; i < triggers.size(); ++i)
      linter{out_, path_ + ".spec.triggers[" + std::to_string(i) + ']', triggers[i], from_}.run();
  }

  void both_days(const cron& kind, const cron_table& table) {
    const auto is_set = [](const std::optional<std::string>& text) { return text && *text != "*"; };
    if (kind.dialect == cron_dialect::quartz || !is_set(kind.day) || !is_set(kind.day_of_week))
      return;
    const auto message =
        "day is '" + *kind.day + "' and day_of_week is '" + *kind.day_of_week + "': ";
    if (kind.dialect == cron_dialect::apscheduler || kind.dialect == cron_dialect::jenkins)
      warn("both_day_fields", ".spec.day_of_week",
           message + "both must match; cron(8) and kind vixie fire when either does");
    else if (table.either_day)
      warn("both_day_fields", ".spec.day_of_week",
           message + "it fires when either matches; in kind cron both must");
    else
      warn("both_day_fields", ".spec.day_of_week",
           message +
               "both must match, as one of them begins with *; without the * either would do");
  }

  void steps(const cron& kind, const cron_table& table) {
    for (const auto& field : round_fields)
      if (const auto& text = kind.*field.text)
        for (const auto& step : open_steps(*text, field.min))
          if (step.step > 1 && field.size % step.step != 0)
            uneven(field.name, step.text, field.min + field.size - step.first, step.step);
    if (kind.day)
      for (const auto& step : open_steps(*kind.day, 1))
        if (step.step > 1)
          warn("uneven_step", ".spec.day",
               "day '" + step.text + "' starts over on the " + ordinal(step.first) +
                   " of each month: months end after 28 to 31 days, so its last step is shorter");
    if (kind.day_of_week && kind.dialect != cron_dialect::quartz)
      for (const auto& step : open_steps(*kind.day_of_week, 0))
        if (step.step > 1 && step.text.front() == '*') {
          const bool is_vixie = kind.dialect != cron_dialect::apscheduler;
          warn("weekday_step", ".spec.day_of_week",
               "day_of_week '" + step.text + "' counts from " + (is_vixie ? "Sunday" : "Monday") +
                   ": " + run_words(table.weekdays, [](int day) { return weekday_name(day); }) +
                   "; " + (is_vixie ? "kind cron counts from Monday" : "kind vixie from Sunday"));
        }
  }

  /// `room`: from the first value to where the field starts over.
  void uneven(std::string_view name, const std::string& text, int room, int step) {
    const int last = room % step == 0 ? step : room % step;
    warn("uneven_step", ".spec." + std::string{name},
         std::string{name} + " '" + text + "' steps by " + std::to_string(step) +
             " but its last "
             "step, before it starts over, is " +
             std::to_string(last));
  }

  void uneven_table(std::string_view name, std::uint64_t bits, int size) {
    const auto found = steps_of(bits);
    if (found && found->step > 1 && size % found->step != 0 && found->first < found->step &&
        found->last + found->step >= size)
      warn("uneven_step", ".spec.oncalendar",
           std::string{name} + "s step by " + std::to_string(found->step) +
               " but the last step, before they start over, is " +
               std::to_string(size - found->last + found->first));
  }

  void table_warnings(const cron_table& table) {
    const auto field = [&](const char* name) {
      return std::holds_alternative<on_calendar>(spec_.kind) ? std::string{".spec.oncalendar"}
                                                             : ".spec." + std::string{name};
    };
    constexpr std::uint64_t all_sixty = (std::uint64_t{1} << 60) - 1;
    if (table.minutes == all_sixty && std::popcount(table.hours) == 1)
      warn("every_minute", field("minute"),
           "it fires in each of the 60 minutes of the hour; minute 0 would fire once");
    const int first_day = std::countr_zero(table.days);
    const bool has_others = table.has_nth || table.days_from_end != 0 || table.nearest_to != 0 ||
                            table.nearest_to_from_end != 0 || table.either_day;
    if (table.days == 0 || first_day < 29 || has_others)
      return;
    std::string without;
    for (int month = 1; month <= 12; ++month)
      if ((table.months >> month & 1) != 0 && days_in_month(2000, month) < first_day)
        without += (without.empty() ? "" : ", ") + std::string{month_name(month)};
    const bool has_february = (table.months >> 2 & 1) != 0;
    if (without.empty() && !(has_february && first_day == 29))
      return;
    warn("short_months", field("day"),
         "there is no " + ordinal(first_day) + " in " +
             (without.empty() ? "February, except in leap years" : without));
  }

  void bounds() {
    if (spec_.start_time && spec_.end_time && spec_.end_time->at < spec_.start_time->at)
      warn("end_before_start", ".end_time",
           "end_time " + to_rfc3339(spec_.end_time->at) + " is before start_time " +
               to_rfc3339(spec_.start_time->at));
  }

  void clock() {
    const auto effects = clock_effects(spec_, from_, clock_years);
    const auto zone = find_zone(spec_.timezone);
    if (!effects || !zone)
      return;
    for (const bool is_gap : {true, false}) {
      std::vector<std::string> words;
      std::size_t more = 0;
      for (const auto& effect : *effects) {
        if (effect.is_gap != is_gap)
          continue;
        if (words.size() < effects_shown)
          words.push_back(to_words(effect, **zone));
        else
          ++more;
      }
      if (words.empty())
        continue;
      auto message = "when the clock changes in " + spec_.timezone + ": ";
      for (std::size_t i = 0; i < words.size(); ++i)
        message += (i == 0 ? "" : "; ") + words[i];
      if (more > 0)
        message += "; and " + std::to_string(more) + " more within " + std::to_string(clock_years) +
                   " years";
      warn(is_gap ? "dst_gap" : "dst_fold", is_gap ? ".gap" : ".fold", std::move(message));
    }
  }

  /// Whether it fires at all, and after `from_`.
  void life() {
    const auto trigger = compile(spec_);
    if (!trigger)
      return;
    const auto first = seek(*trigger, {}, from_);
    if (!first)
      return warn("no_match", "", first.error().message);
    if (first->at)
      return;
    const auto ever = next(*trigger, {});
    if (!ever)
      return warn("no_match", "", ever.error().message);
    if (!ever->at)
      warn("never_fires", "", "it has no fire time at all");
    else
      warn("no_more_fires", "", "it has no fire time at or after " + to_rfc3339(from_));
  }

  void warn(std::string_view code, std::string_view field, std::string message) {
    out_.push_back({std::string{code}, path_ + std::string{field}, std::move(message)});
  }

  std::vector<trigger_warning>& out_;
  std::string path_;
  const trigger_spec& spec_;
  time_point from_;
};

} // namespace

std::vector<trigger_warning> lint(const trigger_spec& spec, time_point from) {
  std::vector<trigger_warning> out;
  linter{out, "trigger", spec, from}.run();
  return out;
}

} // namespace carillon::triggers
