#include "actors/engine.hpp"

#include "actors/local_zone.hpp"
#include "triggers/civil_time.hpp"

#include <set>

/// Fire times that rest on rules outside of their triggers: calendars, and the zone table.
namespace carillon {

using namespace actors;

namespace {

void send_to_owners(const handles_ptr& peers, std::shared_ptr<recompute_request> request) {
  request->missing = peers->schedules.size();
  for (const auto& owner : peers->schedules)
    caf::anon_send(owner, recompute_fires{request});
}

void warn_of(const node_context& node, const error& why) {
  node.log(log_level::warning, "not all fire times were computed again: " + why.message);
}

/// What this process knows of the zones; those that its zone table does not have are left out.
std::vector<zone_rules> rules_here(const node_context& node, const std::set<std::string>& zones) {
  std::vector<zone_rules> out;
  for (const auto& name : zones) {
    if (const auto zone = triggers::find_zone(name))
      out.push_back({name, (*zone)->digest()});
    else
      node.log(log_level::error, "schedules use time zone '" + name +
                                     "', which is not in the zone table of this machine");
  }
  return out;
}

/// Two nodes with different tables compute different fire times: whoever runs them should know.
void warn_of_others(const node_context& node, const std::vector<zone_rules>& here) {
  node.rules.read_zones([&](const projections::zone_table& table) {
    for (const auto& [name, recorded] : table.all()) {
      if (name == node.node)
        continue;
      for (const auto& [zone, digest] : here)
        if (const auto found = recorded.zones.find(zone);
            found != recorded.zones.end() && found->second != digest) {
          node.log(log_level::warning,
                   "node '" + name.value + "' last started with other rules for time zone '" +
                       zone + "' (its zone table: " +
                       (recorded.version.empty() ? "unknown" : recorded.version) + ")");
          break;
        }
    }
  });
}

/// Those of `here` that this node recorded otherwise, or not at all.
std::vector<zone_rules> changed_rules(const node_context& node,
                                      const std::vector<zone_rules>& here) {
  return node.rules.read_zones([&](const projections::zone_table& table) {
    const auto* recorded = table.find(node.node);
    std::vector<zone_rules> out;
    for (const auto& each : here) {
      const auto found =
          recorded == nullptr ? decltype(recorded->zones.end()){} : recorded->zones.find(each.zone);
      if (recorded == nullptr || found == recorded->zones.end() || found->second != each.digest)
        out.push_back(each);
    }
    return out;
  });
}

} // namespace

expected<std::uint64_t>
scheduler::implementation::recompute(std::shared_ptr<recompute_request> request) {
  auto promise = std::make_shared<std::promise<expected<std::uint64_t>>>();
  auto future = promise->get_future();
  request->done = [promise](recompute_request& all) {
    promise->set_value(all.failure ? expected<std::uint64_t>{unexpected<error>{*all.failure}}
                                   : expected<std::uint64_t>{all.moved});
  };
  promise.reset();
  send_to_owners(peers_, std::move(request));
  try {
    return future.get();
  } catch (const std::future_error&) { // the owners are gone, and the request with them
    return refuse(errc::unavailable, "the scheduler is stopped");
  }
}

/// The answer to a change of days waits until the schedules have followed. Runs in the actor that
/// answers, which must not wait itself.
void scheduler::implementation::follow_calendar(pending_command& command) {
  command.done = [peers = peers_, node = node_,
                  done = std::move(command.done)](expected<answer> reply) {
    if (!reply || reply->what != change::updated)
      return done(std::move(reply));
    auto request = std::make_shared<recompute_request>();
    request->causation = reply->at;
    request->done = [node, done, reply = *reply](recompute_request& all) {
      if (all.failure) // the days are set; a fire meets them in any case, and the rest follows
        warn_of(*node, *all.failure);
      auto out = reply;
      out.at = std::max(out.at, all.at);
      done(std::move(out));
    };
    send_to_owners(peers, std::move(request));
  };
}

bool scheduler::implementation::renew_calendars() {
  const auto renewed = recompute(std::make_shared<recompute_request>());
  if (!renewed)
    warn_of(*node_, renewed.error());
  return renewed.has_value();
}

expected<void> scheduler::implementation::renew_zones() {
  std::set<std::string> in_use;
  for (const auto& owner : peers_->schedules) {
    auto part = read<look_schedules, std::set<std::string>>(
        owner, [](const auto& table) { return table.zones(); });
    if (!part)
      return unexpected<error>{std::move(part).error()};
    in_use.merge(*part);
  }
  const auto here = rules_here(*node_, in_use);
  warn_of_others(*node_, here);
  const auto changed = changed_rules(*node_, here);
  if (changed.empty())
    return {};
  const auto version = zone_table_version();
  auto request = std::make_shared<recompute_request>();
  request->what = {.id = {}, .cause = recompute_cause::zone_rules, .zone_table = version};
  for (const auto& each : changed)
    request->zones.insert(each.zone);
  const auto moved = recompute(std::move(request));
  if (!moved)
    return unexpected<error>{moved.error()};
  // Last: a node that dies before it looks again.
  if (auto recorded =
          record(tzdb_changed{node_->node, version, changed}, {.who = "engine", .from = "rules"});
      !recorded)
    return unexpected<error>{recorded.error()};
  node_->log(log_level::info, "the rules of " + std::to_string(changed.size()) +
                                  " time zones are new to this node: " + std::to_string(*moved) +
                                  " schedules have another next fire time");
  return {};
}

} // namespace carillon
