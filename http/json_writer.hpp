#pragma once

#include "carillon/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::http {

/// `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
std::string json_text(std::string_view text);

/// A duration as a number of seconds: "60", "0.25".
std::string json_seconds(duration d);

/// Builds the text of one JSON object; fields appear in the order in which they are added.
class json_object {
public:
  json_object& text(std::string_view name, std::string_view value) {
    return raw(name, json_text(value));
  }
  /// Empty text becomes null.
  json_object& text_or_null(std::string_view name, std::string_view value) {
    return value.empty() ? null(name) : text(name, value);
  }
  json_object& number(std::string_view name, std::uint64_t value) {
    return raw(name, std::to_string(value));
  }
  json_object& boolean(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }
  /// In UTC.
  json_object& time(std::string_view name, time_point value) {
    return text(name, to_rfc3339(value));
  }
  json_object& time(std::string_view name, const std::optional<time_point>& value) {
    return value ? time(name, *value) : null(name);
  }
  json_object& seconds(std::string_view name, const std::optional<duration>& value) {
    return value ? raw(name, json_seconds(*value)) : null(name);
  }
  json_object& null(std::string_view name) { return raw(name, "null"); }
  /// `json` is JSON text already.
  json_object& raw(std::string_view name, std::string_view json);

  std::string done() {
    out_ += out_.empty() ? "{}" : "}";
    return std::move(out_);
  }

private:
  std::string out_;
};

/// Builds the text of one JSON array.
class json_array {
public:
  json_array& raw(std::string_view json) {
    out_ += out_.empty() ? '[' : ',';
    out_ += json;
    return *this;
  }
  json_array& text(std::string_view value) { return raw(json_text(value)); }

  std::string done() {
    out_ += out_.empty() ? "[]" : "]";
    return std::move(out_);
  }

private:
  std::string out_;
};

} // namespace carillon::http
