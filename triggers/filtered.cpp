#include "triggers/node.hpp"

namespace carillon::triggers {

expected<void> resolve_filtered(filtered&, const resolve_context&) {
  return refuse(errc::unsupported, "kind 'except' is not supported yet", "trigger.kind");
}

expected<rule_variant> compile_filtered(const filtered&, std::vector<compiled_trigger>) {
  return refuse(errc::unsupported, "kind 'except' is not supported yet", "trigger.kind");
}

expected<fire> advance_filtered(const filter_rule&, const time_zone&, const trigger_cursor&,
                                time_point, step_budget&) {
  return refuse(errc::unsupported, "kind 'except' is not supported yet", "trigger.kind");
}

} // namespace carillon::triggers
