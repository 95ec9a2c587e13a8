#include "triggers/node.hpp"

#include "carillon/custom_trigger.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace carillon {
namespace {

using trigger_name = std::pair<std::string, std::uint32_t>;
using trigger_ptr = std::shared_ptr<const custom_trigger>;

/// All types of this process. Filled before a scheduler starts, so that rules stay pure after.
class registry {
public:
  expected<void> add(custom_trigger trigger) {
    const std::unique_lock lock{mutex_};
    const trigger_name name{trigger.type, trigger.version};
    if (types_.contains(name))
      return refuse(errc::conflict,
                    "trigger type '" + trigger.type + "' version " +
                        std::to_string(trigger.version) + " is registered already",
                    "type");
    types_.emplace(name, std::make_shared<const custom_trigger>(std::move(trigger)));
    return {};
  }

  expected<trigger_ptr> find(const custom_rule& rule) const {
    const std::shared_lock lock{mutex_};
    const auto found = types_.find({rule.type, rule.version});
    if (found != types_.end())
      return found->second;
    std::string known;
    for (const auto& [name, unused] : types_)
      known += (known.empty() ? "" : ", ") + name.first + ' ' + std::to_string(name.second);
    return refuse(errc::unsupported,
                  "trigger type '" + rule.type.substr(0, 64) + "' version " +
                      std::to_string(rule.version) + " is not registered here; " +
                      (known.empty() ? "none are" : "known are " + known),
                  "trigger.spec.type");
  }

private:
  mutable std::shared_mutex mutex_;
  std::map<trigger_name, trigger_ptr> types_;
};

registry& all_types() {
  static registry instance;
  return instance;
}

bool is_type_name(std::string_view name) {
  constexpr std::size_t bytes_max = 64;
  return !name.empty() && name.size() <= bytes_max &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

} // namespace

expected<void> register_trigger(custom_trigger trigger) {
  if (!is_type_name(trigger.type))
    return refuse(errc::invalid_argument,
                  "'" + trigger.type.substr(0, 64) +
                      "' is not a trigger type: 1 to 64 letters, digits and . _ -",
                  "type");
  if (!trigger.next)
    return refuse(errc::invalid_argument, "next is empty", "next");
  return all_types().add(std::move(trigger));
}

namespace triggers {

struct custom_table {
  trigger_ptr type;
  std::string config;
};

namespace {

constexpr std::size_t config_bytes_max = 65'536;

} // namespace

expected<void> resolve_custom(custom_rule& kind) {
  const auto type = all_types().find(kind);
  if (!type)
    return unexpected<error>{type.error()};
  if (kind.config.size() > config_bytes_max)
    return refuse(errc::limit_exceeded,
                  "config has " + std::to_string(kind.config.size()) + " bytes, allowed are " +
                      std::to_string(config_bytes_max),
                  "trigger.spec.config");
  if (!(*type)->resolve)
    return {};
  auto config = (*type)->resolve(kind.config);
  if (!config)
    return refuse(config.error().code, config.error().message, "trigger.spec.config");
  kind.config = std::move(*config);
  return {};
}

expected<rule_variant> compile_custom(const custom_rule& kind, const trigger_spec&) {
  auto type = all_types().find(kind);
  if (!type)
    return unexpected<error>{std::move(type).error()};
  return rule_variant{
      custom_node{std::make_shared<const custom_table>(custom_table{*type, kind.config})}};
}

expected<std::optional<time_point>> advance_custom(const custom_node& rule, time_point from,
                                                   step_budget&) {
  const auto& [type, config] = *rule.table;
  const auto at = type->next(config, from);
  if (at && *at < from)
    return refuse(errc::internal, "trigger type '" + type->type + "' went back from " +
                                      to_rfc3339(from) + " to " + to_rfc3339(*at));
  return at && *at <= instant_max ? at : std::nullopt;
}

} // namespace triggers
} // namespace carillon
