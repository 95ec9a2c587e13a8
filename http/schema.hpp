#pragma once

#include <span>
#include <string_view>
#include <vector>

/// The shapes of the API's JSON objects: what the reader accepts is what the OpenAPI document says.
namespace carillon::http {

struct field_schema {
  std::string_view name;
  /// "string", "integer", "boolean", "object", "array", "instant", "duration", "any", "strings",
  /// "text_map", "a|b|c" for an enumeration, or "#name" for another schema, "[#name]" for a list of
  /// it.
  std::string_view type;
  std::string_view about = {};
  bool required = false;
  bool nullable = false;
};

struct schema {
  std::string_view name;
  std::span<const field_schema> fields;

  std::vector<std::string_view> field_names() const {
    std::vector<std::string_view> out;
    for (const auto& field : fields)
      out.push_back(field.name);
    return out;
  }
};

/// All schemas, for the OpenAPI document.
std::span<const schema> schemas();

/// The schema of that name; it must exist.
const schema& schema_of(std::string_view name);

} // namespace carillon::http
