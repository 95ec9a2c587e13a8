#include "triggers/node.hpp"

namespace carillon::triggers {

expected<void> resolve_on_calendar(on_calendar&, trigger_spec&, const resolve_context&) {
  return refuse(errc::unsupported, "kind 'systemd' is not supported yet", "trigger.kind");
}

expected<rule_variant> compile_on_calendar(const on_calendar&, const trigger_spec&) {
  return refuse(errc::unsupported, "kind 'systemd' is not supported yet", "trigger.kind");
}

} // namespace carillon::triggers
