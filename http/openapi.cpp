#include "http/json_writer.hpp"
#include "http/routes.hpp"

#include <map>

namespace carillon::http {
namespace {

std::string reference(std::string_view name) {
  return json_object{}.text("$ref", "#/components/schemas/" + std::string{name}).done();
}

std::string typed(std::string_view type) { return json_object{}.text("type", type).done(); }

std::string list_of(std::string_view items) {
  return json_object{}.text("type", "array").raw("items", items).done();
}

std::string enumeration(std::string_view choices) {
  json_array values;
  while (!choices.empty()) {
    const auto choice = choices.substr(0, choices.find('|'));
    values.text(choice);
    choices.remove_prefix(std::min(choice.size() + 1, choices.size()));
  }
  return json_object{}.text("type", "string").raw("enum", values.done()).done();
}

std::string type_json(std::string_view type) {
  if (type.starts_with('#'))
    return reference(type.substr(1));
  if (type.starts_with("[#"))
    return list_of(reference(type.substr(2, type.size() - 3)));
  if (type.find('|') != std::string_view::npos)
    return enumeration(type);
  if (type == "instant")
    return json_object{}.text("type", "string").text("format", "date-time").done();
  if (type == "duration")
    return json_object{}
        .raw("type", R"(["number","string"])")
        .text("description", "seconds, or a text such as 250ms, 30s, 1h30m, 2d")
        .done();
  if (type == "strings")
    return list_of(typed("string"));
  if (type == "text_map")
    return json_object{}.text("type", "object").raw("additionalProperties", typed("string")).done();
  if (type == "array")
    return list_of("{}");
  if (type == "any")
    return "{}";
  return typed(type);
}

std::string field_json(const field_schema& field) {
  auto type = type_json(field.type);
  if (field.nullable && type != "{}")
    type = json_object{}.raw("anyOf", json_array{}.raw(type).raw(typed("null")).done()).done();
  if (field.about.empty() || type == "{}")
    return type;
  // A description may stand beside anything, also beside $ref (JSON Schema 2020-12).
  const bool has_own = type.find("\"description\"") != std::string::npos;
  if (has_own)
    return json_object{}
        .raw("allOf", json_array{}.raw(type).done())
        .text("description", field.about)
        .done();
  type.insert(type.size() - 1, ",\"description\":" + json_text(field.about));
  return type;
}

std::string schema_json(const schema& shape) {
  json_object properties;
  json_array required;
  bool has_required = false;
  for (const auto& field : shape.fields) {
    properties.raw(field.name, field_json(field));
    if (field.required)
      required.text(field.name);
    has_required = has_required || field.required;
  }
  json_object out;
  out.text("type", "object").raw("properties", properties.done());
  if (has_required)
    out.raw("required", required.done());
  return out.done();
}

std::string page_schema(std::string_view item, bool is_log) {
  json_object properties;
  properties.raw("items", list_of(reference(item)));
  if (is_log)
    properties.raw("last", typed("integer"));
  else
    properties.raw("next_cursor", R"({"type":["string","null"]})");
  return json_object{}.text("type", "object").raw("properties", properties.done()).done();
}

std::string content(std::string_view media, const std::string& shape) {
  return json_object{}.raw(media, json_object{}.raw("schema", shape).done()).done();
}

std::string answer_content(const route& r) {
  if (r.path == "/metrics")
    return content("text/plain", typed("string"));
  if (r.path == "/v1/events/stream")
    return content("text/event-stream", typed("string"));
  if (r.answer.empty())
    return content("application/json", typed("object"));
  if (r.answer.starts_with('['))
    return content("application/json",
                   page_schema(r.answer.substr(1, r.answer.size() - 2), r.path == "/v1/events"));
  return content("application/json", reference(r.answer));
}

std::string parameter(std::string_view name, std::string_view where, std::string_view type) {
  json_object out;
  out.text("name", name).text("in", where);
  if (where == "path")
    out.boolean("required", true);
  return out.raw("schema", typed(type)).done();
}

std::string parameters(const route& r) {
  json_array out;
  if (r.path.find("{id}") != std::string_view::npos)
    out.raw(parameter("id", "path", "string"));
  auto names = r.query;
  while (!names.empty()) {
    const auto name = names.substr(0, names.find(' '));
    out.raw(parameter(name, "query", name == "limit" || name == "after" ? "integer" : "string"));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
  }
  if (r.who == access::change)
    out.raw(parameter("Idempotency-Key", "header", "string"));
  if (r.who == access::read)
    out.raw(parameter("Carillon-Min-Position", "header", "integer"));
  if (r.method == "PATCH")
    out.raw(parameter("If-Match", "header", "string"));
  if (r.path == "/v1/events/stream")
    out.raw(parameter("Last-Event-ID", "header", "integer"));
  return out.done();
}

std::string operation(const route& r) {
  const auto answer = [&](std::string_view about) {
    return json_object{}.text("description", about).raw("content", answer_content(r)).done();
  };
  json_object responses;
  responses.raw("200", answer("done"));
  if (r.answer == "changed" || r.answer == "added_job")
    responses.raw("201", answer("created"));
  if (r.path.ends_with("/result"))
    responses.raw("202", answer("not finished yet"));
  responses.raw("default",
                json_object{}
                    .text("description", "a problem, by RFC 9457")
                    .raw("content", content("application/problem+json", reference("problem")))
                    .done());
  json_object out;
  out.text("summary", r.summary).raw("parameters", parameters(r));
  if (!r.body.empty() && r.body != "nothing") {
    const auto shape =
        r.path == "/v1/jobs"
            ? json_object{}
                  .raw("oneOf",
                       json_array{}.raw(reference("new_job")).raw(reference("new_jobs")).done())
                  .done()
            : reference(r.body);
    out.raw("requestBody", json_object{}.raw("content", content("application/json", shape)).done());
  }
  if (r.who == access::open)
    out.raw("security", "[]");
  return out.raw("responses", responses.done()).done();
}

} // namespace

std::string openapi() {
  // One path may have several methods, wherever they stand in the table.
  std::map<std::string_view, json_object> by_path;
  for (const auto& r : routes()) {
    std::string method;
    for (const char c : r.method)
      method += static_cast<char>(c - 'A' + 'a');
    by_path[r.path].raw(method, operation(r));
  }
  json_object paths;
  for (auto& [path, operations] : by_path)
    paths.raw(path, operations.done());
  json_object shapes;
  for (const auto& shape : schemas())
    shapes.raw(shape.name, schema_json(shape));
  const auto bearer = json_object{}.text("type", "http").text("scheme", "bearer").done();
  return json_object{}
      .text("openapi", "3.1.0")
      .raw("info", json_object{}.text("title", "Carillon").text("version", "1").done())
      .raw("security", R"([{"token":[]}])")
      .raw("paths", paths.done())
      .raw("components", json_object{}
                             .raw("schemas", shapes.done())
                             .raw("securitySchemes", json_object{}.raw("token", bearer).done())
                             .done())
      .done();
}

} // namespace carillon::http
