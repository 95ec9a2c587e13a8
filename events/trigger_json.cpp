#include "events/trigger_json.hpp"

#include "events/cron_ranges.hpp"
#include "events/except_json.hpp"
#include "events/key_hint.hpp"
#include "events/recurrence_json.hpp"
#include "events/trigger_keys.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <span>

namespace carillon::events {
namespace {

using nlohmann::json;

using std::string_view_literals::operator""sv;

constexpr std::array trigger_keys{"kind"sv,     "spec"sv, "timezone"sv, "start_time"sv,
                                  "end_time"sv, "gap"sv,  "fold"sv};
constexpr std::array kinds{"date"sv,   "interval"sv, "calendar"sv, "cron"sv,    "vixie"sv,
                           "quartz"sv, "systemd"sv,  "rrule"sv,    "iso8601"sv, "and"sv,
                           "or"sv,     "except"sv,   "custom"sv};

// About 20,000 years; longer texts are mistakes.
constexpr long double interval_microseconds_max = 6.4e17L;

/// Reads one trigger object; `path` names it in errors.
class trigger_reader {
public:
  trigger_reader(std::string path, int depth) : path_{std::move(path)}, depth_{depth} {}

  expected<trigger_spec> read(const json& in) {
    if (depth_ > trigger_depth_max)
      return refuse(errc::limit_exceeded,
                    "triggers are nested deeper than " + std::to_string(trigger_depth_max), path_);
    if (!in.is_object())
      return refuse(errc::invalid_argument, "a trigger must be a JSON object", path_);
    trigger_spec out{once{}};
    const bool ok = only(in, path_, trigger_keys) && text(in, path_, "timezone", out.timezone) &&
                    instant(in, path_, "start_time", out.start_time) &&
                    instant(in, path_, "end_time", out.end_time) &&
                    word(in, path_, "gap", gap_names, out.gap) &&
                    word(in, path_, "fold", fold_names, out.fold) && kind(in, out);
    if (!ok)
      return unexpected<error>{std::move(*failure_)};
    return out;
  }

private:
  bool kind(const json& in, trigger_spec& out) {
    std::string name;
    if (!text(in, path_, "kind", name))
      return false;
    if (std::find(kinds.begin(), kinds.end(), name) == kinds.end())
      return fail(errc::invalid_argument,
                  name.empty()
                      ? "the trigger has no kind; " + hint("", kinds)
                      : "kind " + in_quotes(name) + " does not exist; " + hint(name, kinds),
                  path_ + ".kind");
    static const json nothing = json::object();
    const auto found = in.find("spec");
    const auto& spec = found == in.end() || found->is_null() ? nothing : *found;
    spec_path_ = path_ + ".spec";
    if (!spec.is_object())
      return fail(errc::invalid_argument, "spec must be a JSON object", spec_path_);
    if (name == "date")
      return date(spec, out);
    if (name == "interval")
      return interval_kind(spec, out);
    if (name == "calendar")
      return calendar(spec, out);
    if (name == "cron")
      return cron_kind(spec, out);
    if (name == "vixie")
      return vixie(spec, out);
    if (name == "quartz")
      return quartz(spec, out);
    if (name == "systemd")
      return systemd(spec, out);
    if (name == "rrule")
      return rrule(spec, out);
    if (name == "iso8601")
      return iso8601(spec, out);
    if (name == "custom")
      return custom(spec, out);
    if (name == "except")
      return except(spec, out);
    return name == "and" ? all(spec, out) : any(spec, out);
  }

  bool date(const json& spec, trigger_spec& out) {
    constexpr std::array keys{"run_time"sv};
    std::optional<when> at;
    if (!only(spec, spec_path_, keys) || !instant(spec, spec_path_, "run_time", at))
      return false;
    if (!at)
      return fail(errc::invalid_argument, "run_time is missing", spec_path_ + ".run_time");
    out.kind = once{*at};
    return true;
  }

