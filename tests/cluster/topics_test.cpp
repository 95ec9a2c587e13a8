#include "cluster/topics.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace carillon::cluster;

TEST_CASE("topics: the tree") {
  const auto names = make_topics("prod");
  REQUIRE(names);
  CHECK(names->blocks() == "carillon/v1/prod/blocks");
  CHECK(names->status(node_id{"a/b"}) == "carillon/v1/prod/status/a%2Fb");
  CHECK(names->every_status() == "carillon/v1/prod/status/+");
  CHECK(names->event(stream_category::schedule, "nightly/eu", "fired") ==
        "carillon/v1/prod/events/schedule/nightly%2Feu/fired");
  CHECK(make_topics("prod", "my/own")->blocks() == "my/own/prod/blocks");
}

TEST_CASE("topics: names that would break the tree are refused") {
  CHECK(make_topics("").error().field == "cluster");
  CHECK(make_topics("a+b").error().field == "cluster");
  for (const auto* prefix : {"", "/a", "a/", "a//b", "a/+/b", "a/#", "$SYS"})
    CHECK(make_topics("prod", prefix).error().field == "prefix");
}

TEST_CASE("topics: any text becomes one level without wildcards, and comes back") {
  CHECK(rc::check([](const std::string& text) {
    const auto level = percent_encode(text);
    RC_ASSERT(level.find_first_of("/+# ") == std::string::npos);
    const auto back = percent_decode(level);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == text);
  }));
  for (const auto* bad : {"%", "%4", "%4g", "a%"})
    CHECK_FALSE(percent_decode(bad));
}

TEST_CASE("topics: filters match as MQTT says") {
  CHECK(matches("a/b", "a/b"));
  CHECK(matches("a/+", "a/b"));
  CHECK(matches("+/b", "a/b"));
  CHECK(matches("#", "a/b"));
  CHECK(matches("a/#", "a"));
  CHECK(matches("a/#", "a/b/c"));
  CHECK(matches("a/+", "a/"));
  CHECK_FALSE(matches("a/+", "a"));
  CHECK_FALSE(matches("a/+", "a/b/c"));
  CHECK_FALSE(matches("a/b", "a"));
  CHECK_FALSE(matches("a", "a/b"));
  CHECK_FALSE(matches("b/#", "a"));
}

TEST_CASE("topics: what can be published on and subscribed to") {
  CHECK(is_topic("a/b"));
  CHECK(is_filter("a/+/b/#"));
  CHECK(is_filter("#"));
  for (const auto* bad : {"", "a/#/b", "a+", "a/b#", "#/a"})
    CHECK_FALSE(is_filter(bad));
  for (const auto* bad : {"", "a/+", "#"})
    CHECK_FALSE(is_topic(bad));
  CHECK_FALSE(is_topic(std::string(1025, 'a')));
}
