#include "events/json_codec.hpp"

#include "events/event_fields.hpp"
#include "events/json_fields.hpp"
#include "events/stream.hpp"

#include <array>
#include <utility>

namespace carillon::events {
namespace {

json data_of(const event& e) {
  return std::visit([](const auto& what) { return write_object(what); }, e);
}

template <std::size_t... Index> constexpr auto readers(std::index_sequence<Index...>) {
  using reader = void (*)(json_input&, const json&, event&);
  return std::array<reader, sizeof...(Index)>{+[](json_input& in, const json& j, event& out) {
    read_object(in, j, out.template emplace<Index>(), "type");
  }...};
}

} // namespace

std::string to_json(const event& e) {
  auto out = json::object();
  out["type"] = type_name(e);
  out.update(data_of(e));
  return dump(out);
}

std::string to_json(const recorded_event& e) {
  auto out = json::object();
  out["position"] = e.at;
  out["time"] = write_json(e.time);
  out["stream"] = stream_of(e.what);
  out["type"] = type_name(e.what);
  out["data"] = data_of(e.what);
  return dump(out);
}

std::string data_to_json(const event& e) { return dump(data_of(e)); }

expected<event> event_from_json(std::string_view text) {
  static constexpr auto by_type = readers(std::make_index_sequence<std::variant_size_v<event>>{});
  const auto parsed = parse_bounded(text);
  if (!parsed || !parsed->is_object())
    return refuse(errc::invalid_argument, "is not a JSON object");
  const auto type = parsed->find("type");
  if (type == parsed->end() || !type->is_string())
    return refuse(errc::invalid_argument, "must name the type of the event", "type");
  const auto number = type_number(type->get_ref<const std::string&>());
  if (!number)
    return refuse(errc::invalid_argument, "'" + type->get<std::string>() + "' is no event", "type");
  json_input in;
  event out;
  by_type[*number](in, *parsed, out);
  if (in.failed())
    return unexpected<error>{in.reason()};
  return out;
}

} // namespace carillon::events
