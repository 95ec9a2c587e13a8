#include "projections/zone_table.hpp"

#include "support/builders.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;
using projections::zone_table;

namespace {

const node_id n1{"n1"};
const node_id n2{"n2"};

} // namespace

TEST_CASE("zone_table: each node has its own rules, and a record adds to those of before") {
  zone_table t;
  t.apply(tzdb_changed{n1, "2026a", {{"Europe/Berlin", 1}, {"Asia/Tokyo", 2}}}, {1, day_one});
  t.apply(tzdb_changed{n2, "", {{"Europe/Berlin", 9}}}, {2, day_one});
  t.apply(tzdb_changed{n1, "2026b", {{"Europe/Berlin", 3}}}, {3, day_one});
  t.apply(node_started{n1, "0.1.0"}, {4, day_one});
  REQUIRE(t.find(n1) != nullptr);
  CHECK(*t.find(n1) ==
        projections::node_zones{n1, "2026b", {{"Asia/Tokyo", 2}, {"Europe/Berlin", 3}}, 3});
  CHECK(t.find(n2)->zones.at("Europe/Berlin") == 9);
  CHECK(t.find(node_id{"n3"}) == nullptr);
}

TEST_CASE("zone_table: of too many nodes the one that wrote least recently is forgotten") {
  zone_table t;
  t.apply(tzdb_changed{n1, "2026a", {{"Asia/Tokyo", 1}}}, {1, day_one});
  t.apply(tzdb_changed{n2, "2026a", {{"Asia/Tokyo", 1}}}, {2, day_one});
  t.apply(tzdb_changed{n1, "2026a", {{"Asia/Tokyo", 2}}}, {3, day_one});
  for (position at = 4; at < 2 + zone_table::nodes_max; ++at)
    t.apply(tzdb_changed{node_id{"x" + std::to_string(at)}, "", {}}, {at, day_one});
  CHECK(t.all().size() == zone_table::nodes_max);
  CHECK(t.find(n2) != nullptr);
  t.apply(tzdb_changed{node_id{"one more"}, "", {}}, {200, day_one});
  CHECK(t.all().size() == zone_table::nodes_max);
  CHECK(t.find(n2) == nullptr);
  CHECK(t.find(n1) != nullptr);
}
