#include "cluster/presence.hpp"

#include "carillon/value.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace carillon::cluster {
namespace {

constexpr std::array<std::string_view, 3> state_names{"online", "draining", "offline"};
constexpr int depth_max = 4;
constexpr std::size_t status_bytes_max = 64 * 1024;

unexpected<error> wrong(std::string field, std::string_view why) {
  auto text = "status: " + field + " " + std::string{why};
  return refuse(errc::corrupt, std::move(text), std::move(field));
}

/// The member called `name` as a T; nullptr when it is not there or something else.
template <class T> const T* member(const value::object& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->second.get_if<T>();
}

/// JSON integers end at 2^63, which neither tokens nor positions reach.
value number(std::uint64_t n) { return value{static_cast<std::int64_t>(n)}; }

} // namespace

std::string_view to_string(node_state state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::string to_json(const node_status& status) {
  return carillon::to_json(value{value::object{{"node", status.node.value},
                                               {"incarnation", number(status.incarnation)},
                                               {"session", number(status.session)},
                                               {"role", status.role},
                                               {"state", std::string{to_string(status.state)}},
                                               {"clean", status.clean},
                                               {"position", number(status.at)},
                                               {"address", status.address}}});
}

expected<node_status> node_status_from_json(std::string_view text) {
  if (text.size() > status_bytes_max)
    return wrong("text",
                 "has " + std::to_string(text.size()) + " bytes, at most 65536 are allowed");
  const auto parsed = parse_json(text, depth_max);
  const auto* object = parsed ? parsed->get_if<value::object>() : nullptr;
  if (object == nullptr)
    return wrong("text", "is not a JSON object");
  node_status out;
  const auto* node = member<std::string>(*object, "node");
  if (node == nullptr || !check_name(*node, "node"))
    return wrong("node", "is no name of a node");
  out.node = node_id{*node};
  const auto* incarnation = member<std::int64_t>(*object, "incarnation");
  if (incarnation == nullptr || *incarnation < 0)
    return wrong("incarnation", "is no number from 0");
  out.incarnation = static_cast<std::uint64_t>(*incarnation);
  if (const auto* token = member<std::int64_t>(*object, "session"); token != nullptr && *token >= 0)
    out.session = static_cast<std::uint64_t>(*token);
  const auto* state = member<std::string>(*object, "state");
  bool known = false;
  for (std::size_t i = 0; state != nullptr && i < state_names.size(); ++i) {
    if (*state != state_names[i])
      continue;
    out.state = static_cast<node_state>(i);
    known = true;
  }
  if (!known)
    return wrong("state", "is not one of online, draining, offline");
  if (const auto* at = member<std::int64_t>(*object, "position"); at != nullptr && *at >= 0)
    out.at = static_cast<position>(*at);
  if (const auto* clean = member<bool>(*object, "clean"))
    out.clean = *clean;
  if (const auto* role = member<std::string>(*object, "role"))
    out.role = *role;
  if (const auto* address = member<std::string>(*object, "address"))
    out.address = *address;
  return out;
}

message to_message(const node_status& status, const topics& names, sealer& seal) {
  message m;
  m.topic = names.status(status.node);
  m.payload = seal.seal(m.topic, to_json(status));
  m.retained = true;
  m.how = delivery::latest;
  m.content_type = "application/vnd.carillon.status";
  return m;
}

message will_of(const node_status& status, const topics& names, sealer& seal) {
  auto gone = status;
  gone.state = node_state::offline;
  gone.clean = false;
  return to_message(gone, names, seal);
}

presence_change presence_table::hear(const node_status& status, std::uint64_t sequence) {
  if (status.node == self_) {
    const bool of_old_run = status.incarnation < incarnation_;
    const bool buried = status.incarnation == incarnation_ && status.state == node_state::offline;
    return of_old_run || buried ? presence_change::contradict : presence_change::none;
  }
  const auto [found, is_new] = peers_.try_emplace(status.node.value, peer{status, sequence});
  auto& known = found->second;
  const bool silent = status.state == node_state::offline && !status.clean;
  if (is_new)
    return silent ? presence_change::check : presence_change::news;
  if (status.incarnation < known.status.incarnation)
    return presence_change::none;
  if (status.incarnation == known.status.incarnation) {
    // A Will was written before everything else its run said, and counts as its last word all the
    // same; a later word of the same run takes it back.
    const bool was_silent = known.status.state == node_state::offline && !known.status.clean;
    if (silent && was_silent)
      return presence_change::none;
    if (!silent && sequence <= known.sequence)
      return presence_change::none;
    if (silent && known.status.state == node_state::offline)
      return presence_change::none; // it had said good-bye
  }
  const auto before = std::exchange(known.status, status);
  // The Will's own number is low: what came before it must not count as newer.
  known.sequence =
      status.incarnation == before.incarnation ? std::max(known.sequence, sequence) : sequence;
  if (silent) {
    known.status.at = before.incarnation == status.incarnation ? before.at : status.at;
    return presence_change::check;
  }
  auto compared = before;
  compared.at = status.at;
  return compared == status ? presence_change::none : presence_change::news;
}

void presence_table::forget(const node_id& node, std::uint64_t incarnation) {
  const auto found = peers_.find(node.value);
  if (found != peers_.end() && found->second.status.incarnation <= incarnation)
    peers_.erase(found);
}

std::vector<node_id> presence_table::to_check() const {
  std::vector<node_id> out;
  for (const auto& [name, p] : peers_)
    if (p.status.state == node_state::offline && !p.status.clean)
      out.push_back(p.status.node);
  return out;
}

expected<received_status> open_status(const message& m, const topics& names, sealer& seal) {
  auto opened = seal.open(m.topic, m.payload);
  if (!opened)
    return unexpected<error>{opened.error()};
  auto status = node_status_from_json(opened->body);
  if (!status)
    return unexpected<error>{status.error()};
  if (status->node != opened->sender || m.topic != names.status(status->node) ||
      status->incarnation != opened->incarnation)
    return wrong("node", "is not that of its sender and topic");
  return received_status{std::move(*status), opened->sequence};
}

} // namespace carillon::cluster