  bool interval_kind(const json& spec, trigger_spec& out) {
    std::array<std::string_view, interval_units.size() + 1> keys{"phase"};
    std::transform(interval_units.begin(), interval_units.end(), keys.begin() + 1,
                   [](const auto& u) { return u.name; });
    interval kind;
    if (!only(spec, spec_path_, keys) || !phase(spec, kind))
      return false;
    long double total = 0; // its 64 bits hold every sum of whole microseconds exactly
    for (const auto& [name, microseconds] : interval_units) {
      const auto* value = given(spec, name);
      if (value == nullptr)
        continue;
      if (!value->is_number())
        return fail(errc::invalid_argument, std::string{name} + " must be a number",
                    spec_path_ + '.' + std::string{name});
      total += number(*value) * static_cast<long double>(microseconds);
    }
    if (!(std::fabs(total) <= interval_microseconds_max))
      return fail(errc::invalid_argument, "the interval is longer than 20,000 years", spec_path_);
    kind.every = duration{std::llround(total)};
    out.kind = kind;
    return kind.every > duration{0} ||
           fail(errc::invalid_argument,
                "the time interval is " + carillon::to_string(kind.every) + ", it must be positive",
                spec_path_);
  }

  bool phase(const json& spec, interval& out) {
    duration value{};
    if (!span(spec, "phase", value))
      return false;
    if (given(spec, "phase") != nullptr)
      out.phase = value;
    return true;
  }

  static long double number(const json& value) {
    if (value.is_number_unsigned())
      return static_cast<long double>(value.get<std::uint64_t>());
    if (value.is_number_integer())
      return static_cast<long double>(value.get<std::int64_t>());
    return static_cast<long double>(value.get<double>());
  }

  bool calendar(const json& spec, trigger_spec& out) {
    constexpr std::array keys{"years"sv,    "months"sv,      "weeks"sv,  "days"sv,
                              "hour"sv,     "minute"sv,      "second"sv, "start_date"sv,
                              "end_date"sv, "end_of_month"sv};
    constexpr std::int64_t count_max = 1'000'000;
    calendar_interval kind;
    const bool ok =
        only(spec, spec_path_, keys) && whole(spec, "years", count_max, kind.years) &&
        whole(spec, "months", count_max, kind.months) &&
        whole(spec, "weeks", count_max, kind.weeks) && whole(spec, "days", count_max, kind.days) &&
        whole(spec, "hour", 23, kind.hour) && whole(spec, "minute", 59, kind.minute) &&
        whole(spec, "second", 59, kind.second) && day(spec, "start_date", kind.start_date) &&
        day(spec, "end_date", kind.end_date) &&
        word(spec, spec_path_, "end_of_month", end_of_month_names, kind.clamp_day);
    out.kind = kind;
    return ok;
  }

  bool cron_kind(const json& spec, trigger_spec& out) {
    std::vector<std::string_view> keys;
    for (const auto& key : cron_keys)
      keys.push_back(key.name);
    keys.insert(keys.end(), {"crontab", "dialect"});
    std::string dialect = "apscheduler";
    if (!only(spec, spec_path_, keys) || !text(spec, spec_path_, "dialect", dialect))
      return false;
    cron kind;
    const auto known = std::find_if(dialect_names.begin(), dialect_names.end(),
                                    [&](const auto& each) { return each.name == dialect; });
    if (known == dialect_names.end())
      return fail(errc::unsupported,
                  "dialect " + in_quotes(dialect) +
                      " is not supported by this version; allowed are "
                      "apscheduler, vixie, quartz, seconds, jenkins",
                  spec_path_ + ".dialect");
    kind.dialect = known->value;
    const auto* crontab = given(spec, "crontab");
    for (const auto& [name, value] : cron_keys) {
      if (!cron_text(spec, name, kind.dialect, kind.*value))
        return false;
      if (crontab != nullptr && kind.*value)
        return fail(errc::invalid_argument,
                    "crontab and " + std::string{name} + " exclude each other",
                    spec_path_ + '.' + std::string{name});
    }
    out.kind = std::move(kind);
    return crontab == nullptr || from_crontab(spec, std::get<cron>(out.kind).dialect, out);
  }

  bool vixie(const json& spec, trigger_spec& out) {
    constexpr std::array keys{"crontab"sv};
    return only(spec, spec_path_, keys) && from_crontab(spec, cron_dialect::vixie, out);
  }

  bool quartz(const json& spec, trigger_spec& out) {
    constexpr std::array keys{"cron"sv};
    std::string expression;
    if (!only(spec, spec_path_, keys) || !text(spec, spec_path_, "cron", expression))
      return false;
    auto kind = cron_from_quartz(expression);
    if (!kind)
      return fail(kind.error().code, kind.error().message, spec_path_ + ".cron");
    out.kind = std::move(*kind);
    return true;
  }

