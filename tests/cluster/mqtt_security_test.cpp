// Passwords, certificates, WebSocket and message authentication, against a mosquitto of its own.

#include "cluster/block_channel.hpp"
#include "cluster/mqtt_fixture.hpp"
#include "cluster/presence.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::cluster;
using namespace carillon::test;

namespace {

bool can_talk(mqtt_witness& one, mqtt_witness& other) {
  other->subscribe("t");
  if (!one.wait_connected() || !other.wait_connected())
    return false;
  one->publish(text_message("t", "hello"));
  return other.wait_payload("hello");
}

} // namespace

TEST_CASE("mqtt: the right password is let in, a wrong one refused with a reason that hides it") {
  mosquitto_broker broker{{.username = "carillon", .password = "s3cret-right"}};
  REQUIRE(broker.start());
  auto options = options_for(broker.url(), "ann");
  options.username = "carillon";
  options.password = "s3cret-right";
  mqtt_witness ann{options};
  options.client_id = "eve";
  options.password = "s3cret-wrong";
  mqtt_witness eve{options};
  CHECK(ann.wait_connected());
  REQUIRE(eve.wait_disconnected());
  CHECK(eve.reasons().find("Not authorized") != std::string::npos);
  CHECK(eve.reasons().find("s3cret") == std::string::npos);
  CHECK(eve->stats().connects == 0);
}

TEST_CASE("mqtt: TLS trusts the authority it is given and no other") {
  mosquitto_broker broker{{.tls = true}};
  REQUIRE(broker.start());
  auto options = options_for(broker.url(), "ann");
  options.tls.ca_file = broker.path("ca.crt");
  mqtt_witness ann{options};
  options.client_id = "bob";
  mqtt_witness bob{options};
  options.client_id = "wrong";
  options.tls.ca_file = broker.path("other-ca.crt");
  mqtt_witness wrong{options};
  CHECK(can_talk(ann, bob));
  REQUIRE(wrong.wait_disconnected());
  CHECK(wrong->stats().connects == 0);
  INFO(wrong.reasons());
  CHECK(wrong.reasons().find("certificate") != std::string::npos);
}

TEST_CASE("mqtt: where client certificates are asked for, only those who have one get in") {
  mosquitto_broker broker{{.tls = true, .client_certificates = true}};
  REQUIRE(broker.start());
  auto options = options_for(broker.url(), "ann");
  options.tls.ca_file = broker.path("ca.crt");
  options.tls.certificate_file = broker.path("client.crt");
  options.tls.key_file = broker.path("client.key");
  mqtt_witness ann{options};
  options.client_id = "eve";
  options.tls.certificate_file.clear();
  options.tls.key_file.clear();
  mqtt_witness eve{options};
  CHECK(ann.wait_connected());
  REQUIRE(eve.wait_disconnected());
  CHECK(eve->stats().connects == 0);
}

TEST_CASE("mqtt: WebSocket carries the same") {
  mosquitto_broker broker{{.websocket = true}};
  REQUIRE(broker.start());
  mqtt_witness ann{options_for(broker.websocket_url(), "ann")};
  mqtt_witness bob{options_for(broker.url(), "bob")};
  CHECK(can_talk(ann, bob));
  CHECK(can_talk(bob, ann));
}

TEST_CASE("mqtt: with a cluster key, messages without its MAC are dropped and counted") {
  mosquitto_broker broker;
  REQUIRE(broker.start());
  const auto names = make_topics("prod");
  REQUIRE(names);
  const std::string key = "a key of at least sixteen bytes";
  sealer ann_seal{{"prod", node_id{"ann"}, 1, key}};
  sealer eve_seal{{"prod", node_id{"ann"}, 1, "another key of sixteen bytes and more"}};
  sealer bob_seal{{"prod", node_id{"bob"}, 7, key}};

  mqtt_witness ann{options_for(broker.url(), client_id_of("ann", 1))};
  mqtt_witness bob{options_for(broker.url(), client_id_of("bob", 7))};
  bob->subscribe(names->blocks());
  REQUIRE(bob.wait_connected());
  const block_message block{1, 3, {}, {7}, node_id{"ann"}, "bytes"};
  ann->publish(to_message(block, *names, eve_seal));
  ann->publish(text_message(names->blocks(), "garbage"));
  ann->publish(to_message(block, *names, ann_seal));
  REQUIRE(bob.wait_messages(3));
  const auto heard = bob.messages();
  const auto forged = open_block(heard[0], bob_seal);
  REQUIRE_FALSE(forged);
  CHECK(forged.error().code == errc::denied);
  CHECK_FALSE(open_block(heard[1], bob_seal));
  const auto real = open_block(heard[2], bob_seal);
  REQUIRE(real);
  CHECK(real->authentic);
  CHECK(real->block == block);
  CHECK(bob_seal.stats().unauthentic == 1);
  CHECK(bob_seal.stats().malformed == 1);
  CHECK(bob_seal.stats().opened == 1);
}

TEST_CASE("mqtt: a status is kept by the broker for nodes that come later") {
  mosquitto_broker broker;
  REQUIRE(broker.start());
  const auto names = make_topics("prod");
  REQUIRE(names);
  sealer seal{{"prod", node_id{"ann"}, 4, {}}};
  node_status status{node_id{"ann"}, 4, 12, "both", node_state::online, true, 99, "10.0.0.1:7"};
  {
    mqtt_witness ann{options_for(broker.url(), "ann")};
    REQUIRE(ann.wait_connected());
    ann->publish(to_message(status, *names, seal));
  }
  sealer late_seal{{"prod", node_id{"late"}, 1, {}}};
  mqtt_witness late{options_for(broker.url(), "late")};
  late->subscribe(names->every_status());
  REQUIRE(late.wait_messages(1));
  const auto heard = open_status(late.messages()[0], *names, late_seal);
  REQUIRE(heard);
  CHECK(heard->status == status);
  presence_table table{node_id{"late"}, 1};
  CHECK(table.hear(heard->status, heard->sequence) == presence_change::news);
}
