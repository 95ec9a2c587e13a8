#include "http/fields.hpp"

#include "http/json_writer.hpp"
#include "http/suggestion.hpp"

#include <algorithm>
#include <cmath>

namespace carillon::http {
namespace {

std::string_view kind_of(const value& v) {
  static constexpr std::string_view names[] = {"null",     "a boolean", "an integer", "a number",
                                               "a string", "an array",  "an object"};
  return names[v.data().index()];
}

/// A value as it may stand in a message: short.
std::string shown(const std::string& text) {
  constexpr std::size_t shown_max = 60;
  return text.size() <= shown_max ? text : text.substr(0, shown_max) + "...";
}

} // namespace

fields::fields(const value& object, const schema& shape, std::vector<field_error>& errors,
               std::string prefix)
    : object_{object.get_if<value::object>()}, shape_{shape}, errors_{errors}, prefix_{std::move(
                                                                                   prefix)} {
  if (!object_) {
    const auto name = prefix_.empty() ? prefix_ : prefix_.substr(0, prefix_.size() - 1);
    errors_.push_back({name, "must be an object, not " + std::string{kind_of(object)}});
    return;
  }
  const auto known = shape_.field_names();
  for (const auto& [name, held] : *object_)
    if (std::find(known.begin(), known.end(), name) == known.end())
      refuse(shown(name), "is not known here" + did_you_mean(name, known));
  for (const auto& field : shape_.fields)
    if (field.required && !has(field.name))
      refuse(field.name, "is missing");
}

const value* fields::find(std::string_view name) const {
  if (!object_)
    return nullptr;
  const auto found = object_->find(std::string{name});
  return found == object_->end() ? nullptr : &found->second;
}

const value* fields::present(std::string_view name) {
  const auto* found = find(name);
  if (!found || !found->is_null())
    return found;
  const auto field = std::find_if(shape_.fields.begin(), shape_.fields.end(),
                                  [&](const field_schema& f) { return f.name == name; });
  if (field != shape_.fields.end() && !field->nullable)
    refuse(name, "must not be null");
  return nullptr;
}

std::optional<std::string> fields::text(std::string_view name) {
  const auto* found = present(name);
  if (!found)
    return {};
  const auto* held = found->get_if<std::string>();
  if (!held) {
    refuse_type(name, "a string", *found);
    return {};
  }
  if (held->find('\0') != std::string::npos) {
    refuse(name, "holds a NUL character");
    return {};
  }
  return *held;
}

std::optional<bool> fields::boolean(std::string_view name) {
  const auto* found = present(name);
  if (!found)
    return {};
  if (const auto* held = found->get_if<bool>())
    return *held;
  refuse_type(name, "true or false", *found);
  return {};
}

std::optional<std::int64_t> fields::integer(std::string_view name, std::int64_t least) {
  const auto* found = present(name);
  if (!found)
    return {};
  const auto* held = found->get_if<std::int64_t>();
  if (!held) {
    refuse_type(name, "an integer", *found);
    return {};
  }
  if (*held < least || *held > 1'000'000'000) {
    refuse(name, "is " + std::to_string(*held) + ", allowed are " + std::to_string(least) +
                     " to 1000000000");
    return {};
  }
  return *held;
}

std::optional<duration> fields::span(std::string_view name) {
  const auto* found = present(name);
  if (!found)
    return {};
  auto read = to_duration(*found);
  if (read)
    return *read;
  refuse(name, read.error().message);
  return {};
}

std::optional<time_point> fields::instant(std::string_view name) {
  const auto given = text(name);
  if (!given)
    return {};
  auto read = parse_instant(*given);
  if (read)
    return *read;
  refuse(name, read.error().message);
  return {};
}

std::optional<std::vector<std::string>> fields::texts(std::string_view name) {
  const auto held = array(name);
  if (!held)
    return {};
  std::vector<std::string> out;
  for (std::size_t i = 0; i < held->size(); ++i) {
    const auto* element = (*held)[i].get_if<std::string>();
    const auto element_name = std::string{name} + '[' + std::to_string(i) + ']';
    if (!element)
      refuse_type(element_name, "a string", (*held)[i]);
    else if (element->find('\0') != std::string::npos)
      refuse(element_name, "holds a NUL character");
    else
      out.push_back(*element);
  }
  return out;
}

std::optional<std::map<std::string, std::string>> fields::text_map(std::string_view name) {
  const auto held = object(name);
  if (!held)
    return {};
  std::map<std::string, std::string> out;
  for (const auto& [key, element] : *held) {
    const auto* text = element.get_if<std::string>();
    const auto element_name = std::string{name} + '.' + shown(key);
    if (!text)
      refuse_type(element_name, "a string", element);
    else if (key.empty() || key.find('=') != std::string::npos ||
             key.find('\0') != std::string::npos || text->find('\0') != std::string::npos)
      refuse(element_name, "names must not be empty or hold '=', and nothing may hold a NUL");
    else
      out.emplace(key, *text);
  }
  return out;
}

std::optional<value::array> fields::array(std::string_view name) {
  const auto* found = present(name);
  if (!found)
    return {};
  if (const auto* held = found->get_if<value::array>())
    return *held;
  refuse_type(name, "an array", *found);
  return {};
}

std::optional<value::object> fields::object(std::string_view name) {
  const auto* found = present(name);
  if (!found)
    return {};
  if (const auto* held = found->get_if<value::object>())
    return *held;
  refuse_type(name, "an object", *found);
  return {};
}

std::optional<metadata> fields::meta(std::string_view name) {
  const auto held = object(name);
  if (!held)
    return {};
  metadata out;
  for (const auto& [key, element] : *held)
    out.emplace(key, to_json(element));
  return out;
}

void fields::refuse(std::string_view name, std::string message) {
  errors_.push_back({full_name(name), std::move(message)});
}

void fields::refuse_type(std::string_view name, std::string_view wanted, const value& got) {
  refuse(name, "must be " + std::string{wanted} + ", not " + std::string{kind_of(got)});
}

void fields::refuse_choice(std::string_view name, const std::string& given,
                           const std::vector<std::string_view>& choices) {
  std::string allowed;
  for (const auto choice : choices)
    allowed += (allowed.empty() ? "" : ", ") + std::string{choice};
  refuse(name, "'" + shown(given) + "' is not one of " + allowed);
}

expected<value> read_object(std::string_view body, bool may_be_empty) {
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    if (may_be_empty)
      return value{value::object{}};
    return carillon::refuse(errc::invalid_argument, "the body is empty, a JSON object is needed");
  }
  auto read = parse_json(body);
  if (!read)
    return read;
  if (!read->get_if<value::object>())
    return carillon::refuse(errc::invalid_argument,
                            "the body must be a JSON object, not " + std::string{kind_of(*read)});
  return read;
}

expected<duration> to_duration(const value& v) {
  constexpr double seconds_max = 1e11; // about 3,000 years
  if (const auto* text = v.get_if<std::string>())
    return parse_duration(*text);
  double seconds = 0;
  if (const auto* whole = v.get_if<std::int64_t>())
    seconds = static_cast<double>(*whole);
  else if (const auto* real = v.get_if<double>())
    seconds = *real;
  else
    return carillon::refuse(errc::invalid_argument,
                            "must be a number of seconds or a text such as 1h30m, not " +
                                std::string{kind_of(v)});
  if (!(seconds >= 0 && seconds <= seconds_max))
    return carillon::refuse(errc::invalid_argument,
                            "is " + to_json(v) + " s, allowed are 0 to 100000000000");
  return duration{std::llround(seconds * 1e6)};
}

} // namespace carillon::http
