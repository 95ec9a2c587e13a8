#include "cluster/broker.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace carillon::cluster;

TEST_CASE("broker url: schemes, default ports, addresses and paths") {
  const auto read = [](const char* text) {
    const auto url = parse_broker_url(text);
    INFO(text);
    REQUIRE(url);
    return *url;
  };
  CHECK(read("mqtt://localhost") == broker_url{broker_scheme::mqtt, "localhost", 1883, ""});
  CHECK(read("mqtts://b.example/") == broker_url{broker_scheme::mqtts, "b.example", 8883, ""});
  CHECK(read("mqtt://10.0.0.1:9") == broker_url{broker_scheme::mqtt, "10.0.0.1", 9, ""});
  CHECK(read("ws://h/mqtt") == broker_url{broker_scheme::ws, "h", 80, "/mqtt"});
  CHECK(read("wss://h:444") == broker_url{broker_scheme::wss, "h", 444, ""});
  CHECK(read("mqtt://[::1]:1884") == broker_url{broker_scheme::mqtt, "::1", 1884, ""});
  CHECK(to_string(read("mqtt://[::1]")) == "mqtt://[::1]:1883");
  CHECK(to_string(read("wss://h/a/b")) == "wss://h:443/a/b");
}

TEST_CASE("broker url: bad input is refused with what is allowed") {
  for (const auto* text :
       {"", "localhost", "localhost:1883", "tcp://h", "MQTT://h", "mqtt://", "mqtt://:1883",
        "mqtt://h:", "mqtt://h:0", "mqtt://h:65536", "mqtt://h:1x", "mqtt://h:-1", "mqtt://h/path",
        "mqtt://[::1", "mqtt://[::1]x", "mqtt://a b", "ws://h/a b", "mqtt://h:1:2"}) {
    const auto url = parse_broker_url(text);
    INFO(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == errc::invalid_argument);
    CHECK(url.error().field == "broker");
    CHECK(url.error().message.find("allowed: mqtt://HOST[:PORT]") != std::string::npos);
  }
}

TEST_CASE("broker url: a password in it is refused and not shown") {
  const auto url = parse_broker_url("mqtts://carillon:s3cret@broker:8883");
  REQUIRE_FALSE(url);
  CHECK(url.error().message.find("s3cret") == std::string::npos);
  CHECK(url.error().message.find("options of their own") != std::string::npos);
  const auto odd = parse_broker_url("carillon:s3cret@broker");
  REQUIRE_FALSE(odd);
  CHECK(odd.error().message.find("s3cret") == std::string::npos);
}

TEST_CASE("broker url: any text is either refused or read as it is written again") {
  CHECK(rc::check([] {
    const auto text = *rc::gen::element<std::string>("mqtt://", "ws://", "", "wss://[") +
                      *rc::gen::string<std::string>();
    if (const auto url = parse_broker_url(text))
      RC_ASSERT(parse_broker_url(to_string(*url)).value_or(broker_url{}) == *url);
  }));
}

TEST_CASE("broker options: what cannot work is refused before anything is tried") {
  broker_options fine;
  fine.url = {broker_scheme::mqtts, "h", 8883, {}};
  fine.client_id = "c";
  CHECK(check(fine));
  const auto field = [&](auto change) {
    auto options = fine;
    change(options);
    const auto refused = check(options);
    return refused ? std::string{"none"} : refused.error().field;
  };
  CHECK(field([](auto& o) { o.client_id.clear(); }) == "client_id");
  CHECK(field([](auto& o) { o.password = "x"; }) == "username");
  CHECK(field([](auto& o) { o.tls.key_file = "x"; }) == "tls.certificate_file");
  CHECK(field([](auto& o) { o.in_flight_max = 0; }) == "limits");
  CHECK(field([](auto& o) { o.retry_max = std::chrono::milliseconds{1}; }) == "times");
  CHECK(field([](auto& o) {
          o.will = message{};
          o.will_delay = std::chrono::seconds{61};
        }) == "will_delay");
  CHECK(field([](auto& o) {
          o.url.scheme = broker_scheme::mqtt;
          o.tls.ca_file = "ca.crt";
        }) == "tls");
}

TEST_CASE("broker retries: waits double up to a limit, and half of each is left to chance") {
  broker_options options;
  options.retry_first = std::chrono::milliseconds{100};
  options.retry_max = std::chrono::milliseconds{1000};
  const auto longest = [&](std::uint32_t failures) {
    return retry_delay(options, failures, 1.0).count();
  };
  CHECK(longest(1) == 100);
  CHECK(longest(2) == 200);
  CHECK(longest(4) == 800);
  CHECK(longest(5) == 1000);
  CHECK(longest(4'000'000'000) == 1000);
  CHECK(retry_delay(options, 3, 0.0).count() == 200);
}

TEST_CASE("broker client id: differs for every run of every node") {
  CHECK(client_id_of("a/b", 7) == "carillon-a%2Fb-7");
  CHECK(client_id_of("a", 8) != client_id_of("a", 7));
}
