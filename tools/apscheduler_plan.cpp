#include "tools/apscheduler_plan.hpp"

#include "events/trigger_json.hpp"
#include "tools/cli.hpp"
#include "triggers/resolve.hpp"

#include <array>

namespace carillon::tools {
namespace {

constexpr std::string_view magic_key = "_apscheduler_json";

error wrong(std::string message, errc code = errc::invalid_argument) {
  return {code, std::move(message), ""};
}

/// Parsed when it is text: the store keeps triggers and arguments as JSON text.
expected<value> as_json(const value& given) {
  const auto* text = given.get_if<std::string>();
  return text ? parse_json(*text) : expected<value>{given};
}

/// Reads a trigger's class and state into the JSON of `events::trigger_from_json`.
class state_reader {
public:
  /// `in` is {"_apscheduler_json": [class, state]}, or [class, state] inside other triggers.
  expected<value::object> read(const value& in, int depth = 1) {
    if (depth > trigger_depth_max)
      return unexpected<error>{wrong("triggers are nested too deep", errc::limit_exceeded)};
    const auto& pair = in.get_if<value::array>() ? in : member(in, magic_key);
    const auto* parts = pair.get_if<value::array>();
    if (!parts || parts->size() != 2 || !(*parts)[0].get_if<std::string>() ||
        !(*parts)[1].get_if<value::object>())
      return unexpected<error>{
          wrong("a trigger must be {\"" + std::string{magic_key} + "\": [class, state]}")};
    const auto& reference = *(*parts)[0].get_if<std::string>();
    const auto& state = (*parts)[1];
    if (const auto version = number_at(state, "version"); version != 1)
      return unexpected<error>{wrong("version " + std::to_string(version) + " of " + reference +
                                         " is not known; allowed is 1",
                                     errc::unsupported)};
    const auto name = reference.substr(reference.rfind(':') + 1);
    if (name == "DateTrigger")
      return of_kind("date", {{"run_time", member(state, "run_time")}}, state, false);
    if (name == "IntervalTrigger")
      return interval(state);
    if (name == "CalendarIntervalTrigger")
      return calendar(state);
    if (name == "CronTrigger")
      return cron(state);
    if (name == "AndTrigger" || name == "OrTrigger")
      return combined(name == "AndTrigger", state, depth);
    return unexpected<error>{
        wrong("triggers of class " + reference + " can not be said", errc::unsupported)};
  }

private:
  static value::object of_kind(const char* kind, value::object spec, const value& state,
                               bool has_bounds) {
    value::object out{{"kind", kind}, {"spec", std::move(spec)}};
    if (const auto& zone = member(state, "timezone"); !zone.is_null())
      out["timezone"] = zone;
    if (has_bounds) {
      // What was produced last is what comes next: the schedule was waiting for it.
      const auto& last = member(state, "last_fire_time");
      out["start_time"] = last.is_null() ? member(state, "start_time") : last;
      out["end_time"] = member(state, "end_time");
    }
    return out;
  }

  /// The elements of a list under names.
  template <std::size_t Size>
  static expected<value::object> named(const value& state, const char* key,
                                       const std::array<const char*, Size>& names) {
    const auto& list = list_at(state, key);
    if (list.size() != Size)
      return unexpected<error>{wrong(std::string{key} + " has " + std::to_string(list.size()) +
                                     " elements, expected " + std::to_string(Size))};
    value::object out;
    for (std::size_t i = 0; i < Size; ++i)
      out[names[i]] = list[i];
    return out;
  }

  static expected<value::object> interval(const value& state) {
    constexpr std::array<const char*, 6> names{"weeks",   "days",    "hours",
                                               "minutes", "seconds", "microseconds"};
    auto spec = named(state, "interval", names);
    if (!spec)
      return spec;
    return of_kind("interval", *std::move(spec), state, true);
  }

  static expected<value::object> calendar(const value& state) {
    constexpr std::array<const char*, 4> steps{"years", "months", "weeks", "days"};
    constexpr std::array<const char*, 3> times{"hour", "minute", "second"};
    auto spec = named(state, "interval", steps);
    const auto time = named(state, "time", times);
    if (!spec || !time)
      return spec ? time : spec;
    spec->insert(time->begin(), time->end());
    constexpr std::size_t date_size = 10;
    const auto last = text_at(state, "last_fire_date").substr(0, date_size);
    (*spec)["start_date"] = last.empty() ? member(state, "start_date") : value{last};
    (*spec)["end_date"] = member(state, "end_date");
    return of_kind("calendar", *std::move(spec), state, false);
  }

  static expected<value::object> cron(const value& state) {
    constexpr std::array<const char*, 8> names{"year",        "month", "day",    "week",
                                               "day_of_week", "hour",  "minute", "second"};
    auto spec = named(state, "fields", names);
    if (!spec)
      return spec;
    return of_kind("cron", *std::move(spec), state, true);
  }

