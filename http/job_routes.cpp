#include "http/answers.hpp"
#include "http/spec_json.hpp"
#include "http/view_json.hpp"

#include <atomic>

namespace carillon::http {
namespace {

std::vector<job_spec> read_jobs(const value& body, std::vector<field_error>& errors) {
  std::vector<job_spec> out;
  fields in{body, schema_of("new_jobs"), errors};
  const auto given = in.array("jobs");
  if (!given)
    return out;
  if (given->empty() || given->size() > jobs_per_request_max) {
    in.refuse("jobs", "holds " + std::to_string(given->size()) + ", allowed are 1 to " +
                          std::to_string(jobs_per_request_max));
    return out;
  }
  for (std::size_t i = 0; i < given->size() && errors.size() < errors_max; ++i)
    out.push_back(read_new_job((*given)[i], errors, "jobs[" + std::to_string(i) + "]."));
  return out;
}

/// Reads a filter's text by its table of names.
template <class T, std::size_t N>
expected<std::optional<T>> choice_of(const call& c, const std::string& name,
                                     const T (&choices)[N]) {
  const auto found = c.query.find(name);
  if (found == c.query.end())
    return std::optional<T>{};
  std::string allowed;
  for (const auto choice : choices) {
    if (to_string(choice) == found->second)
      return std::optional<T>{choice};
    allowed += (allowed.empty() ? "" : ", ") + std::string{to_string(choice)};
  }
  return refuse(errc::invalid_argument,
                "'" + found->second.substr(0, 40) + "' is not one of " + allowed, name);
}

constexpr job_status statuses[] = {job_status::queued, job_status::running, job_status::retrying,
                                   job_status::finished};
constexpr job_outcome outcomes[] = {
    job_outcome::success,   job_outcome::error,     job_outcome::missed,   job_outcome::cancelled,
    job_outcome::abandoned, job_outcome::timed_out, job_outcome::discarded};

expected<std::optional<time_point>> instant_of(const call& c, const std::string& name) {
  const auto found = c.query.find(name);
  if (found == c.query.end())
    return std::optional<time_point>{};
  const auto read = parse_instant(found->second);
  if (!read)
    return refuse(errc::invalid_argument, read.error().message, name);
  return std::optional<time_point>{*read};
}

expected<job_filter> filter_of(const call& c) {
  job_filter out;
  if (const auto task = c.query.find("task"); task != c.query.end())
    out.task = task_id{task->second};
  if (const auto schedule = c.query.find("schedule"); schedule != c.query.end())
    out.schedule = schedule_id{schedule->second};
  const auto status = choice_of(c, "state", statuses);
  const auto outcome = choice_of(c, "outcome", outcomes);
  const auto from = instant_of(c, "from");
  const auto to = instant_of(c, "to");
  if (!status)
    return unexpected<error>{status.error()};
  if (!outcome)
    return unexpected<error>{outcome.error()};
  if (!from)
    return unexpected<error>{from.error()};
  if (!to)
    return unexpected<error>{to.error()};
  out.status = *status;
  out.outcome = *outcome;
  out.from = *from;
  out.to = *to;
  if (out.outcome && out.status && *out.status != job_status::finished)
    return refuse(errc::invalid_argument,
                  "only finished jobs have an outcome, but state is " +
                      std::string{to_string(*out.status)},
                  "outcome");
  return out;
}

/// Requests that wait for a job now; each holds a thread.
std::atomic<std::size_t> waits{0};

struct wait_slot {
  bool is_free = waits.fetch_add(1) < waits_max;
  ~wait_slot() { waits.fetch_sub(1); }
};

expected<duration> wait_of(const call& c) {
  const auto found = c.query.find("wait");
  if (found == c.query.end())
    return duration{};
  const auto read = parse_duration(found->second);
  if (!read)
    return refuse(errc::invalid_argument, read.error().message, "wait");
  return std::min<duration>(*read, result_wait_max);
}

} // namespace

response post_jobs(const call& c) {
  const auto body = read_object(c.in.body);
  if (!body)
    return to_response(body.error());
  const bool are_many = body->get_if<value::object>()->contains("jobs");
  std::vector<field_error> errors;
  auto jobs =
      are_many ? read_jobs(*body, errors) : std::vector<job_spec>{read_new_job(*body, errors)};
  if (!errors.empty())
    return to_response(bad_input(std::move(errors)));
  const auto done = c.engine.ask(add_jobs{std::move(jobs)}, c.info);
  if (!done)
    return to_response(done.error());
  if (!are_many)
    return changed(201, done->at,
                   json_object{}
                       .text("id", done->jobs.empty() ? "" : to_string(done->jobs.front()))
                       .done());
  json_array ids;
  for (const auto& id : done->jobs)
    ids.raw(json_object{}.text("id", to_string(id)).done());
  return changed(201, done->at, json_object{}.raw("jobs", ids.done()).done());
}

response get_jobs(const call& c) {
  const auto request = page_of(c);
  const auto filter = filter_of(c);
  if (!request)
    return to_response(request.error());
  if (!filter)
    return to_response(filter.error());
  const auto found = c.engine.jobs(*filter, *request);
  if (!found)
    return to_response(found.error());
  return page_json(*found, [&](const job_view& view) { return to_json(c.engine, view, false); });
}

response get_job(const call& c) {
  const auto id = job_of(c);
  if (!id)
    return to_response(id.error());
  const auto found = c.engine.job(*id);
  if (!found)
    return to_response(found.error());
  return json(200, to_json(c.engine, *found, true));
}

response cancel_route(const call& c) {
  const auto id = job_of(c);
  if (!id)
    return to_response(id.error());
  const auto body = read_object(c.in.body, true);
  if (!body)
    return to_response(body.error());
  std::vector<field_error> errors;
  fields in{*body, schema_of("cancel"), errors};
  const auto reason = in.text("reason");
  if (!errors.empty())
    return to_response(bad_input(std::move(errors)));
  const auto done = c.engine.ask(cancel_job{*id, reason.value_or("")}, c.info);
  if (!done)
    return to_response(done.error());
  const auto view = c.engine.job(*id);
  if (!view)
    return to_response(view.error());
  return changed(200, done->at, to_json(c.engine, *view, false));
}

response get_result(const call& c) {
  const auto id = job_of(c);
  if (!id)
    return to_response(id.error());
  const auto wait = wait_of(c);
  if (!wait)
    return to_response(wait.error());
  const wait_slot slot;
  if (wait->count() > 0 && !slot.is_free)
    return to_response(problem{429, "", std::to_string(waits_max) + " requests wait already"});
  const auto found = c.engine.result(*id, *wait);
  if (found)
    return json(200, to_json(*found));
  if (found.error().code != errc::not_ready && found.error().code != errc::timed_out)
    return to_response(found.error());
  const auto view = c.engine.job(*id);
  json_object out;
  out.text("job_id", to_string(*id)).null("outcome").null("return_value").null("error");
  if (view)
    out.time("started_at", view->started_at);
  else
    out.null("started_at");
  return json(202, out.null("finished_at").number("attempts", view ? view->attempts : 0).done());
}

} // namespace carillon::http
