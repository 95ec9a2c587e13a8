#include "triggers/node.hpp"

namespace carillon::triggers {

expected<void> resolve_recurrence(recurrence&, trigger_spec&, const time_zone&,
                                  const resolve_context&) {
  return refuse(errc::unsupported, "kind 'rrule' is not supported yet", "trigger.kind");
}

expected<rule_variant> compile_recurrence(const recurrence&, const trigger_spec&,
                                          const time_zone&) {
  return refuse(errc::unsupported, "kind 'rrule' is not supported yet", "trigger.kind");
}

expected<std::optional<time_point>> advance_recurrence(const recurrence_rule&, const time_zone&,
                                                       time_point, step_budget&) {
  return refuse(errc::unsupported, "kind 'rrule' is not supported yet", "trigger.kind");
}

} // namespace carillon::triggers