  expected<value::object> combined(bool is_and, const value& state, int depth) {
    value::array triggers;
    const auto& pending = list_at(state, "next_fire_times");
    const auto& children = list_at(state, "triggers");
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (i < pending.size() && pending[i].is_null() && !is_and)
        continue; // this one has ended
      auto child = read(children[i], depth + 1);
      if (!child)
        return child;
      triggers.emplace_back(*std::move(child));
    }
    value::object spec{{"triggers", std::move(triggers)}};
    if (is_and) {
      spec["threshold"] = member(state, "threshold");
      spec["max_iterations"] = member(state, "max_iterations");
    }
    return of_kind(is_and ? "and" : "or", std::move(spec), state, false);
  }
};

expected<trigger_spec> trigger_of(const value& schedule, const std::string& zone) {
  const auto in = as_json(member(schedule, "trigger"));
  if (!in)
    return unexpected<error>{wrong("trigger: " + in.error().message)};
  auto json = state_reader{}.read(*in);
  if (!json)
    return unexpected<error>{wrong("trigger: " + json.error().message, json.error().code)};
  const auto kind = (*json)["kind"];
  const auto& pending = member(schedule, "next_fire_time");
  if ((kind == value{"and"} || kind == value{"or"}) && !pending.is_null()) {
    // The fire time that was waited for has gone out of the parts already.
    const value date{
        value::object{{"kind", "date"}, {"spec", value::object{{"run_time", pending}}}}};
    value::array both{date, value{*std::move(json)}};
    json = value::object{{"kind", "or"}, {"spec", value::object{{"triggers", std::move(both)}}}};
  }
  auto out = events::trigger_from_json(to_json(value{*std::move(json)}));
  if (!out)
    return out;
  if (const auto resolved = triggers::resolve(*out, {{}, zone}); !resolved)
    return resolved;
  return out;
}

/// A span as the API shows it; APScheduler writes seconds, also as 30.0.
expected<value> span_of(const value& given) {
  if (given.is_null())
    return given;
  const auto* text = given.get_if<std::string>();
  const auto read = parse_duration(text ? *text : to_json(given));
  if (!read)
    return unexpected<error>{read.error()};
  return seconds_value(*read);
}

/// The settings of a schedule that Carillon knows by the same names.
expected<value::object> settings_of(const value& schedule) {
  value::object out;
  for (const auto* key : {"args", "kwargs"}) {
    auto given = as_json(member(schedule, key));
    if (!given)
      return unexpected<error>{wrong(std::string{key} + ": " + given.error().message)};
    if (!given->is_null())
      out[key] = *std::move(given);
  }
  for (const auto* key : {"paused", "coalesce"})
    if (const auto& held = member(schedule, key); !held.is_null())
      out[key] = held;
  const auto& fields = *schedule.get_if<value::object>();
  for (const auto* key : {"misfire_grace_time", "max_jitter", "job_result_expiration_time"}) {
    if (!fields.contains(key))
      continue;
    auto span = span_of(fields.at(key));
    if (!span)
      return unexpected<error>{wrong(std::string{key} + ": " + span.error().message)};
    out[key] = *std::move(span);
  }
  return out;
}

/// Reads the schedules one by one into a plan.
void plan_one(const value& schedule, std::size_t line, const import_file& file,
              const import_context& context, import_plan& out) {
  const auto say = [&](std::string text, bool is_error) {
    out.messages.push_back({file.path, line, 1, std::move(text), is_error});
  };
  const auto id = text_at(schedule, "id");
  const auto task = text_at(schedule, "task_id");
  if (id.empty() || task.empty())
    return say("a schedule needs id and task_id", true);
  if (schedule.get_if<value::object>()->contains("next_fire_time") &&
      member(schedule, "next_fire_time").is_null()) {
    ++out.skipped;
    return say(id + " is left out: it has no next fire time", false);
  }
  auto trigger = trigger_of(schedule, context.zone);
  if (!trigger)
    return say(id + ": " + trigger.error().message, true);
  auto settings = settings_of(schedule);
  if (!settings)
    return say(id + ": " + settings.error().message, true);
  if (const auto executor = text_at(schedule, "job_executor"); !executor.empty())
    say(id + ": job_executor " + executor + " is not kept: the task's is used", false);
  planned_schedule made;
  made.id = context.source + '/' + id;
  made.task = task;
  made.trigger = *std::move(trigger);
  made.settings = *std::move(settings);
  if (const auto* given = member(schedule, "metadata").get_if<value::object>())
    made.metadata = *given;
  made.metadata["source"] = context.source;
  made.file = file.path;
  made.line = line;
  out.schedules.push_back(std::move(made));
}

} // namespace

import_plan plan_apscheduler(const import_file& file, const import_context& context) {
  import_plan out;
  const auto add = [&](const value& json, std::size_t line) {
    if (const auto* list = json.get_if<value::array>())
      for (const auto& each : *list)
        plan_one(each, line, file, context, out);
    else
      plan_one(json, line, file, context, out);
  };
  if (const auto whole = parse_json(file.text)) {
    add(*whole, 1);
    return out;
  }
  std::string_view rest = file.text;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const auto text = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    if (text.find_first_not_of(" \t\r") == std::string_view::npos)
      continue;
    const auto json = parse_json(text);
    if (json)
      add(*json, line);
    else
      out.messages.push_back({file.path, line, 1, json.error().message, true});
  }
  return out;
}

} // namespace carillon::tools
