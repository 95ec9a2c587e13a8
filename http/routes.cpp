#include "http/routes.hpp"

#include "http/answers.hpp"
#include "http/fields.hpp"
#include "http/suggestion.hpp"

#include <algorithm>
#include <optional>

namespace carillon::http {
namespace {

constexpr route table[] = {
    {"PUT", "/v1/tasks/{id}", access::change, put_task,
     "Makes a task, or changes the given settings of an existing one", "changed", "task_settings"},
    {"GET", "/v1/tasks", access::read, get_tasks, "Lists tasks by id", "[task]", "",
     "limit cursor"},
    {"GET", "/v1/tasks/{id}", access::read, get_task, "Shows a task", "task"},
    {"DELETE", "/v1/tasks/{id}", access::change, delete_task,
     "Removes a task that no schedule and no unfinished job uses", "changed"},
    {"POST", "/v1/schedules", access::change, post_schedule,
     "Adds a schedule, and with task_settings its task in the same commit", "changed",
     "new_schedule"},
    {"GET", "/v1/schedules", access::read, get_schedules, "Lists schedules by id", "[schedule]", "",
     "limit cursor"},
    {"POST", "/v1/schedules/{id}/pause", access::change, pause_route, "Pauses a schedule",
     "changed", "nothing"},
    {"POST", "/v1/schedules/{id}/resume", access::change, resume_route,
     "Lets a paused schedule fire again", "changed", "resume"},
    {"POST", "/v1/schedules/{id}/trigger", access::change, trigger_route,
     "Runs the schedule's task now; its next fire time does not move", "added_job", "nothing"},
    {"GET", "/v1/schedules/{id}", access::read, get_schedule, "Shows a schedule", "schedule"},
    {"PATCH", "/v1/schedules/{id}", access::change, patch_schedule,
     "Changes the given settings of a schedule; If-Match takes its revision", "changed",
     "schedule_changes"},
    {"DELETE", "/v1/schedules/{id}", access::change, delete_schedule,
     "Removes a schedule; its jobs stay", "changed"},
    {"PUT", "/v1/calendars/{id}", access::change, put_calendar,
     "Makes a calendar, or gives it other days; the schedules that name it follow", "changed",
     "calendar_days"},
    {"GET", "/v1/calendars", access::read, get_calendars, "Lists calendars by name", "[calendar]",
     "", "limit cursor"},
    {"GET", "/v1/calendars/{id}", access::read, get_calendar, "Shows a calendar", "calendar"},
    {"DELETE", "/v1/calendars/{id}", access::change, delete_calendar,
     "Removes a calendar that no schedule names", "changed"},
    {"POST", "/v1/triggers/preview", access::read, preview_route,
     "Explains a trigger: words, fire times, warnings; changes nothing", "trigger_preview",
     "preview"},
    {"POST", "/v1/jobs", access::change, post_jobs,
     "Queues a job; {\"jobs\": [...]} queues many at once, all or none", "added_job", "new_job"},
    {"GET", "/v1/jobs", access::read, get_jobs, "Lists jobs, newest first", "[job]", "",
     "limit cursor task schedule state outcome from to"},
    {"POST", "/v1/jobs/{id}/cancel", access::change, cancel_route,
     "Ends a queued job; tells a running one to stop", "job", "cancel"},
    {"GET", "/v1/jobs/{id}/result", access::read, get_result,
     "Shows how a job ended; waits up to 60 s; 202 = not finished yet", "result", "", "wait"},
    {"GET", "/v1/jobs/{id}", access::read, get_job, "Shows a job", "job"},
    {"GET", "/v1/events", access::read, get_events, "Lists records after a position, oldest first",
     "[event]", "", "after limit"},
    {"GET", "/v1/events/stream", access::read, stream_events,
     "Server-sent events: each record after Last-Event-ID, or from now on", "", "", "after"},
    {"GET", "/v1/status", access::read, get_status, "Shows the node and its state", "status"},
    {"GET", "/v1/nodes", access::read, get_nodes, "Lists the nodes that share the log", "[node]"},
    {"POST", "/v1/cleanup", access::change, post_cleanup,
     "Purges finished schedules that have no jobs left", "changed", "nothing"},
    {"POST", "/v1/snapshot", access::change, post_snapshot,
     "Writes a snapshot of the live state now", "at", "nothing"},
    {"POST", "/v1/level", access::change, post_level,
     "Raises the log's format level, for ever, once every live node knows it", "at", "level"},
    {"GET", "/livez", access::open, get_livez, "The process lives", "health"},
    {"GET", "/readyz", access::open, get_readyz, "The engine is started", "health"},
    {"GET", "/metrics", access::read, get_metrics, "Prometheus metrics", ""},
    {"GET", "/openapi.json", access::read, get_openapi, "This description", ""},
};

constexpr std::string_view placeholder = "{id}";

/// What stands for {id} in `path`; empty text when the route has none; none when it does not match.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  const auto at = pattern.find(placeholder);
  if (at == std::string_view::npos)
    return pattern == path ? std::optional{std::string_view{}} : std::nullopt;
  const auto before = pattern.substr(0, at);
  const auto after = pattern.substr(at + placeholder.size());
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) ||
      !path.ends_with(after))
    return {};
  return path.substr(before.size(), path.size() - before.size() - after.size());
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0)
      out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