  bool systemd(const json& spec, trigger_spec& out) {
    constexpr std::array keys{"oncalendar"sv};
    on_calendar kind;
    if (!only(spec, spec_path_, keys) || !text(spec, spec_path_, "oncalendar", kind.text))
      return false;
    out.kind = std::move(kind);
    return true;
  }

  bool rrule(const json& spec, trigger_spec& out) {
    auto kind = recurrence_from_json(spec, spec_path_, out.start_time);
    if (!kind)
      return fail(kind.error().code, kind.error().message, kind.error().field);
    out.kind = std::move(*kind);
    return true;
  }

  bool iso8601(const json& spec, trigger_spec& out) {
    constexpr std::array keys{"interval"sv};
    repeating_interval kind;
    if (!only(spec, spec_path_, keys) || !text(spec, spec_path_, "interval", kind.text))
      return false;
    out.kind = std::move(kind);
    return true;
  }

  bool custom(const json& spec, trigger_spec& out) {
    constexpr std::array keys{"type"sv, "version"sv, "config"sv};
    custom_rule kind;
    if (!only(spec, spec_path_, keys) || !text(spec, spec_path_, "type", kind.type) ||
        !whole(spec, "version", std::numeric_limits<std::uint32_t>::max(), kind.version))
      return false;
    if (const auto* config = given(spec, "config"))
      kind.config = config->dump(-1, ' ', false, json::error_handler_t::replace);
    out.kind = std::move(kind);
    return true;
  }

  bool from_crontab(const json& spec, cron_dialect dialect, trigger_spec& out) {
    std::string crontab;
    if (!text(spec, spec_path_, "crontab", crontab))
      return false;
    auto read = trigger_from_crontab(crontab, dialect);
    if (!read)
      return fail(read.error().code, read.error().message, spec_path_ + ".crontab");
    out.kind = std::move(read->kind);
    if (!read->timezone.empty())
      out.timezone = std::move(read->timezone);
    return true;
  }

  bool except(const json& spec, trigger_spec& out) {
    auto kind = except_from_json(spec, spec_path_, [this](const json& in, const std::string& path) {
      return trigger_reader{path, depth_ + 1}.read(in);
    });
    if (!kind)
      return fail(kind.error().code, kind.error().message, kind.error().field);
    out.kind = std::move(*kind);
    return true;
  }

  bool all(const json& spec, trigger_spec& out) {
    constexpr std::array keys{"triggers"sv, "threshold"sv, "max_iterations"sv};
    all_of kind;
    const bool ok = only(spec, spec_path_, keys) && span(spec, "threshold", kind.threshold) &&
                    whole(spec, "max_iterations", 1'000'000, kind.iterations_max) &&
                    children(spec, kind.triggers);
    if (ok && kind.triggers.empty())
      return fail(errc::invalid_argument, "'and' needs at least one trigger",
                  spec_path_ + ".triggers");
    out.kind = std::move(kind);
    return ok;
  }

  bool any(const json& spec, trigger_spec& out) {
    constexpr std::array keys{"triggers"sv};
    any_of kind;
    const bool ok = only(spec, spec_path_, keys) && children(spec, kind.triggers);
    out.kind = std::move(kind);
    return ok;
  }

  bool children(const json& spec, std::vector<trigger_spec>& out) {
    const auto path = spec_path_ + ".triggers";
    const auto* list = given(spec, "triggers");
    if (list == nullptr || !list->is_array())
      return fail(errc::invalid_argument, "triggers must be a list", path);
    for (std::size_t i = 0; i < list->size(); ++i) {
      trigger_reader child{path + '[' + std::to_string(i) + ']', depth_ + 1};
      auto read = child.read((*list)[i]);
      if (!read)
        return fail(read.error().code, read.error().message, read.error().field);
      out.push_back(std::move(*read));
    }
    return true;
  }

  bool only(const json& in, const std::string& path, std::span<const std::string_view> allowed) {
    failure_ = unknown_key(in, path, allowed);
    return !failure_;
  }

  /// The value of a key, unless absent or null.
  static const json* given(const json& in, std::string_view key) {
    const auto found = in.find(key);
    return found == in.end() || found->is_null() ? nullptr : &*found;
  }

