#pragma once

#include "carillon/command.hpp"
#include "carillon/view.hpp"
#include "http/json_writer.hpp"
#include "http/limits.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

#include <string>
#include <utility>

/// What handlers share: reading pages and numbers, answering changes.
namespace carillon::http {

inline response json(int status, std::string body) { return {status, std::move(body)}; }

/// A change was made: its JSON, and Carillon-Position.
inline response changed(int status, position at, std::string body) {
  auto out = json(status, std::move(body));
  out.headers.emplace_back("Carillon-Position", std::to_string(at));
  return out;
}

/// "changed": what became of a task or schedule. `zone` is that of its fire times.
response changed(const answer& done, std::string_view id, std::string_view zone = {});

/// The query's `limit` and `cursor`. Errors: invalid_argument.
expected<page_request> page_of(const call& c);

/// The query parameter as a whole number; `otherwise` when it is absent. Errors: invalid_argument.
expected<std::uint64_t> number_of(const call& c, const std::string& name, std::uint64_t otherwise);

/// {id} as a name or as a job id. Errors: invalid_argument, not_found (no UUID: no such job).
expected<std::string> name_of(const call& c);
expected<job_id> job_of(const call& c);

/// {"items": [...], "next_cursor": null | text}
template <class T, class Write> response page_json(const page<T>& found, Write write) {
  json_array items;
  for (const auto& item : found.items)
    items.raw(write(item));
  return json(
      200, json_object{}.raw("items", items.done()).text_or_null("next_cursor", found.next).done());
}

/// The bytes of `digest text` that make a UUID: the same text gives the same id.
std::array<std::uint8_t, 16> derived_uuid(std::string_view text);

/// Lower-case hex of SHA-256.
std::string sha256_hex(std::string_view text);

} // namespace carillon::http
