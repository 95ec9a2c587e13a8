#include "cluster/memory_transport.hpp"

#include <catch2/catch.hpp>

using namespace carillon::cluster;

namespace {

message make(std::string topic, std::string payload, bool retained = false) {
  message m;
  m.topic = std::move(topic);
  m.payload = std::move(payload);
  m.retained = retained;
  return m;
}

/// A client that writes down what it hears.
struct listener {
  listener(memory_bus& bus, std::string id, std::optional<message> will = std::nullopt) {
    transport_callbacks to;
    to.on_message = [this](const message& m) { heard += m.payload + (m.retained ? "* " : " "); };
    to.on_connected = [this](bool) { ++connected; };
    to.on_disconnected = [this](const std::string&) { ++disconnected; };
    link = bus.open(std::move(id), std::move(will), std::move(to));
  }
  std::string heard;
  int connected = 0;
  int disconnected = 0;
  std::unique_ptr<transport> link;
};

} // namespace

TEST_CASE(
    "memory bus: messages go to the others that asked, and kept ones to those who come late") {
  memory_bus bus;
  listener ann{bus, "ann"};
  listener bob{bus, "bob"};
  ann.link->subscribe("t/+");
  bob.link->subscribe("t/+");
  bus.deliver();
  CHECK(ann.connected == 1);
  ann.link->publish(make("t/1", "a"));
  ann.link->publish(make("t/2", "kept", true));
  ann.link->publish(make("u", "elsewhere"));
  bus.deliver();
  CHECK(bob.heard == "a kept ");
  CHECK(ann.heard.empty());
  listener late{bus, "late"};
  late.link->subscribe("t/#");
  bus.deliver();
  CHECK(late.heard == "kept* ");
}

TEST_CASE("memory bus: a cut client hears nothing and is told when it is back") {
  memory_bus bus;
  listener ann{bus, "ann"};
  listener bob{bus, "bob"};
  bob.link->subscribe("t");
  bus.deliver();
  bus.set_reachable("bob", false);
  bus.deliver();
  ann.link->publish(make("t", "lost"));
  bus.deliver();
  bus.set_reachable("bob", true);
  bus.deliver();
  ann.link->publish(make("t", "heard"));
  bus.deliver();
  CHECK(bob.heard == "heard ");
  CHECK(bob.connected == 2);
  CHECK(bob.disconnected == 1);
}

TEST_CASE("memory bus: without a broker everyone is alone, and the latest word waits for it") {
  memory_bus bus;
  listener ann{bus, "ann"};
  listener bob{bus, "bob"};
  bob.link->subscribe("t");
  bus.deliver();
  bus.set_up(false);
  bus.deliver();
  CHECK(ann.disconnected == 1);
  ann.link->publish(make("t", "lost"));
  auto latest = make("t", "waits");
  latest.how = delivery::latest;
  ann.link->publish(latest);
  CHECK(ann.link->stats().waiting == 1);
  bus.set_up(true);
  bus.deliver();
  bus.deliver();
  CHECK(ann.link->stats().waiting == 0);
  CHECK(ann.link->stats().dropped_outgoing == 1);
}

TEST_CASE("memory bus: a killed client's Will is sent, a closed one's is not") {
  memory_bus bus;
  listener ann{bus, "ann", make("w", "ann is gone", true)};
  listener bob{bus, "bob", make("w", "bob is gone", true)};
  listener eve{bus, "eve"};
  eve.link->subscribe("w");
  bus.deliver();
  bob.link->close({});
  bus.kill("ann");
  bus.deliver();
  CHECK(eve.heard == "ann is gone ");
}

TEST_CASE("memory bus: one seed gives one history") {
  const auto run = [](std::uint64_t seed) {
    memory_bus bus{seed, {.loss = 0.2, .duplication = 0.2, .reordering = 0.3}};
    listener ann{bus, "ann"};
    listener bob{bus, "bob"};
    bob.link->subscribe("t");
    bus.deliver();
    for (int i = 0; i < 100; ++i)
      ann.link->publish(make("t", std::to_string(i)));
    bus.deliver();
    return bob.heard;
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}
