#include "cluster/cloud_events.hpp"

#include "events/json_codec.hpp"
#include "events/stream.hpp"

namespace carillon::cluster {

expected<void> check(const event_publication& what) {
  for (const auto* names : {&what.types, &what.except})
    for (const auto& name : *names)
      if (!events::type_number(name).value_or(0))
        return refuse(errc::invalid_argument, "'" + name + "' is the name of no event", "events");
  return {};
}

bool is_published(const event_publication& what, const event& e) {
  if (!what.enabled || std::holds_alternative<unknown_event>(e))
    return false;
  if (what.types.empty() && what.except.empty())
    return true;
  const std::string name{events::type_name(e)};
  return (what.types.empty() || what.types.contains(name)) && !what.except.contains(name);
}

std::string_view event_kind(const event& e) {
  const auto name = events::type_name(e);
  const auto category = events::category_name(events::category_of(e));
  const bool prefixed = name.size() > category.size() + 1 && name.starts_with(category) &&
                        name[category.size()] == '_';
  return prefixed ? name.substr(category.size() + 1) : name;
}

std::string cloud_event_type(const event& e) {
  std::string out = "io.carillon.";
  out += events::category_name(events::category_of(e));
  out += '.';
  out += event_kind(e);
  return out + ".v1";
}

message to_cloud_event(const recorded_event& e, const topics& names) {
  const auto subject = events::entity_of(e.what);
  message m;
  m.topic = names.event(events::category_of(e.what), subject, event_kind(e.what));
  m.payload = events::data_to_json(e.what);
  m.how = delivery::event;
  m.content_type = "application/json";
  m.properties = {
      {"specversion", "1.0"},
      {"id", std::to_string(e.at)},
      {"source", "/carillon/" + percent_encode(names.cluster) + "/" + percent_encode(e.node.value)},
      {"type", cloud_event_type(e.what)},
      {"subject", subject},
      {"time", to_rfc3339(e.time)}};
  if (e.commit && !e.commit->traceparent.empty())
    m.properties.emplace_back("traceparent", e.commit->traceparent);
  return m;
}

} // namespace carillon::cluster
