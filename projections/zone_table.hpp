#pragma once

#include "domain/aggregate.hpp"
#include "projections/share.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace carillon::projections {

/// Zones with the digests of their rules, as a node recorded them.
struct node_zones {
  node_id node;
  std::string version = {}; ///< Of its zone table, at the last record; empty = unknown.
  std::map<std::string, std::uint64_t> zones = {};
  position revision = 0; ///< Position of its last record.

  bool operator==(const node_zones&) const = default;
};

/// What nodes recorded of their zone tables (`tzdb_changed`), so that a node sees at its next start
/// which zones have other rules now (DST-10).
///
/// Each node has its own: one that is started again with new rules cannot rely on another having
/// computed fire times anew, for it may have gone on with the old rules itself since.
class zone_table {
public:
  /// Most nodes that are remembered: of those with names that never come back, the newest.
  static constexpr std::size_t nodes_max = 64;

  /// Applies `tzdb_changed`; others are ignored. Never fails.
  void apply(const event& e, const domain::record_info& info);

  /// nullptr when the node has recorded nothing.
  const node_zones* find(const node_id& node) const;
  const std::map<node_id, node_zones>& all() const noexcept { return nodes_; }

  state_hash hash() const;
  std::string save() const;
  expected<void> load(std::string_view bytes);

private:
  std::map<node_id, node_zones> nodes_;
};

} // namespace carillon::projections