  bool text(const json& in, const std::string& path, std::string_view key, std::string& out) {
    const auto* value = given(in, key);
    if (value == nullptr)
      return true;
    if (!value->is_string())
      return fail(errc::invalid_argument, std::string{key} + " must be a string",
                  path + '.' + std::string{key});
    out = value->get<std::string>();
    return true;
  }

  template <class Value, std::size_t count>
  bool word(const json& in, const std::string& path, std::string_view key,
            const std::array<named<Value>, count>& words, Value& out) {
    if (given(in, key) == nullptr)
      return true;
    std::string name;
    if (!text(in, path, key, name))
      return false;
    std::array<std::string_view, count> allowed;
    for (std::size_t i = 0; i < count; ++i) {
      allowed[i] = words[i].name;
      if (name == words[i].name) {
        out = words[i].value;
        return true;
      }
    }
    return fail(errc::invalid_argument,
                std::string{key} + " is " + in_quotes(name) + "; " + hint(name, allowed),
                path + '.' + std::string{key});
  }

  bool instant(const json& in, const std::string& path, std::string_view key,
               std::optional<when>& out) {
    if (given(in, key) == nullptr)
      return true;
    std::string literal;
    if (!text(in, path, key, literal))
      return false;
    auto at = parse_instant(literal);
    if (at) {
      out = when{*at, false};
    } else if (auto wall = parse_instant(literal + 'Z'); wall) {
      out = when{*wall, true};
    } else {
      return fail(errc::invalid_argument, at.error().message, path + '.' + std::string{key});
    }
    return true;
  }

  template <class T> bool whole(const json& in, std::string_view key, std::int64_t max, T& out) {
    const auto* value = given(in, key);
    if (value == nullptr)
      return true;
    const bool ok = value->is_number_integer() &&
                    (!value->is_number_unsigned() ||
                     value->get<std::uint64_t>() <= static_cast<std::uint64_t>(max)) &&
                    value->get<std::int64_t>() >= 0 && value->get<std::int64_t>() <= max;
    if (!ok)
      return fail(errc::invalid_argument,
                  std::string{key} + " must be a whole number from 0 to " + std::to_string(max),
                  spec_path_ + '.' + std::string{key});
    out = static_cast<T>(value->get<std::int64_t>());
    return true;
  }

  bool day(const json& in, std::string_view key, std::optional<civil_date>& out) {
    std::string literal;
    if (given(in, key) == nullptr)
      return true;
    if (!text(in, spec_path_, key, literal))
      return false;
    const auto begin = parse_instant(literal + "T00:00:00Z");
    if (!begin)
      return fail(errc::invalid_argument, in_quotes(literal) + " is not a date such as 2026-03-29",
                  spec_path_ + '.' + std::string{key});
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(*begin)};
    out =
        civil_date{static_cast<int>(date.year()), static_cast<std::uint8_t>(unsigned{date.month()}),
                   static_cast<std::uint8_t>(unsigned{date.day()})};
    return true;
  }

  bool span(const json& in, std::string_view key, duration& out) {
    const auto* value = given(in, key);
    if (value == nullptr)
      return true;
    expected<duration> parsed =
        refuse(errc::invalid_argument, std::string{key} + " must be seconds or a duration");
    if (value->is_string())
      parsed = parse_duration(value->get<std::string>());
    else if (value->is_number())
      parsed = parse_duration(value->dump());
    if (!parsed)
      return fail(errc::invalid_argument, parsed.error().message,
                  spec_path_ + '.' + std::string{key});
    out = *parsed;
    return true;
  }

  bool cron_text(const json& in, std::string_view key, cron_dialect dialect,
                 std::optional<std::string>& out) {
    const auto* value = given(in, key);
    if (value == nullptr)
      return true;
    auto field = cron_field_text(*value, dialect, spec_path_ + '.' + std::string{key});
    if (!field)
      return fail(field.error().code, field.error().message, field.error().field);
    out = std::move(*field);
    return true;
  }

  bool fail(errc code, std::string message, std::string field) {
    failure_ = error{code, std::move(message), std::move(field)};
    return false;
  }

  std::string path_;
  std::string spec_path_;
  int depth_;
  std::optional<error> failure_;
};

} // namespace

expected<trigger_spec> trigger_from_json(std::string_view text) {
  const auto in = json::parse(text, nullptr, false);
  if (in.is_discarded())
    return refuse(errc::invalid_argument, "the trigger is not JSON", "trigger");
  return trigger_reader{"trigger", 1}.read(in);
}

} // namespace carillon::events
