#include "http/address.hpp"
#include "http/routes.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::http;

TEST_CASE("address: loopback in all its forms is accepted") {
  for (const auto* text : {"127.0.0.1:4080", "localhost:0", "[::1]:80", "127.8.9.1:65535"}) {
    INFO(text);
    CHECK(parse_listen(text));
  }
  CHECK(parse_listen("[::1]:80")->host == "::1");
  CHECK(parse_listen("unix:/run/c.sock")->path == "/run/c.sock");
}

TEST_CASE("address: every other address is refused with the reason") {
  for (const auto* text :
       {"0.0.0.0:80", "192.168.1.2:80", "[::]:80", "example.org:80", "10.0.0.1:1",
        "[::ffff:127.0.0.1]:80", "127.0.0.1.example.org:80", ":80"}) {
    INFO(text);
    const auto read = parse_listen(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().field == "listen");
    CHECK(read.error().message.find("loopback") != std::string::npos);
  }
}

TEST_CASE("address: malformed text names what is wrong") {
  for (const auto* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:8o", "unix:"}) {
    INFO(text);
    CHECK_FALSE(parse_listen(text));
  }
  CHECK_FALSE(parse_listen("unix:/" + std::string(200, 'x')));
}

TEST_CASE("routes: percent signs need two hex digits") {
  CHECK(*percent_decode("a%2Fb%20c") == "a/b c");
  CHECK(*percent_decode("a+b", true) == "a b");
  CHECK(*percent_decode("a+b") == "a+b");
  for (const auto* text : {"%", "%2", "%zz", "abc%1"}) {
    INFO(text);
    CHECK_FALSE(percent_decode(text));
  }
}
