#pragma once

#include "carillon/payload.hpp"
#include "carillon/time.hpp"
#include "carillon/value.hpp"
#include "http/problem.hpp"
#include "http/schema.hpp"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

/// A text and what it stands for.
template <class T> struct named {
  std::string_view text;
  T value;
};

/// Reads the fields of one JSON object, strictly: an unknown field or a wrong type is an error.
/// Errors are collected in `errors`, so that one answer names them all.
class fields {
public:
  /// `prefix` stands before the names in messages: "jobs[3]."
  fields(const value& object, const schema& shape, std::vector<field_error>& errors,
         std::string prefix = {});

  bool has(std::string_view name) const { return find(name) != nullptr; }
  bool is_null(std::string_view name) const { return has(name) && find(name)->is_null(); }
  /// The field's value; nullptr when it is absent.
  const value* find(std::string_view name) const;

  /// Each answers none when the field is absent, null or wrong; wrong is an error as well,
  /// and so is null unless the schema allows it.
  std::optional<std::string> text(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least);
  std::optional<duration> span(std::string_view name);
  std::optional<time_point> instant(std::string_view name);
  std::optional<std::vector<std::string>> texts(std::string_view name);
  std::optional<std::map<std::string, std::string>> text_map(std::string_view name);
  std::optional<value::array> array(std::string_view name);
  std::optional<value::object> object(std::string_view name);
  /// An object whose values are kept as compact JSON.
  std::optional<metadata> meta(std::string_view name);

  template <class T>
  std::optional<T> one_of(std::string_view name, std::initializer_list<named<T>> choices) {
    const auto given = text(name);
    if (!given)
      return {};
    std::vector<std::string_view> texts;
    for (const auto& choice : choices) {
      if (choice.text == *given)
        return choice.value;
      texts.push_back(choice.text);
    }
    refuse_choice(name, *given, texts);
    return {};
  }

  void refuse(std::string_view name, std::string message);
  std::string full_name(std::string_view name) const { return prefix_ + std::string{name}; }
  std::vector<field_error>& errors() { return errors_; }

private:
  /// The value when it is there and not null; null where that is not allowed is an error.
  const value* present(std::string_view name);
  void refuse_type(std::string_view name, std::string_view wanted, const value& got);
  void refuse_choice(std::string_view name, const std::string& given,
                     const std::vector<std::string_view>& choices);

  const value::object* object_ = nullptr;
  const schema& shape_;
  std::vector<field_error>& errors_;
  std::string prefix_;
};

/// Reads the body as a JSON object; an empty body is an empty object when `may_be_empty`.
expected<value> read_object(std::string_view body, bool may_be_empty = false);

/// Reads a duration: a number of seconds or a text such as "1h30m". Errors: invalid_argument.
expected<duration> to_duration(const value& v);

} // namespace carillon::http
