// The MQTT transport against a mosquitto of its own.

#include "cluster/mqtt_fixture.hpp"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

using namespace carillon;
using namespace carillon::cluster;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

/// The holder program, connected; killed at the end if not before.
class holder {
public:
  holder(const std::string& url, const std::string& topic, const std::string& will) {
    int ends[2] = {-1, -1};
    if (pipe(ends) != 0)
      return;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl(MQTT_HOLDER, "mqtt_holder", url.c_str(), "holder-1", topic.c_str(), will.c_str(),
            nullptr);
      _exit(127);
    }
    close(ends[1]);
    char word[3] = {};
    is_up = read(ends[0], word, 2) == 2 && std::string{word} == "up";
    close(ends[0]);
  }
  ~holder() { kill9(); }

  void kill9() {
    if (pid_ <= 0)
      return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  bool is_up = false;

private:
  pid_t pid_ = -1;
};

} // namespace

TEST_CASE("mqtt: what one node publishes another hears, whole and in order, and itself not") {
  mosquitto_broker broker;
  REQUIRE(broker.start());
  mqtt_witness ann{options_for(broker.url(), "ann")};
  mqtt_witness bob{options_for(broker.url(), "bob")};
  ann->subscribe("t/+");
  bob->subscribe("t/+");
  REQUIRE(ann.wait_connected());
  REQUIRE(bob.wait_connected());

  constexpr int count = 500;
  for (int i = 0; i < count; ++i) {
    auto m = text_message("t/" + std::to_string(i % 3), "no " + std::to_string(i));
    m.payload += std::string{"\0\xff", 2};
    m.content_type = "application/json";
    m.properties = {{"id", std::to_string(i)}, {"empty", ""}};
    m.expiry = 60s;
    ann->publish(std::move(m));
  }
  REQUIRE(bob.wait_messages(count));
  const auto heard = bob.messages();
  REQUIRE(heard.size() == count);
  for (int i = 0; i < count; ++i) {
    const auto& m = heard[static_cast<std::size_t>(i)];
    CHECK(m.topic == "t/" + std::to_string(i % 3));
    CHECK(m.payload == "no " + std::to_string(i) + std::string{"\0\xff", 2});
    CHECK(m.content_type == "application/json");
    CHECK(m.properties.size() == 2);
    CHECK(m.properties[0].second == std::to_string(i));
    CHECK_FALSE(m.retained);
  }
  ann.close();
  CHECK(ann.messages().empty());
  CHECK(ann->stats().published == count);
  CHECK(ann->stats().dropped_outgoing == 0);
  CHECK(bob->stats().received == count);
}

TEST_CASE("mqtt: after a restart of the broker the subscriptions stand again") {
  mosquitto_broker broker;
  REQUIRE(broker.start());
  mqtt_witness ann{options_for(broker.url(), "ann")};
  mqtt_witness bob{options_for(broker.url(), "bob")};
  bob->subscribe("t/#");
  REQUIRE(bob.wait_connected());
  REQUIRE(ann.wait_connected());

  broker.stop(true);
  REQUIRE(ann.wait_disconnected());
  REQUIRE(bob.wait_disconnected());
  ann->publish(text_message("t/away", "said while it was away"));
  auto latest = text_message("t/status", "first");
  latest.how = delivery::latest;
  ann->publish(latest);
  latest.payload = "second";
  ann->publish(latest);
  CHECK_FALSE(ann->stats().connected);
  CHECK(ann->stats().waiting == 2);

  REQUIRE(broker.start());
  REQUIRE(bob.wait_connected(2));
  REQUIRE(ann.wait_connected(2));
  CHECK_FALSE(bob.resumed()); // it had no memory
  ann->publish(text_message("t/back", "said when it was back"));
  CHECK(bob.wait_payload("said when it was back"));
  CHECK(bob->stats().connects == 2);
}

TEST_CASE("mqtt: a node that opens before there is a broker finds it later") {
  mosquitto_broker broker;
  mqtt_witness ann{options_for(broker.url(), "ann")};
  ann->subscribe("t");
  REQUIRE(ann.wait_disconnected(2));
  CHECK(ann.reasons().find("broker " + broker.url()) != std::string::npos);
  ann->publish(text_message("u", "waits"));
  REQUIRE(broker.start());
  REQUIRE(ann.wait_connected());
}

