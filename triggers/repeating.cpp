#include "triggers/node.hpp"

namespace carillon::triggers {

expected<void> resolve_repeating(repeating_interval&, trigger_spec&, const time_zone&,
                                 const resolve_context&) {
  return refuse(errc::unsupported, "kind 'iso8601' is not supported yet", "trigger.kind");
}

expected<rule_variant> compile_repeating(const repeating_interval&, const trigger_spec&,
                                         const time_zone&) {
  return refuse(errc::unsupported, "kind 'iso8601' is not supported yet", "trigger.kind");
}

expected<std::optional<time_point>> advance_repeating(const repeating_rule&, const time_zone&,
                                                      time_point, step_budget&) {
  return refuse(errc::unsupported, "kind 'iso8601' is not supported yet", "trigger.kind");
}

} // namespace carillon::triggers
