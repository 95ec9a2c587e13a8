#include "http/view_json.hpp"

#include "events/trigger_json.hpp"
#include "http/json_writer.hpp"
#include "triggers/civil_time.hpp"

namespace carillon::http {
namespace {

/// How long a process may outlive its node's lease unless its task says otherwise.

std::string metadata_json(const metadata& meta) {
  json_object out;
  for (const auto& [key, json] : meta)
    out.raw(key, json);
  return out.done();
}

std::string texts_json(const std::vector<std::string>& texts) {
  json_array out;
  for (const auto& text : texts)
    out.text(text);
  return out.done();
}

std::string error_json(const std::optional<error_info>& error) {
  if (!error)
    return "null";
  return json_object{}
      .text("type", error->type)
      .text("message", error->message)
      .raw("code", std::to_string(error->code))
      .done();
}

void add_arguments(json_object& out, const scheduler& engine, const payload& p) {
  auto args = arguments_of(engine, p);
  out.raw("args", to_json(value{std::move(args.args)}));
  out.raw("kwargs", to_json(value{std::move(args.kwargs)}));
}

void zoned(json_object& out, std::string_view name, const std::optional<time_point>& t,
           const std::string& zone) {
  if (t)
    out.text(name, zoned_text(*t, zone));
  else
    out.null(name);
}

template <class T> std::string outcome_text(const std::optional<T>& outcome) {
  return outcome ? std::string{to_string(*outcome)} : std::string{};
}

std::string_view coalesce_text(coalesce_policy policy) {
  switch (policy) {
  case coalesce_policy::earliest: return "earliest";
  case coalesce_policy::latest: return "latest";
  case coalesce_policy::all: return "all";
  }
  return "latest";
}

} // namespace

std::string zoned_text(time_point t, const std::string& zone) {
  if (zone.empty() || zone == "UTC")
    return to_rfc3339(t);
  const auto found = triggers::find_zone(zone);
  if (!found)
    return to_rfc3339(t);
  const auto offset = (*found)->period_at(triggers::floor_second(t)).offset;
  // RFC 3339 has no seconds in an offset; zones of long ago had.
  return offset % 60 == 0 && offset != 0 ? to_rfc3339(t, std::chrono::seconds{offset})
                                         : to_rfc3339(t);
}

std::string zone_of(const trigger_spec& trigger) {
  if (!trigger.timezone.empty())
    return trigger.timezone;
  const auto* children =
      std::get_if<any_of>(&trigger.kind)     ? &std::get_if<any_of>(&trigger.kind)->triggers
      : std::get_if<all_of>(&trigger.kind)   ? &std::get_if<all_of>(&trigger.kind)->triggers
      : std::get_if<filtered>(&trigger.kind) ? &std::get_if<filtered>(&trigger.kind)->triggers
                                             : nullptr;
  if (!children || children->empty())
    return {};
  // The children's own zone, if they agree.
  auto zone = zone_of(children->front());
  for (const auto& child : *children)
    if (zone_of(child) != zone)
      return {};
  return zone;
}

arguments arguments_of(const scheduler& engine, const payload& p) {
  if (p.empty())
    return {};
  const auto text = engine.text_of(p);
  if (!text)
    return {};
  return to_arguments(*text).value_or(arguments{});
}

namespace {

std::string texts_json(const std::map<std::string, std::string>& texts) {
  json_object out;
  for (const auto& [name, text] : texts)
    out.text(name, text);
  return out.done();
}

} // namespace

std::string to_json(const task_view& view) {
  const auto& s = view.settings;
  json_object out;
  out.text("id", view.id.value)
      .text("executor", s.executor)
      .raw("argv", texts_json(s.argv))
      .raw("env", texts_json(s.env))
      .text_or_null("cwd", s.cwd)
      .text_or_null("stdin", s.stdin_text)
      .seconds("timeout", s.timeout);
  if (s.max_running_jobs)
    out.number("max_running_jobs", *s.max_running_jobs);
  else
    out.null("max_running_jobs");
  return out.seconds("misfire_grace_time", s.misfire_grace_time)
      .text("on_lease_lost", s.on_lease_lost == lease_lost_policy::retry ? "retry" : "fail")
      .seconds("disconnect_grace", disconnect_grace_of(s))
      .raw("requires", texts_json(s.required_labels))
      .raw("metadata", metadata_json(s.meta))
      .number("revision", view.revision)
      .time("created_at", view.created_at)
      .number("running_jobs", view.running_jobs)
      .number("waiting_jobs", view.waiting_jobs)
      .boolean("claimable", view.claimable)
      .done();
}

std::string to_json(const scheduler& engine, const schedule_view& view) {
  const auto& s = view.settings;
  const auto zone = zone_of(s.trigger);
  json_object out;
  out.text("id", view.id.value)
      .text("task", s.task.value)
      .raw("trigger", events::trigger_to_json(s.trigger));
  add_arguments(out, engine, s.args);
  out.boolean("paused", view.status == schedule_status::paused)
      .text("coalesce", coalesce_text(s.coalesce))
      .seconds("misfire_grace_time", s.misfire_grace_time)
      .seconds("max_jitter", s.max_jitter)
      .text("jitter_mode", s.jitter == jitter_mode::stable ? "stable" : "random")
      .text_or_null("executor", s.executor)
      .seconds("job_result_expiration_time", s.result_expiration)
      .raw("metadata", metadata_json(s.meta))
      .text("state", to_string(view.status))
      .text_or_null("fault", view.fault);
  zoned(out, "next_fire_time", view.next_fire_time, zone);
  zoned(out, "last_fire_time", view.last_fire_time, zone);
  zoned(out, "last_due_time", view.last_due_time, zone);
  return out.time("last_started_at", view.last_started_at)
      .time("last_success_at", view.last_success_at)
      .text_or_null("last_outcome", outcome_text(view.last_outcome))
      .text_or_null("last_job", view.last_job.empty() ? "" : to_string(view.last_job))
      .number("open_jobs", view.open_jobs)
      .number("revision", view.revision)
      .number("incarnation", view.incarnation)
      .time("created_at", view.created_at)
      .done();
}

std::string to_json(const scheduler& engine, const job_view& view, bool whole) {
  json_object out;
  out.text("id", to_string(view.id))
      .text("task", view.task.value)
      .text_or_null("schedule", view.schedule.value)
      .text("state", to_string(view.status))
      .text_or_null("outcome", outcome_text(view.outcome))
      .time("scheduled_fire_time", view.scheduled_fire_time)
      .seconds("jitter", view.jitter)
      .time("run_at", view.run_at)
      .time("start_deadline", view.start_deadline)
      .time("created_at", view.created_at)
      .time("started_at", view.started_at)
      .time("finished_at", view.finished_at)
      .number("attempts", view.attempts)
      .text_or_null("node", view.node.value);
  if (view.fence != 0)
    out.number("fence", view.fence);
  else
    out.null("fence");
  out.number("revision", view.revision).text_or_null("executor", view.executor);
  add_arguments(out, engine, view.args);
  out.raw("error", error_json(view.error))
      .time("result_expires_at", view.result_expires_at)
      .boolean("cancel_requested", view.cancel_requested)
      .boolean("unclaimable", view.unclaimable)
      .raw("metadata", metadata_json(view.meta));
  if (!whole)
    return out.done();
  const auto output =
      view.output.empty() ? expected<std::string>{std::string{}} : engine.text_of(view.output);
  const auto result = view.result.empty() ? expected<std::string>{std::string{"null"}}
                                          : engine.text_of(view.result);
  return out.text_or_null("output", output ? *output : "")
      .raw("return_value", result && !result->empty() ? *result : "null")
      .done();
}

std::string to_json(const calendar_view& view, bool whole) {
  json_array days;
  std::uint64_t day_count = 0;
  for (const auto& each : view.days) {
    days.text(days_text(each));
    day_count += static_cast<std::uint64_t>(triggers::day_number(each.last) -
                                            triggers::day_number(each.first) + 1);
  }
  json_object out;
  out.text("id", view.id.value)
      .number("day_count", day_count)
      .number("schedule_count", view.schedule_count)
      .number("revision", view.revision)
      .time("created_at", view.created_at)
      .time("changed_at", view.changed_at);
  if (!whole)
    return out.done();
  json_array schedules;
  for (const auto& id : view.schedules)
    schedules.text(id.value);
  return out.raw("days", days.done()).raw("schedules", schedules.done()).done();
}

std::string to_json(const job_result& result) {
  return json_object{}
      .text("job_id", to_string(result.id))
      .text("outcome", to_string(result.outcome))
      .raw("return_value", result.return_value ? to_json(*result.return_value) : "null")
      .raw("error", error_json(result.error))
      .time("started_at", result.started_at)
      .time("finished_at", result.finished_at)
      .number("attempts", result.attempts)
      .done();
}

std::string to_json(const status_view& view) {
  return json_object{}
      .text("node", view.node.value)
      .text("state", to_string(view.state))
      .number("position", view.at)
      .time("time", view.time)
      .text("chain_hash", view.chain_hash)
      .text("state_hash", view.state_hash)
      .number("tasks", view.tasks)
      .number("schedules", view.schedules)
      .number("jobs_waiting", view.jobs_waiting)
      .number("jobs_running", view.jobs_running)
      .number("waiting_bytes", view.waiting_bytes)
      .number("lag", view.lag)
      .raw("session", view.session == 0 ? "null" : std::to_string(view.session))
      .seconds("clock_offset", view.clock_offset)
      .raw("broker_connected",
           view.broker_connected ? (*view.broker_connected ? "true" : "false") : "null")
      .number("level", view.level)
      .number("level_known", view.level_known)
      .text("version", view.version)
      .time("started_at", view.started_at)
      .done();
}

std::string to_json(const node_view& view) {
  return json_object{}
      .text("node", view.node.value)
      .text("state", view.is_live ? "live" : "lost")
      .boolean("this", view.is_this)
      .text("role", view.role)
      .raw("session", view.session == 0 ? "null" : std::to_string(view.session))
      .time("opened_at", view.opened_at)
      .time("expires_at", view.expires_at)
      .raw("tasks", texts_json(view.tasks))
      .raw("executors", texts_json(view.executors))
      .raw("labels", texts_json(view.labels))
      .number("level", view.level)
      .done();
}

} // namespace carillon::http