TEST_CASE("mqtt: the broker's memory of a client bridges a short absence") {
  mosquitto_broker broker;
  REQUIRE(broker.start());
  mqtt_witness ann{options_for(broker.url(), "ann")};
  REQUIRE(ann.wait_connected());
  {
    mqtt_witness bob{options_for(broker.url(), "bob")};
    bob->subscribe("t");
    REQUIRE(bob.wait_connected());
  }
  ann->publish(text_message("t", "while bob was away"));
  ann.close();
  REQUIRE(ann->stats().published == 1);
  mqtt_witness bob{options_for(broker.url(), "bob")};
  bob->subscribe("t");
  REQUIRE(bob.wait_connected());
  CHECK(bob.resumed());
  CHECK(bob.wait_payload("while bob was away"));
}

TEST_CASE("mqtt: a killed node's Will is kept for those who come later, a closed one's not sent") {
  mosquitto_broker broker;
  REQUIRE(broker.start());
  holder gone{broker.url(), "status/gone", "offline"};
  REQUIRE(gone.is_up);
  mqtt_witness bob{options_for(broker.url(), "bob")};
  bob->subscribe("status/+");
  REQUIRE(bob.wait_connected());

  auto options = options_for(broker.url(), "ann");
  options.will = text_message("status/ann", "offline");
  options.will_delay = 0s;
  {
    mqtt_witness ann{options};
    REQUIRE(ann.wait_connected());
  }
  gone.kill9();
  REQUIRE(bob.wait_messages(1));
  CHECK(bob.messages()[0].topic == "status/gone");
  CHECK(bob.messages()[0].payload == "offline");

  mqtt_witness late{options_for(broker.url(), "late")};
  late->subscribe("status/+");
  REQUIRE(late.wait_messages(1));
  CHECK(late.messages()[0].retained);
  CHECK(late.messages()[0].topic == "status/gone");
}

TEST_CASE("mqtt: callers never wait, and a broker that hangs costs memory up to a limit") {
  mosquitto_broker broker;
  REQUIRE(broker.start());
  auto options = options_for(broker.url(), "ann");
  options.outgoing_max = 100;
  options.in_flight_max = 10;
  mqtt_witness ann{options};
  REQUIRE(ann.wait_connected());
  broker.pause(true);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5000; ++i)
    ann->publish(text_message("t", std::string(1000, 'x')));
  CHECK(std::chrono::steady_clock::now() - begin < 1s);
  const auto stats = ann->stats();
  CHECK(stats.waiting <= 100);
  CHECK(stats.dropped_outgoing >= 5000 - 100 - 10);
  broker.pause(false);
}

TEST_CASE("mqtt: a message the broker does not take does not keep the connection from working") {
  mosquitto_broker broker{{.extra = "max_packet_size 20000"}};
  REQUIRE(broker.start());
  mqtt_witness ann{options_for(broker.url(), "ann")};
  mqtt_witness bob{options_for(broker.url(), "bob")};
  bob->subscribe("t");
  REQUIRE(bob.wait_connected());
  REQUIRE(ann.wait_connected());
  ann->publish(text_message("t", std::string(100'000, 'x')));
  // Twice in vain, then without it.
  REQUIRE(ann.wait([&] { return ann->stats().connects >= 3; }));
  ann->publish(text_message("t", "small"));
  CHECK(bob.wait_payload("small"));
  CHECK(ann.reasons().find("Packet too large") != std::string::npos);
  CHECK(ann->stats().dropped_outgoing == 1);
}

TEST_CASE("mqtt: a refused subscription and a topic that is none are told, the others stand") {
  mosquitto_broker broker{{.acl = "topic readwrite good\n"}};
  REQUIRE(broker.start());
  mqtt_witness ann{options_for(broker.url(), "ann")};
  ann->subscribe("bad/#/filter");
  ann->subscribe("good");
  REQUIRE(ann.wait_connected());
  CHECK(ann.wait_reason("bad/#/filter"));
  ann->publish(text_message("a/+", "nowhere"));
  CHECK(ann.wait_reason("'a/+' is no topic"));
  ann->publish(text_message("forbidden", "unheard"));
  CHECK(ann.wait_reason("Not authorized"));
  mqtt_witness bob{options_for(broker.url(), "bob")};
  bob->publish(text_message("good", "heard"));
  CHECK(ann.wait_payload("heard"));
  CHECK(ann->stats().connects == 1);
}
