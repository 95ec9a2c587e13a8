#include "carillon/value.hpp"

#include <nlohmann/json.hpp>

#include <type_traits>

namespace carillon {
namespace {

using nlohmann::json;

json to_nlohmann(const value& v) {
  return std::visit(
      [](const auto& held) -> json {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, value::array>) {
          auto out = json::array();
          for (const auto& element : held)
            out.push_back(to_nlohmann(element));
          return out;
        } else if constexpr (std::is_same_v<Held, value::object>) {
          auto out = json::object();
          for (const auto& [key, element] : held)
            out[key] = to_nlohmann(element);
          return out;
        } else {
          return held;
        }
      },
      v.data());
}

value from_nlohmann(const json& j) {
  switch (j.type()) {
  case json::value_t::boolean: return j.get<bool>();
  case json::value_t::number_integer: return j.get<std::int64_t>();
  case json::value_t::number_unsigned:
    // Above 2^63 - 1 only a double can hold it.
    if (j.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
      return j.get<double>();
    return j.get<std::int64_t>();
  case json::value_t::number_float: return j.get<double>();
  case json::value_t::string: return j.get<std::string>();
  case json::value_t::array: {
    value::array out;
    out.reserve(j.size());
    for (const auto& element : j)
      out.push_back(from_nlohmann(element));
    return out;
  }
  case json::value_t::object: {
    value::object out;
    for (const auto& [key, element] : j.items())
      out.emplace(key, from_nlohmann(element));
    return out;
  }
  default: return nullptr;
  }
}

} // namespace

std::string to_json(const value& v) {
  return to_nlohmann(v).dump(-1, ' ', false, json::error_handler_t::replace);
}

expected<value> parse_json(std::string_view text, int depth_max) {
  bool too_deep = false;
  const auto watch_depth = [&](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > depth_max;
    return !too_deep;
  };
  try {
    auto parsed = json::parse(text, watch_depth);
    if (too_deep)
      return refuse(errc::invalid_argument,
                    "JSON is nested deeper than " + std::to_string(depth_max) + " levels");
    return from_nlohmann(parsed);
  } catch (const json::parse_error& e) {
    return refuse(errc::invalid_argument, "not JSON at byte " + std::to_string(e.byte));
  } catch (const json::out_of_range&) {
    return refuse(errc::invalid_argument, "not JSON: a number is larger than a double can hold");
  }
}

} // namespace carillon
