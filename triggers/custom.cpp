#include "triggers/node.hpp"

namespace carillon::triggers {

expected<void> resolve_custom(custom_rule&) {
  return refuse(errc::unsupported, "kind 'custom' is not supported yet", "trigger.kind");
}

expected<rule_variant> compile_custom(const custom_rule&, const trigger_spec&) {
  return refuse(errc::unsupported, "kind 'custom' is not supported yet", "trigger.kind");
}

expected<std::optional<time_point>> advance_custom(const custom_node&, time_point, step_budget&) {
  return refuse(errc::unsupported, "kind 'custom' is not supported yet", "trigger.kind");
}

} // namespace carillon::triggers
