#include "events/level.hpp"

#include "events/samples.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::events;

TEST_CASE("level: this build knows what it writes, and writes all of it to a log of its level") {
  CHECK(first_level <= format_level());
  for (const auto& e : full_samples()) {
    CHECK(level_of(e) >= first_level);
    CHECK(level_of(e) <= format_level());
    CHECK(check_writable({&e, 1}, format_level()));
  }
}

TEST_CASE("level: an event above the log's level is refused, with what to do") {
  const event e = level_raised{node_id{"a"}, 2};
  CHECK(check_writable({&e, 1}, first_level));
  const auto refused = check_writable({&e, 1}, 0);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unsupported);
  CHECK(refused.error().message == "level_raised needs a log of level 1, and this one is at 0: see "
                                   "`carillon log level --raise 1`");
}

TEST_CASE("level: a log of a newer level is refused") {
  CHECK(check_known(first_level));
  CHECK(check_known(format_level()));
  const auto refused = check_known(7);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unsupported);
  CHECK(refused.error().message == "the log is at level 7, and this build knows up to 1: it needs "
                                   "a newer version of Carillon");
}
