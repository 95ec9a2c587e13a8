#include "cluster/memory_transport.hpp"
#include "cluster/presence.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace carillon::cluster;

namespace {

node_status status(const std::string& node, std::uint64_t incarnation,
                   node_state state = node_state::online, bool clean = true) {
  return {node_id{node}, incarnation, 5, "both", state, clean, 10, "host:1"};
}

node_status will(const std::string& node, std::uint64_t incarnation) {
  return status(node, incarnation, node_state::offline, false);
}

} // namespace

TEST_CASE("presence: a status reads as it was written") {
  CHECK(rc::check([](std::uint32_t incarnation, std::uint32_t session, std::uint32_t at, bool clean,
                     const std::string& address) {
    node_status s{node_id{"a/b"},       incarnation, session, "worker",
                  node_state::draining, clean,       at,      {}};
    s.address = percent_encode(address);
    const auto read = node_status_from_json(to_json(s));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == s);
  }));
}

TEST_CASE("presence: a status without a name, run or state is refused") {
  for (const auto* text : {"", "[]", "{}", R"({"node":"a"})", R"({"node":"a","incarnation":1})",
                           R"({"node":"a","incarnation":-1,"state":"online"})",
                           R"({"node":"a b","incarnation":1,"state":"online"})",
                           R"({"node":"a","incarnation":1,"state":"gone"})",
                           R"({"node":1,"incarnation":1,"state":"online"})"})
    CHECK(node_status_from_json(text).error().code == errc::corrupt);
  CHECK(node_status_from_json(R"({"node":"a","incarnation":1,"state":"online","new":1})"));
}

TEST_CASE("presence: peers come, move on and go") {
  presence_table table{node_id{"me"}, 3};
  CHECK(table.hear(status("ann", 1), 1) == presence_change::news);
  auto moved = status("ann", 1);
  moved.at = 20;
  CHECK(table.hear(moved, 2) == presence_change::none);
  CHECK(table.peers().at("ann").status.at == 20);
  CHECK(table.hear(status("ann", 1, node_state::draining), 3) == presence_change::news);
  CHECK(table.hear(status("ann", 1, node_state::offline), 4) == presence_change::news);
  CHECK(table.to_check().empty());
}

TEST_CASE("presence: a Will asks for a check, once, and the node's next word takes it back") {
  presence_table table{node_id{"me"}, 3};
  table.hear(status("ann", 1), 7);
  CHECK(table.hear(will("ann", 1), 1) == presence_change::check); // sealed before all the others
  CHECK(table.to_check() == std::vector{node_id{"ann"}});
  CHECK(table.peers().at("ann").status.at == 10);
  CHECK(table.hear(will("ann", 1), 1) == presence_change::none);
  CHECK(table.hear(status("ann", 1), 7) == presence_change::none); // an old word, come late
  CHECK(table.to_check().size() == 1);
  CHECK(table.hear(status("ann", 1), 8) == presence_change::news);
  CHECK(table.to_check().empty());
}

TEST_CASE("presence: a good-bye is not undone by a late Will") {
  presence_table table{node_id{"me"}, 3};
  table.hear(status("ann", 1), 2);
  table.hear(status("ann", 1, node_state::offline), 3);
  CHECK(table.hear(will("ann", 1), 1) == presence_change::none);
  CHECK(table.to_check().empty());
}

TEST_CASE("presence: the Will of an older run says nothing about a restarted node") {
  presence_table table{node_id{"me"}, 3};
  table.hear(status("ann", 1), 9);
  CHECK(table.hear(status("ann", 2), 1) != presence_change::check);
  CHECK(table.hear(will("ann", 1), 1) == presence_change::none);
  CHECK(table.hear(status("ann", 1), 10) == presence_change::none);
  CHECK(table.peers().at("ann").status.incarnation == 2);
  CHECK(table.to_check().empty());
}

