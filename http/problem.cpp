#include "http/problem.hpp"

#include "http/json_writer.hpp"
#include "http/limits.hpp"

namespace carillon::http {
namespace {

std::string_view title_of(int status) {
  switch (status) {
  case 202: return "not finished yet";
  case 400: return "bad input";
  case 401: return "no valid token";
  case 403: return "not permitted";
  case 404: return "not found";
  case 405: return "method not allowed";
  case 409: return "conflict";
  case 410: return "removed by retention";
  case 412: return "revision does not match";
  case 413: return "too large";
  case 415: return "not JSON";
  case 422: return "meaningless";
  case 429: return "too much is waiting";
  case 431: return "header too large";
  case 503: return "not ready";
  case 504: return "timed out";
  case 507: return "no space";
  default: return "internal error";
  }
}

} // namespace

int status_of(errc code) {
  switch (code) {
  case errc::invalid_argument: return 400;
  case errc::not_found: return 404;
  case errc::conflict:
  case errc::already_running:
  case errc::lease_lost:
  case errc::cancelled: return 409;
  case errc::limit_exceeded:
  case errc::unsupported: return 422;
  case errc::overloaded: return 429;
  case errc::unavailable:
  case errc::timed_out: return 503;
  case errc::denied: return 403;
  case errc::no_space: return 507;
  case errc::gone: return 410;
  case errc::not_ready: return 202;
  case errc::corrupt:
  case errc::failed:
  case errc::missed:
  case errc::abandoned:
  case errc::internal: return 500;
  }
  return 500;
}

problem to_problem(const error& e) {
  const auto status = status_of(e.code);
  problem out{status, std::string{title_of(status)}, e.message};
  if (!e.field.empty())
    out.errors.push_back({e.field, e.message});
  return out;
}

problem bad_input(std::vector<field_error> errors) {
  problem out{400, std::string{title_of(400)}, ""};
  if (errors.size() > errors_max)
    errors.resize(errors_max);
  for (const auto& e : errors)
    out.detail +=
        (out.detail.empty() ? "" : "; ") + (e.field.empty() ? "" : e.field + ": ") + e.message;
  out.errors = std::move(errors);
  return out;
}

response to_response(const problem& p) {
  json_object body;
  body.text("type", "about:blank")
      .text("title", p.title.empty() ? title_of(p.status) : std::string_view{p.title})
      .number("status", static_cast<std::uint64_t>(p.status))
      .text("detail", p.detail);
  if (!p.errors.empty()) {
    json_array errors;
    for (const auto& e : p.errors)
      errors.raw(json_object{}.text("field", e.field).text("message", e.message).done());
    body.raw("errors", std::move(errors).done());
  }
  response out{p.status, std::move(body).done(), "application/problem+json"};
  if (p.status == 401)
    out.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (p.status == 429 || p.status == 503)
    out.headers.emplace_back("Retry-After", "1");
  return out;
}

} // namespace carillon::http
