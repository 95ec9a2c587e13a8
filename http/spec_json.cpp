#include "http/spec_json.hpp"

#include "events/trigger_json.hpp"
#include "triggers/ics.hpp"

namespace carillon::http {
namespace {

/// Null says "none", absent says "as it is".
template <class T, class Read>
std::optional<std::optional<T>> nullable(fields& in, std::string_view name, Read read) {
  if (!in.has(name))
    return {};
  if (in.is_null(name))
    return std::optional<T>{};
  if (auto held = read(name))
    return std::optional<T>{std::move(*held)};
  return {};
}

std::optional<std::optional<duration>> nullable_span(fields& in, std::string_view name) {
  return nullable<duration>(in, name, [&](std::string_view n) { return in.span(n); });
}

/// Null stands for the empty text.
std::optional<std::string> text_or_null(fields& in, std::string_view name) {
  if (in.is_null(name))
    return std::string{};
  return in.text(name);
}

std::optional<jitter_mode> read_jitter_mode(fields& in) {
  return in.one_of<jitter_mode>("jitter_mode",
                                {{"random", jitter_mode::random}, {"stable", jitter_mode::stable}});
}

std::optional<coalesce_policy> read_coalesce(fields& in) {
  return in.one_of<coalesce_policy>("coalesce", {{"earliest", coalesce_policy::earliest},
                                                 {"latest", coalesce_policy::latest},
                                                 {"all", coalesce_policy::all}});
}

void check(fields& in, std::string_view name, const std::string& id) {
  if (auto good = check_name(id, name); !good)
    in.refuse(name, good.error().message);
}

std::optional<arguments> read_arguments(fields& in, const arguments& otherwise) {
  if (!in.has("args") && !in.has("kwargs"))
    return {};
  arguments out = otherwise;
  if (in.has("args"))
    out.args = in.array("args").value_or(value::array{});
  if (in.has("kwargs"))
    out.kwargs = in.object("kwargs").value_or(value::object{});
  return out;
}

} // namespace

std::optional<trigger_spec> read_trigger(fields& in) {
  const auto* given = in.find("trigger");
  if (!given)
    return {};
  auto read = events::trigger_from_json(to_json(*given));
  if (read)
    return std::move(*read);
  // The reader names the field below "trigger" or with it, as it was called.
  auto name = read.error().field;
  if (name.rfind("trigger", 0) != 0)
    name = name.empty() ? "trigger" : "trigger." + name;
  in.refuse(name, read.error().message);
  return {};
}

task_options read_task_options(const value& object, std::vector<field_error>& errors,
                               const std::string& prefix) {
  fields in{object, schema_of("task_settings"), errors, prefix};
  task_options out;
  out.argv = in.texts("argv");
  if (out.argv && out.argv->empty())
    in.refuse("argv", "is empty, it needs at least the absolute path of a program");
  if (out.argv && !out.argv->empty() && (*out.argv)[0].rfind('/', 0) != 0)
    in.refuse("argv[0]", "'" + (*out.argv)[0] + "' is not an absolute path");
  out.executor = in.text("executor");
  if (!out.executor && out.argv)
    out.executor = executor_process;
  out.env = in.text_map("env");
  out.cwd = text_or_null(in, "cwd");
  if (out.cwd && !out.cwd->empty() && out.cwd->front() != '/')
    in.refuse("cwd", "'" + *out.cwd + "' is not an absolute path");
  out.stdin_text = text_or_null(in, "stdin");
  out.timeout = nullable_span(in, "timeout");
  out.max_running_jobs = nullable<std::uint32_t>(
      in, "max_running_jobs", [&](std::string_view name) -> std::optional<std::uint32_t> {
        if (const auto given = in.integer(name, 1))
          return static_cast<std::uint32_t>(*given);
        return {};
      });
  out.misfire_grace_time = nullable_span(in, "misfire_grace_time");
  out.on_lease_lost = in.one_of<lease_lost_policy>(
      "on_lease_lost", {{"retry", lease_lost_policy::retry}, {"fail", lease_lost_policy::fail}});
  out.disconnect_grace = nullable_span(in, "disconnect_grace");
  out.required_labels = in.text_map("requires");
  out.meta = in.meta("metadata");
  return out;
}

add_schedule read_new_schedule(const value& object, std::vector<field_error>& errors) {
  fields in{object, schema_of("new_schedule"), errors};
  add_schedule out;
  auto& spec = out.spec;
  if (const auto id = in.text("id")) {
    check(in, "id", *id);
    spec.id = schedule_id{*id};
  }
  if (const auto* settings = in.find("task_settings"))
    out.task = read_task_options(*settings, errors, "task_settings.");
  if (const auto task = in.text("task")) {
    check(in, "task", *task);
    spec.task = task_id{*task};
  } else if (out.task && !spec.id.empty()) {
    spec.task = task_id{spec.id.value};
  } else if (!in.has("task")) {
    in.refuse("task", "is missing: the id of the task that the schedule runs");
  }
  if (auto trigger = read_trigger(in))
    spec.trigger = std::move(*trigger);
  if (const auto given = read_arguments(in, {}))
    spec.args = to_payload(*given);
  spec.paused = in.boolean("paused").value_or(false);
  spec.strict = in.boolean("strict").value_or(false);
  spec.coalesce = read_coalesce(in).value_or(coalesce_policy::latest);
  spec.misfire_grace_time = nullable_span(in, "misfire_grace_time");
  spec.max_jitter = in.span("max_jitter");
  spec.jitter = read_jitter_mode(in).value_or(jitter_mode::random);
  spec.executor = text_or_null(in, "executor").value_or("");
  spec.result_expiration = in.span("job_result_expiration_time").value_or(duration{});
  spec.meta = in.meta("metadata").value_or(metadata{});
  spec.on_conflict =
      in.one_of<conflict_policy>("conflict_policy", {{"do_nothing", conflict_policy::do_nothing},
                                                     {"replace", conflict_policy::replace},
                                                     {"exception", conflict_policy::exception},
                                                     {"update", conflict_policy::update}})
          .value_or(conflict_policy::do_nothing);
  return out;
}

schedule_changes read_schedule_changes(const value& object, const arguments& current,
                                       std::vector<field_error>& errors) {
  fields in{object, schema_of("schedule_changes"), errors};
  schedule_changes out;
  if (const auto task = in.text("task")) {
    check(in, "task", *task);
    out.task = task_id{*task};
  }
  out.trigger = read_trigger(in);
  if (const auto given = read_arguments(in, current))
    out.args = to_payload(*given);
  out.coalesce = read_coalesce(in);
  out.misfire_grace_time = nullable_span(in, "misfire_grace_time");
  out.max_jitter = nullable_span(in, "max_jitter");
  out.jitter = read_jitter_mode(in);
  out.executor = text_or_null(in, "executor");
  out.result_expiration = in.span("job_result_expiration_time");
  out.meta = in.meta("metadata");
  return out;
}

std::vector<date_range> read_calendar_days(const value& object, time_point now,
                                           std::vector<field_error>& errors) {
  fields in{object, schema_of("calendar_days"), errors};
  if (in.has("days") == in.has("ics")) {
    in.refuse("days", "is given beside ics, or neither of them: give one of the two");
    return {};
  }
  std::vector<date_range> out;
  if (const auto text = in.text("ics")) {
    auto read = triggers::days_from_ics(*text, triggers::ics_horizon(now));
    if (!read)
      in.refuse("ics", read.error().message);
    else if (read->days.empty())
      in.refuse("ics", "has no whole days; " + std::to_string(read->timed) +
                           " events with a time of day were left out");
    else
      out = std::move(read->days);
  }
  const auto texts = in.texts("days").value_or(std::vector<std::string>{});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (const auto days = days_from_text(texts[i]))
      out.push_back(*days);
    else
      in.refuse("days[" + std::to_string(i) + ']', days.error().message);
  }
  return out;
}

job_spec read_new_job(const value& object, std::vector<field_error>& errors,
                      const std::string& prefix) {
  fields in{object, schema_of("new_job"), errors, prefix};
  job_spec out;
  if (const auto given = in.text("id")) {
    if (const auto id = parse_id<job_id>(*given))
      out.id = *id;
    else
      in.refuse("id", id.error().message);
  }
  if (const auto task = in.text("task")) {
    check(in, "task", *task);
    out.task = task_id{*task};
  }
  if (const auto given = read_arguments(in, {}))
    out.args = to_payload(*given);
  out.executor = text_or_null(in, "executor").value_or("");
  out.run_at = in.instant("run_at");
  out.deadline = in.instant("start_deadline");
  if (out.run_at && out.deadline && *out.deadline < *out.run_at)
    in.refuse("start_deadline", "is before run_at");
  out.result_expiration = in.span("result_expiration_time").value_or(duration{});
  out.meta = in.meta("metadata").value_or(metadata{});
  return out;
}

} // namespace carillon::http
