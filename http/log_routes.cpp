#include "http/answers.hpp"
#include "http/fields.hpp"
#include "http/view_json.hpp"

namespace carillon::http {
namespace {

response health(int status, std::string_view text) {
  return json(status, json_object{}.text("status", text).done());
}

} // namespace

response get_events(const call& c) {
  const auto after = number_of(c, "after", 0);
  const auto request = page_of(c);
  if (!after)
    return to_response(after.error());
  if (!request)
    return to_response(request.error());
  const auto found = c.engine.events(*after, request->limit);
  if (!found)
    return to_response(found.error());
  json_array items;
  for (const auto& recorded : *found)
    items.raw(to_json(recorded));
  const auto last = found->empty() ? *after : found->back().at;
  return json(200, json_object{}.raw("items", items.done()).number("last", last).done());
}

response stream_events(const call& c) {
  const auto after = number_of(c, "after", c.engine.status().at);
  if (!after)
    return to_response(after.error());
  response out;
  out.stream_after = *after;
  const auto last = c.in.header("last-event-id");
  if (!last.empty()) {
    // Sent by browsers when they connect again.
    call again{c.engine, c.in};
    again.query["last-event-id"] = last;
    const auto position = number_of(again, "last-event-id", 0);
    if (!position)
      return to_response(position.error());
    out.stream_after = *position;
  }
  const auto first = c.engine.events(*out.stream_after, 1);
  if (!first)
    return to_response(first.error());
  return out;
}

response get_status(const call& c) { return json(200, to_json(c.engine.status())); }

response get_nodes(const call& c) {
  const auto found = c.engine.nodes();
  if (!found)
    return to_response(found.error());
  json_array items;
  for (const auto& node : *found)
    items.raw(to_json(node));
  return json(200, json_object{}.raw("items", items.done()).text_or_null("next_cursor", {}).done());
}

response post_cleanup(const call& c) {
  const auto done = c.engine.ask(clean_up{}, c.info);
  if (!done)
    return to_response(done.error());
  return changed(*done, "cleanup");
}

response post_snapshot(const call& c) {
  const auto at = c.engine.take_snapshot();
  if (!at)
    return to_response(at.error());
  return changed(200, *at, json_object{}.number("position", *at).done());
}

response post_level(const call& c) {
  const auto body = read_object(c.in.body, false);
  if (!body)
    return to_response(body.error());
  std::vector<field_error> errors;
  fields in{*body, schema_of("level"), errors};
  const auto level = in.integer("level", 1);
  if (!errors.empty())
    return to_response(bad_input(std::move(errors)));
  const auto at = c.engine.raise_level(static_cast<std::uint32_t>(*level), c.info);
  if (!at)
    return to_response(at.error());
  return changed(200, *at, json_object{}.number("position", *at).done());
}

response get_livez(const call&) { return health(200, "alive"); }

response get_readyz(const call& c) {
  const auto ready = c.engine.ready();
  return ready ? health(200, "ready") : health(503, ready.error().message);
}

response get_metrics(const call& c) {
  return {200, metrics(c.engine), "text/plain; version=0.0.4; charset=utf-8"};
}

response get_openapi(const call&) { return json(200, openapi()); }

} // namespace carillon::http
