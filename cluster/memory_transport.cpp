#include "cluster/memory_transport.hpp"

#include "cluster/topics.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace carillon::cluster {

class memory_bus::client final : public transport {
public:
  client(memory_bus& bus, std::string id, std::optional<message> will,
         transport_callbacks callbacks)
      : bus{bus}, id{std::move(id)}, will{std::move(will)}, callbacks{std::move(callbacks)} {}

  ~client() override { close({}); }

  void subscribe(std::string filter) override {
    if (!filters.insert(filter).second || !counts.connected)
      return;
    ask(filter);
  }

  void publish(message m) override {
    if (closed)
      return;
    if (!counts.connected) {
      if (m.how == delivery::latest)
        latest.insert_or_assign(m.topic, m);
      else
        ++counts.dropped_outgoing;
      return;
    }
    ++counts.published;
    bus.send(*this, std::move(m));
  }

  void close(std::chrono::milliseconds) override {
    if (closed)
      return;
    closed = true;
    counts.connected = false;
    bus.clients_.erase(id);
  }

  transport_stats stats() const override {
    auto out = counts;
    out.waiting = latest.size();
    return out;
  }

  void ask(const std::string& filter) {
    for (const auto& [topic, m] : bus.retained_) {
      if (!matches(filter, topic))
        continue;
      auto kept = m;
      kept.retained = true;
      bus.queue(id, std::move(kept));
    }
  }

  bool wants(std::string_view topic) const {
    return std::any_of(filters.begin(), filters.end(),
                       [&](const std::string& f) { return matches(f, topic); });
  }

  memory_bus& bus;
  std::string id;
  std::optional<message> will;
  transport_callbacks callbacks;
  std::set<std::string> filters;
  std::map<std::string, message> latest;
  transport_stats counts;
  bool reachable = true;
  bool closed = false;
};

memory_bus::memory_bus(std::uint64_t seed, bus_faults faults) : random_{seed}, faults_{faults} {}

memory_bus::~memory_bus() = default;

std::unique_ptr<transport> memory_bus::open(std::string client_id, std::optional<message> will,
                                            transport_callbacks callbacks) {
  auto c = std::make_unique<client>(*this, client_id, std::move(will), std::move(callbacks));
  clients_.insert_or_assign(std::move(client_id), c.get());
  return c;
}

std::size_t memory_bus::deliver(std::size_t messages_max) {
  std::vector<std::string> names;
  for (const auto& [id, c] : clients_)
    names.push_back(id);
  for (const auto& id : names)
    if (const auto found = clients_.find(id); found != clients_.end())
      refresh(*found->second);
  std::size_t delivered = 0;
  while (!flights_.empty() && delivered < messages_max) {
    std::size_t index = 0;
    if (flights_.size() > 1 && chance(faults_.reordering))
      index = random_() % flights_.size();
    auto f = std::move(flights_[index]);
    flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(index));
    ++delivered;
    const auto found = clients_.find(f.to);
    if (found == clients_.end() || !found->second->counts.connected)
      continue;
    ++found->second->counts.received;
    if (found->second->callbacks.on_message)
      found->second->callbacks.on_message(std::move(f.what));
  }
  return delivered;
}

void memory_bus::set_up(bool up) {
  up_ = up;
  if (!up)
    flights_.clear();
}

void memory_bus::set_reachable(const std::string& client_id, bool reachable) {
  if (const auto found = clients_.find(client_id); found != clients_.end())
    found->second->reachable = reachable;
}

void memory_bus::kill(const std::string& client_id) {
  const auto found = clients_.find(client_id);
  if (found == clients_.end())
    return;
  const auto will = found->second->will;
  found->second->closed = true;
  found->second->counts.connected = false;
  clients_.erase(found);
  if (will && up_)
    route(client_id, *will);
}

/// Brings a client's connection in line with what it should be.
void memory_bus::refresh(client& c) {
  const bool should = up_ && c.reachable && !c.closed;
  if (should == c.counts.connected)
    return;
  c.counts.connected = should;
  if (!should) {
    if (c.callbacks.on_disconnected)
      c.callbacks.on_disconnected(up_ ? "cut off" : "the broker is away");
    return;
  }
  ++c.counts.connects;
  for (const auto& filter : c.filters)
    c.ask(filter);
  for (auto& [topic, m] : std::exchange(c.latest, {}))
    send(c, std::move(m));
  if (c.callbacks.on_connected)
    c.callbacks.on_connected(false);
}

void memory_bus::send(const client& from, message m) {
  if (!up_ || !from.reachable)
    return;
  route(from.id, m);
}

void memory_bus::route(const std::string& from, const message& m) {
  if (m.retained)
    retained_.insert_or_assign(m.topic, m);
  auto sent = m;
  sent.retained = false;
  for (const auto& [id, c] : clients_)
    if (id != from && c->reachable && c->counts.connected && c->wants(m.topic))
      queue(id, sent);
}

void memory_bus::queue(std::string to, message m) {
  if (chance(faults_.loss))
    return;
  if (chance(faults_.duplication))
    flights_.push_back({to, m});
  flights_.push_back({std::move(to), std::move(m)});
}

bool memory_bus::chance(double share) {
  return share > 0 && std::uniform_real_distribution<double>{0.0, 1.0}(random_) < share;
}

} // namespace carillon::cluster