TEST_CASE("presence: what our last run's Will says about us is contradicted, our own word is not") {
  presence_table table{node_id{"me"}, 3};
  CHECK(table.hear(will("me", 2), 1) == presence_change::contradict);
  CHECK(table.hear(will("me", 3), 1) == presence_change::contradict);
  CHECK(table.hear(status("me", 3), 1) == presence_change::none);
  CHECK(table.hear(status("me", 4), 1) == presence_change::none);
  CHECK(table.peers().empty());
}

TEST_CASE("presence: a forgotten session's word is gone, a newer run's stays") {
  presence_table table{node_id{"me"}, 3};
  table.hear(will("ann", 1), 1);
  table.hear(status("bob", 2), 1);
  table.forget(node_id{"ann"}, 1);
  table.forget(node_id{"bob"}, 1);
  CHECK_FALSE(table.peers().contains("ann"));
  CHECK(table.peers().contains("bob"));
}

TEST_CASE("presence: whatever the order, the last word of the newest run stands") {
  CHECK(rc::check([] {
    presence_table table{node_id{"me"}, 1};
    struct word {
      std::uint64_t run;
      std::uint64_t sequence;
    };
    const auto words = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(1, 4), rc::gen::inRange(1, 9)));
    word best{0, 0};
    for (const auto& [run, sequence] : words) {
      auto s = status("ann", static_cast<std::uint64_t>(run));
      s.at = static_cast<position>(sequence);
      table.hear(s, static_cast<std::uint64_t>(sequence));
      const word w{static_cast<std::uint64_t>(run), static_cast<std::uint64_t>(sequence)};
      if (w.run > best.run || (w.run == best.run && w.sequence > best.sequence))
        best = w;
      const auto& known = table.peers().at("ann").status;
      RC_ASSERT(known.incarnation == best.run);
      RC_ASSERT(known.at == best.sequence);
    }
  }));
}

TEST_CASE("presence: nobody speaks for another node") {
  const auto names = make_topics("prod").value_or(topics{});
  sealer ann{{"prod", node_id{"ann"}, 1, {}}};
  sealer eve{{"prod", node_id{"eve"}, 1, {}}};
  sealer me{{"prod", node_id{"me"}, 1, {}}};
  auto m = to_message(status("ann", 1), names, ann);
  CHECK(m.retained);
  CHECK(m.how == delivery::latest);
  CHECK(open_status(m, names, me));
  CHECK_FALSE(open_status(to_message(status("ann", 1), names, eve), names, me));
  CHECK_FALSE(open_status(to_message(status("ann", 2), names, ann), names, me));
  m.topic = names.status(node_id{"eve"});
  CHECK_FALSE(open_status(m, names, me));
}

TEST_CASE("presence: over a bus, a killed node is worth a check and a stopped one is not") {
  memory_bus bus;
  const auto names = make_topics("prod").value_or(topics{});
  sealer me_seal{{"prod", node_id{"me"}, 1, {}}};
  presence_table table{node_id{"me"}, 1};
  transport_callbacks to;
  to.on_message = [&](const message& m) {
    const auto heard = open_status(m, names, me_seal);
    REQUIRE(heard);
    table.hear(heard->status, heard->sequence);
  };
  const auto me = bus.open("me", std::nullopt, to);
  me->subscribe(names.every_status());
  std::vector<std::unique_ptr<transport>> nodes;
  for (const auto* name : {"ann", "bob"}) {
    sealer seal{{"prod", node_id{name}, 1, {}}};
    const auto silent = will_of(status(name, 1), names, seal);
    nodes.push_back(bus.open(name, silent, {}));
    nodes.back()->publish(to_message(status(name, 1), names, seal));
    if (std::string{name} == "bob") {
      bus.deliver();
      nodes.back()->publish(to_message(status(name, 1, node_state::offline), names, seal));
      nodes.back()->close({});
    }
  }
  bus.deliver();
  CHECK(table.peers().size() == 2);
  CHECK(table.to_check().empty());
  bus.kill("ann");
  bus.deliver();
  CHECK(table.to_check() == std::vector{node_id{"ann"}});
}
