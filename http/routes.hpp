#pragma once

#include "carillon/scheduler.hpp"
#include "http/message.hpp"
#include "http/schema.hpp"

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace carillon::http {

/// Who may call a route.
enum class access {
  open,   ///< Anyone who reaches the socket.
  read,   ///< Needs the token; takes Carillon-Min-Position.
  change, ///< Needs the token; takes Idempotency-Key, answers Carillon-Position.
};

/// A request that found its route.
struct call {
  scheduler& engine;
  const request& in;
  std::string id = {};                           ///< What stood for {id}, decoded.
  std::map<std::string, std::string> query = {}; ///< Decoded; only names that the route takes.
  request_info info = {};                        ///< For commands.
};

/// One line of the API. The table of routes is the only place that knows them all: requests are
/// dispatched by it, and the OpenAPI document is written from it.
struct route {
  std::string_view method;
  std::string_view path; ///< With at most one "{id}", which may hold slashes.
  access who = access::read;
  response (*handle)(const call&) = nullptr;
  std::string_view summary;
  std::string_view answer;     ///< Schema of the answer; "[name]" = a page of them; "" = text.
  std::string_view body = {};  ///< Schema of the body; empty = none is taken.
  std::string_view query = {}; ///< Names of query parameters: "limit cursor".
};

std::span<const route> routes();

/// Finds the route, checks the query, waits for Carillon-Min-Position, and calls the handler.
/// `is_trusted`: whether the caller may use routes that need a token.
response dispatch(scheduler& engine, const request& in, bool is_trusted);

/// The value of `hex` digits after a '%'; '+' stays as it is unless `is_query`.
/// Errors: invalid_argument (a '%' without two hex digits).
expected<std::string> percent_decode(std::string_view text, bool is_query = false);

/// The OpenAPI 3.1 document of `routes()`.
std::string openapi();

/// Prometheus text of what the engine counts.
std::string metrics(const scheduler& engine);

// The handlers, by file: task_routes.cpp, schedule_routes.cpp, calendar_routes.cpp,
// trigger_routes.cpp, job_routes.cpp, log_routes.cpp.
response put_task(const call&);
response get_tasks(const call&);
response get_task(const call&);
response delete_task(const call&);
response post_schedule(const call&);
response get_schedules(const call&);
response get_schedule(const call&);
response patch_schedule(const call&);
response delete_schedule(const call&);
response pause_route(const call&);
response resume_route(const call&);
response trigger_route(const call&);
response put_calendar(const call&);
response get_calendars(const call&);
response get_calendar(const call&);
response delete_calendar(const call&);
response preview_route(const call&);
response post_jobs(const call&);
response get_jobs(const call&);
response get_job(const call&);
response cancel_route(const call&);
response get_result(const call&);
response get_events(const call&);
response stream_events(const call&);
response get_status(const call&);
response get_nodes(const call&);
response post_cleanup(const call&);
response post_snapshot(const call&);
response post_level(const call&);
response get_livez(const call&);
response get_readyz(const call&);
response get_metrics(const call&);
response get_openapi(const call&);

} // namespace carillon::http
