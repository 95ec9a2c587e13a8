#include "projections/zone_table.hpp"

#include "events/upcast.hpp"
#include "projections/packing.hpp"
#include "projections/state_fields.hpp"

#include <algorithm>

namespace carillon::projections {

void zone_table::apply(const event& e, const domain::record_info& info) {
  const auto* changed = std::get_if<tzdb_changed>(&e);
  if (changed == nullptr)
    return;
  auto& entry = nodes_[changed->node];
  entry.node = changed->node;
  entry.version = changed->version;
  entry.revision = info.at;
  for (const auto& each : changed->zones)
    entry.zones[each.zone] = each.digest;
  if (nodes_.size() > nodes_max)
    nodes_.erase(std::min_element(nodes_.begin(), nodes_.end(), [](const auto& a, const auto& b) {
      return a.second.revision < b.second.revision;
    }));
}

const node_zones* zone_table::find(const node_id& node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? nullptr : &found->second;
}

state_hash zone_table::hash() const {
  state_hash sum;
  for (const auto& [node, entry] : nodes_)
    sum += hash_of(stream_category::node, node.value, events::encode(entry));
  return sum;
}

std::string zone_table::save() const {
  std::string out;
  for (const auto& [node, entry] : nodes_)
    append_packed(out, events::encode(entry));
  return out;
}

expected<void> zone_table::load(std::string_view bytes) {
  return for_each_packed<node_zones>(bytes, [this](node_zones entry) {
    const auto node = entry.node;
    nodes_[node] = std::move(entry);
  });
}

} // namespace carillon::projections