expected<std::map<std::string, std::string>> read_query(std::string_view text,
                                                        std::string_view allowed) {
  const auto known = words(allowed);
  std::map<std::string, std::string> out;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty())
      continue;
    const auto equals = part.find('=');
    const auto name = percent_decode(part.substr(0, equals), true);
    const auto value = equals == std::string_view::npos
                           ? expected<std::string>{std::string{}}
                           : percent_decode(part.substr(equals + 1), true);
    if (!name || !value)
      return refuse(errc::invalid_argument, (name ? value : name).error().message, "query");
    if (std::find(known.begin(), known.end(), *name) == known.end())
      return refuse(errc::invalid_argument,
                    "query parameter '" + name->substr(0, 40) + "' is not known here" +
                        did_you_mean(*name, known),
                    name->substr(0, 40));
    if (!out.emplace(*name, *value).second)
      return refuse(errc::invalid_argument, "is given twice", *name);
  }
  return out;
}

/// Waits until the state holds what the caller has seen elsewhere.
expected<void> wait_for_position(scheduler& engine, const request& in) {
  const auto wanted = in.header("carillon-min-position");
  if (wanted.empty())
    return {};
  position at = 0;
  for (const char c : wanted) {
    if (c < '0' || c > '9' || at > UINT64_MAX / 10 - 1)
      return refuse(errc::invalid_argument,
                    "'" + std::string{wanted.substr(0, 40)} + "' is not a position",
                    "Carillon-Min-Position");
    at = at * 10 + static_cast<position>(c - '0');
  }
  if (engine.wait_for(at, min_position_wait))
    return {};
  return refuse(errc::unavailable, "position " + std::to_string(at) + " was not reached in 2 s");
}

/// Who asks, and by what the same request is recognised when it comes again.
expected<request_info> info_of(const request& in, const std::string& path) {
  request_info out;
  out.meta.who = in.from.rfind("unix", 0) == 0 ? "local" : "token";
  out.meta.from = in.from;
  constexpr std::size_t traceparent_bytes = 55; // W3C trace context, version 00
  if (in.header("traceparent").size() == traceparent_bytes)
    out.meta.traceparent = in.header("traceparent");
  const auto key = in.header("idempotency-key");
  if (key.empty())
    return out;
  const auto visible = [](char c) { return c > ' ' && c < 0x7F; };
  if (key.size() > idempotency_key_bytes_max || !std::all_of(key.begin(), key.end(), visible))
    return refuse(errc::invalid_argument,
                  "must be 1 to " + std::to_string(idempotency_key_bytes_max) +
                      " visible ASCII characters",
                  "Idempotency-Key");
  out.id.bytes = derived_uuid("carillon idempotency key " + std::string{key});
  out.meta.idempotency =
      std::string{key} + ' ' + sha256_hex(in.method + ' ' + path + '\n' + in.body);
  return out;
}

/// Refuses a body where none is taken; `{}` is none as well where clients like to send one.
expected<void> check_no_body(const route& r, const std::string& body) {
  if (r.body.empty() && !body.empty())
    return refuse(errc::invalid_argument, "this route takes no body");
  if (r.body != "nothing")
    return {};
  const auto object = read_object(body, true);
  if (!object)
    return unexpected<error>{object.error()};
  std::vector<field_error> errors;
  fields{*object, schema_of("nothing"), errors};
  if (errors.empty())
    return {};
  return refuse(errc::invalid_argument, errors[0].message, errors[0].field);
}

response not_allowed(const std::vector<std::string_view>& methods) {
  std::string allowed;
  for (const auto method : methods)
    allowed += (allowed.empty() ? "" : ", ") + std::string{method};
  auto out = to_response(problem{405, "", "this route takes " + allowed});
  out.headers.emplace_back("Allow", allowed);
  return out;
}

} // namespace

std::span<const route> routes() { return table; }

expected<std::string> percent_decode(std::string_view text, bool is_query) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += is_query && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return refuse(errc::invalid_argument, "a '%' is not followed by two hex digits");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

response dispatch(scheduler& engine, const request& in, bool is_trusted) {
  const auto question = in.target.find('?');
  const auto path = in.target.substr(0, question);
  const auto method = in.method == "HEAD" ? std::string_view{"GET"} : std::string_view{in.method};
  std::vector<std::string_view> methods;
  for (const auto& candidate : table) {
    const auto id = match(candidate.path, path);
    if (!id)
      continue;
    if (candidate.method != method) {
      methods.push_back(candidate.method);
      continue;
    }
    if (candidate.who != access::open && !is_trusted)
      break;
    call c{engine, in};
    auto decoded = percent_decode(*id);
    if (!decoded)
      return to_response(decoded.error());
    c.id = *std::move(decoded);
    auto query = read_query(
        question == std::string::npos ? "" : std::string_view{in.target}.substr(question + 1),
        candidate.query);
    if (!query)
      return to_response(query.error());
    c.query = *std::move(query);
    if (auto fits = check_no_body(candidate, in.body); !fits)
      return to_response(fits.error());
    if (candidate.who == access::change) {
      auto info = info_of(in, path);
      if (!info)
        return to_response(info.error());
      c.info = *std::move(info);
    } else if (candidate.who == access::read) {
      if (auto reached = wait_for_position(engine, in); !reached)
        return to_response(reached.error());
    }
    return candidate.handle(c);
  }
  if (!is_trusted)
    return to_response(problem{401, "", "this route needs 'Authorization: Bearer TOKEN'"});
  if (!methods.empty())
    return not_allowed(methods);
  return to_response(problem{404, "", "no route " + path.substr(0, 200)});
}

} // namespace carillon::http
