#pragma once

#include "carillon/ids.hpp"
#include "carillon/indirect.hpp"
#include "carillon/payload.hpp"
#include "carillon/time.hpp"
#include "carillon/trigger.hpp"
#include "events/field_list.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Structs with a field list as JSON. Heavy: include it in .cpp files only.
/// Times are RFC 3339 in UTC, durations and enumerations are texts, ids are texts, triggers have
/// the shape of events/trigger_json.hpp. Text that is not UTF-8 loses its odd bytes: the binary
/// form is the one that keeps everything.
namespace carillon::events {

using json = nlohmann::ordered_json;

/// How text is shown.
enum class text_form { plain, json, hex };

/// Reads JSON; remembers the first thing that is wrong and where.
class json_input {
public:
  bool failed() const { return error_.has_value(); }
  const error& reason() const { return *error_; }
  void fail(std::string message);

  /// Names the member being read in errors, for as long as it lives.
  class scope {
  public:
    scope(json_input& in, std::string_view name);
    ~scope() { in_.path_.resize(size_); }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

  private:
    json_input& in_;
    std::size_t size_;
  };

private:
  std::string path_;
  std::optional<error> error_;
};

/// Deepest nesting of arrays and objects that is parsed.
inline constexpr int json_depth_max = 256;

/// Parses JSON of bounded depth; none when it is not JSON or deeper.
std::optional<json> parse_bounded(std::string_view text);

/// Compact text; bytes that are not UTF-8 become U+FFFD.
std::string dump(const json& j);

/// The value that compact JSON text says; text that is anything else, or that could be taken for a
/// blob, comes as `{"text": …}`.
json embed_text(const std::string& text);
/// The text that `embed_text` was given.
std::string embedded_text(const json& j);

/// RFC 3339, or a number of microseconds since 1970 for years that have no four digits.
json write_json(time_point t);
void read_json(json_input& in, const json& j, time_point& out);
json write_json(duration d);
void read_json(json_input& in, const json& j, duration& out);
json write_json(const trigger_spec& spec);
void read_json(json_input& in, const json& j, trigger_spec& out);
json write_json(const payload& p, text_form form);
void read_json(json_input& in, const json& j, payload& out, text_form form);

std::string hex_of(std::string_view bytes);
/// None when `text` is not pairs of hexadecimal digits.
std::optional<std::string> bytes_of_hex(std::string_view text);

template <text_form Form, class T> json write_field(const T& value);
template <text_form Form, class T> void read_field(json_input& in, const json& j, T& value);
template <has_fields T> json write_object(const T& value);
template <has_fields T>
void read_object(json_input& in, const json& j, T& value, std::string_view ignored = {});

namespace detail {

template <class T> inline constexpr bool is_optional = false;
template <class T> inline constexpr bool is_optional<std::optional<T>> = true;
template <class T> inline constexpr bool is_indirect = false;
template <class T> inline constexpr bool is_indirect<indirect<T>> = true;
template <class T> inline constexpr bool is_vector = false;
template <class T> inline constexpr bool is_vector<std::vector<T>> = true;
template <class T> inline constexpr bool is_map = false;
template <class T> inline constexpr bool is_map<std::map<std::string, T>> = true;
template <class T> inline constexpr bool is_text_id = false;
template <class Tag> inline constexpr bool is_text_id<text_id<Tag>> = true;
template <class T> inline constexpr bool is_uuid_id = false;
template <class Tag> inline constexpr bool is_uuid_id<uuid_id<Tag>> = true;
template <class T> inline constexpr bool is_bytes = false;
template <std::size_t N> inline constexpr bool is_bytes<std::array<std::uint8_t, N>> = true;
template <class T>
inline constexpr bool has_json_of_its_own =
    std::is_same_v<T, time_point> || std::is_same_v<T, duration> || std::is_same_v<T, trigger_spec>;

template <class... Tags> constexpr text_form form_of() {
  if (has_tag<json_text, Tags...>)
    return text_form::json;
  return has_tag<hex_text, Tags...> ? text_form::hex : text_form::plain;
}

template <text_form Form> json write_text(const std::string& text) {
  if constexpr (Form == text_form::json)
    return embed_text(text);
  else if constexpr (Form == text_form::hex)
    return hex_of(text);
  else
    return text;
}

template <text_form Form> void read_text(json_input& in, const json& j, std::string& text) {
  if constexpr (Form == text_form::json) {
    text = embedded_text(j);
    return;
  }
  if (!j.is_string())
    return in.fail("must be a string");
  text = j.get_ref<const std::string&>();
  if constexpr (Form == text_form::hex) {
    auto bytes = bytes_of_hex(text);
    if (!bytes)
      return in.fail("must be pairs of hexadecimal digits");
    text = std::move(*bytes);
  }
}

template <class T> void read_integer(json_input& in, const json& j, T& value) {
  using limits = std::numeric_limits<T>;
  bool fits = false;
  if (j.is_number_unsigned())
    fits = std::in_range<T>(j.get<std::uint64_t>());
  else if (j.is_number_integer())
    fits = std::in_range<T>(j.get<std::int64_t>());
  if (fits)
    value = j.get<T>();
  else
    in.fail("must be an integer from " + std::to_string(limits::min()) + " to " +
            std::to_string(limits::max()));
}

template <class Enum> void read_enum(json_input& in, const json& j, Enum& value) {
  std::string allowed;
  for (unsigned number = 0; number < texts_of<Enum>::count; ++number) {
    const auto text = texts_of<Enum>::text(static_cast<Enum>(number));
    if (j.is_string() && j.get_ref<const std::string&>() == text) {
      value = static_cast<Enum>(number);
      return;
    }
    allowed += (number == 0 ? "" : ", ") + std::string{text};
  }
  in.fail("must be one of " + allowed);
}

template <std::size_t Size>
void read_bytes(json_input& in, const json& j, std::array<std::uint8_t, Size>& value) {
  const auto bytes = j.is_string() ? bytes_of_hex(j.get_ref<const std::string&>()) : std::nullopt;
  if (!bytes || bytes->size() != Size)
    return in.fail("must be " + std::to_string(2 * Size) + " hexadecimal digits");
  std::copy(bytes->begin(), bytes->end(), value.begin());
}

template <class Id> void read_uuid(json_input& in, const json& j, Id& id) {
  const auto parsed = parse_id<Id>(j.is_string() ? j.get_ref<const std::string&>() : "");
  if (parsed)
    id = *parsed;
  else
    in.fail("must be a UUID");
}

template <text_form Form, class T>
void read_vector(json_input& in, const json& j, std::vector<T>& values) {
  if (!j.is_array())
    return in.fail("must be an array");
  values.clear();
  for (const auto& element : j) {
    const json_input::scope at{in, std::to_string(values.size())};
    read_field<Form>(in, element, values.emplace_back());
  }
}

template <text_form Form, class T>
void read_map(json_input& in, const json& j, std::map<std::string, T>& entries) {
  if (!j.is_object())
    return in.fail("must be an object");
  entries.clear();
  for (const auto& [key, element] : j.items()) {
    const json_input::scope at{in, key};
    read_field<Form>(in, element, entries[key]);
  }
}

struct member_writer {
  json& out;
  template <class Field, class... Tags>
  void operator()(std::string_view name, const Field& field, Tags...) const {
    constexpr auto form = form_of<Tags...>();
    if constexpr (std::is_same_v<Field, payload>) {
      if (!field.empty())
        out[std::string{name}] = write_json(field, form);
    } else {
      // A field that a later version added is shown once it says something, so that what was
      // recorded before is shown as it always was.
      if constexpr (is_optional_tail<Tags...>)
        if (field == Field{})
          return;
      out[std::string{name}] = write_field<form>(field);
    }
  }
};

struct member_reader {
  json_input& in;
  const json& from;
  std::vector<std::string_view>& known;
  template <class Field, class... Tags>
  void operator()(std::string_view name, Field& field, Tags...) const {
    constexpr auto form = form_of<Tags...>();
    known.push_back(name);
    const json_input::scope at{in, name};
    const auto found = from.find(name);
    if constexpr (std::is_same_v<Field, payload>) {
      if (found != from.end())
        read_json(in, *found, field, form);
    } else if (found != from.end()) {
      read_field<form>(in, *found, field);
    } else if (!is_optional_tail<Tags...>) {
      in.fail("is missing");
    }
  }
};

} // namespace detail

template <text_form Form, class T> json write_field(const T& value) {
  if constexpr (detail::has_json_of_its_own<T>) {
    return write_json(value);
  } else if constexpr (std::is_enum_v<T>) {
    return texts_of<T>::text(value);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return value;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return detail::write_text<Form>(value);
  } else if constexpr (detail::is_text_id<T>) {
    return value.value;
  } else if constexpr (detail::is_uuid_id<T>) {
    return to_string(value);
  } else if constexpr (detail::is_bytes<T>) {
    return hex_of({reinterpret_cast<const char*>(value.data()), value.size()});
  } else if constexpr (detail::is_indirect<T>) {
    return write_field<Form>(*value);
  } else if constexpr (detail::is_optional<T>) {
    return value ? write_field<Form>(*value) : json(nullptr);
  } else if constexpr (detail::is_vector<T>) {
    auto out = json::array();
    for (const auto& element : value)
      out.push_back(write_field<Form>(element));
    return out;
  } else if constexpr (detail::is_map<T>) {
    auto out = json::object();
    for (const auto& [key, element] : value)
      out[key] = write_field<Form>(element);
    return out;
  } else {
    return write_object(value);
  }
}

template <text_form Form, class T> void read_field(json_input& in, const json& j, T& value) {
  if constexpr (detail::has_json_of_its_own<T>) {
    read_json(in, j, value);
  } else if constexpr (std::is_enum_v<T>) {
    detail::read_enum(in, j, value);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (j.is_boolean())
      value = j.get<bool>();
    else
      in.fail("must be true or false");
  } else if constexpr (std::is_integral_v<T>) {
    detail::read_integer(in, j, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    detail::read_text<Form>(in, j, value);
  } else if constexpr (detail::is_text_id<T>) {
    detail::read_text<text_form::plain>(in, j, value.value);
  } else if constexpr (detail::is_uuid_id<T>) {
    detail::read_uuid(in, j, value);
  } else if constexpr (detail::is_bytes<T>) {
    detail::read_bytes(in, j, value);
  } else if constexpr (detail::is_indirect<T>) {
    read_field<Form>(in, j, *value);
  } else if constexpr (detail::is_optional<T>) {
    value.reset();
    if (!j.is_null())
      read_field<Form>(in, j, value.emplace());
  } else if constexpr (detail::is_vector<T>) {
    detail::read_vector<Form>(in, j, value);
  } else if constexpr (detail::is_map<T>) {
    detail::read_map<Form>(in, j, value);
  } else {
    read_object(in, j, value);
  }
}

template <has_fields T> json write_object(const T& value) {
  auto out = json::object();
  visit_fields(value, detail::member_writer{out});
  return out;
}

/// `ignored` names a member that is allowed beside the fields.
template <has_fields T>
void read_object(json_input& in, const json& j, T& value, std::string_view ignored) {
  if (!j.is_object())
    return in.fail("must be an object");
  std::vector<std::string_view> known{ignored};
  visit_fields(value, detail::member_reader{in, j, known});
  for (const auto& [key, element] : j.items()) {
    const json_input::scope at{in, key};
    if (std::find(known.begin(), known.end(), key) == known.end())
      in.fail("is unknown");
  }
}

} // namespace carillon::events
