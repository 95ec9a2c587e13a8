#include "carillon/payload.hpp"

namespace carillon {
namespace {

// The object and its array or object stand around what `parse_json` allows for a value.
constexpr int arguments_depth_max = 64 + 2;

} // namespace

payload to_payload(const arguments& a) {
  value::object parts;
  if (!a.args.empty())
    parts.emplace("args", a.args);
  if (!a.kwargs.empty())
    parts.emplace("kwargs", a.kwargs);
  if (parts.empty())
    return {};
  return payload{.text = to_json(value{std::move(parts)})};
}

expected<arguments> to_arguments(std::string_view text) {
  arguments out;
  if (text.empty())
    return out;
  const auto parsed = parse_json(text, arguments_depth_max);
  if (!parsed)
    return unexpected<error>{parsed.error()};
  const auto* parts = parsed->get_if<value::object>();
  if (!parts)
    return refuse(errc::invalid_argument,
                  "arguments are not an object with \"args\" and \"kwargs\"");
  for (const auto& [name, part] : *parts) {
    if (name == "args") {
      const auto* args = part.get_if<value::array>();
      if (!args)
        return refuse(errc::invalid_argument, "must be an array", "args");
      out.args = *args;
    } else if (name == "kwargs") {
      const auto* kwargs = part.get_if<value::object>();
      if (!kwargs)
        return refuse(errc::invalid_argument, "must be an object", "kwargs");
      out.kwargs = *kwargs;
    } else {
      return refuse(errc::invalid_argument, "is unknown; allowed are args and kwargs", name);
    }
  }
  return out;
}

metadata merge(const metadata& under, const metadata& over) {
  auto out = over;
  out.insert(under.begin(), under.end()); // keeps what is there
  return out;
}

} // namespace carillon
