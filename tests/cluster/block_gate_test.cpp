// Whatever a broker does to the messages, a node applies the blocks of the log, in its order.

#include "cluster/block_gate.hpp"
#include "cluster/memory_transport.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <deque>

using namespace carillon;
using namespace carillon::cluster;

namespace {

digest digest_of(std::uint64_t n) {
  digest d{};
  for (auto& byte : d) {
    n = n * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<std::uint8_t>(n >> 56);
  }
  return d;
}

/// A log: blocks that continue each other.
struct model_log {
  std::vector<block_message> blocks;

  log_head head() const {
    return blocks.empty() ? log_head{} : log_head{blocks.back().last, blocks.back().hash};
  }
  const block_message& append(std::uint64_t count) {
    const auto end = head();
    blocks.push_back({end.at + 1, end.at + count, end.hash, digest_of(end.at + 7), node_id{"ann"},
                      "bytes of " + std::to_string(end.at + 1)});
    return blocks.back();
  }
};

/// A node that does what its gate says. Fetches end when it is told so.
struct model_node {
  const model_log* log;
  bool key = true; ///< The cluster has one: what is authentic may be applied.
  block_gate gate = block_gate{{.kept_bytes_max = 200}};
  log_head mine = {};
  std::vector<block_message> applied = {};

  void apply(const block_message& m) {
    applied.push_back(m);
    mine = {m.last, m.hash};
  }
  void drain() {
    while (auto next = gate.next(mine))
      apply(*next);
    gate.missing(mine); // begins another fetch if one is needed
  }
  void hear(const block_message& m, bool authentic) {
    if (gate.hear(mine, {m, authentic && key}).what == block_answer::apply)
      apply(m);
    drain();
  }
  /// The log answers.
  void end_fetch() {
    if (!gate.is_fetching())
      return;
    for (const auto& b : log->blocks)
      if (b.first == mine.at + 1)
        apply(b);
    gate.fetched(mine);
    drain();
  }
  void poll() {
    gate.fetching();
    end_fetch();
  }
};

block_message block(position first, position last, std::uint64_t previous, std::uint64_t hash) {
  return {first, last, digest_of(previous), digest_of(hash), node_id{"ann"}, "bytes"};
}

/// A block as someone without the key could make it up.
block_message forged(const model_node& victim) {
  const auto at = victim.mine.at;
  auto m = block(1, 1, *rc::gen::inRange(0, 3), 99);
  m.first = *rc::gen::element(at + 1, at + 2, at, position{1}, ~position{0} - 1);
  m.last = std::max(m.first, *rc::gen::element(at, at + 1, at + 50, ~position{0}));
  if (m.first == 0)
    m.first = 1;
  if (*rc::gen::inRange(0, 2) == 0)
    m.previous = victim.mine.hash; // the best forgery: it continues our chain
  return m;
}

} // namespace

TEST_CASE("block gate: the next block is applied, an old one left, a far one fetched") {
  const log_head mine{10, digest_of(10)};
  const auto what = [&](const block_message& m) { return judge(mine, m, true).what; };
  CHECK(what(block(11, 13, 10, 13)) == block_answer::apply);
  CHECK(what(block(9, 10, 8, 10)) == block_answer::old);
  CHECK(what(block(1, 2, 0, 2)) == block_answer::old);
  CHECK(judge(mine, block(12, 13, 11, 13), true) == block_verdict{block_answer::fetch, 13});
}

TEST_CASE("block gate: a block of another history is not applied") {
  const log_head mine{10, digest_of(10)};
  const auto what = [&](const block_message& m) { return judge(mine, m, true).what; };
  CHECK(what(block(11, 13, 9, 13)) == block_answer::foreign); // continues something else
  CHECK(what(block(9, 10, 8, 77)) == block_answer::foreign);  // our position, another hash
  CHECK(what(block(10, 12, 9, 12)) == block_answer::foreign); // begins within ours
}

TEST_CASE("block gate: bytes that anyone could have made are looked up in the log instead") {
  const log_head mine{10, digest_of(10)};
  const auto m = block(11, 13, 10, 13);
  CHECK(judge(mine, m, false) == block_verdict{block_answer::fetch, 13});
  auto announced = m;
  announced.bytes.clear();
  CHECK(judge(mine, announced, true) == block_verdict{block_answer::fetch, 13});
}

TEST_CASE("block gate: blocks that arrive during a fetch are kept, not fetched one by one") {
  model_log log;
  for (int i = 0; i < 10; ++i)
    log.append(3);
  model_node node{&log};
  node.hear(log.blocks[4], true);
  for (std::size_t i = 5; i < 10; ++i)
    node.hear(log.blocks[i], true);
  CHECK(node.gate.is_fetching());
  CHECK(node.gate.stats().fetches == 1);
  CHECK(node.gate.stats().waiting == 5);

  // The log was read before the last five were in it.
  for (std::size_t i = 0; i < 5; ++i)
    node.apply(log.blocks[i]);
  node.gate.fetched(node.mine);
  node.drain();
  CHECK(node.mine == log.head());
  CHECK(node.gate.stats().fetches == 1);
  CHECK_FALSE(node.gate.is_fetching());
}

TEST_CASE("block gate: what was only announced during a fetch is fetched after it") {
  model_log log;
  for (int i = 0; i < 3; ++i)
    log.append(2);
  block_gate gate;
  gate.fetching(); // it reads the log before the others are in it
  auto announced = log.blocks[2];
  announced.bytes.clear();
  CHECK(gate.hear({}, {announced, true}).what == block_answer::wait);
  const log_head mine{log.blocks[0].last, log.blocks[0].hash};
  CHECK_FALSE(gate.missing(mine)); // not while one is under way
  gate.fetched(mine);
  CHECK(gate.missing(mine) == announced.last);
  CHECK(gate.is_fetching());
  gate.fetched(log.head());
  CHECK_FALSE(gate.missing(log.head()));
}

TEST_CASE("block gate: a kept block that turns out to continue something else is dropped") {
  block_gate gate;
  gate.fetching();
  gate.hear({}, {block(6, 7, 99, 7), true});
  const log_head mine{5, digest_of(5)};
  gate.fetched(mine);
  CHECK_FALSE(gate.next(mine));
  CHECK(gate.stats().foreign == 1);
  CHECK(gate.stats().applied == 0);
}

TEST_CASE("block gate: a claim that the log does not know is looked for once") {
  model_log log;
  log.append(1);
  model_node node{&log};
  node.hear(block(500, 900, 1, 2), false);
  CHECK(node.gate.is_fetching());
  node.end_fetch();
  CHECK_FALSE(node.gate.is_fetching());
  CHECK(node.mine == log.head());
}

TEST_CASE("block gate: what is kept stays within its limit, and the nearest stay") {
  block_gate gate{{.kept_bytes_max = 20}};
  const log_head start{};
  const auto far = [&](position first) {
    block_message m{first, first, digest_of(first - 1), digest_of(first), {}, "12345678"};
    return gate.hear(start, {m, true});
  };
  for (const position first : {5, 4, 3, 6, 2})
    far(first);
  CHECK(gate.next({1, digest_of(1)})->first == 2);
  CHECK(gate.next({2, digest_of(2)})->first == 3);
  CHECK_FALSE(gate.next({3, digest_of(3)}));
}

TEST_CASE("block gate: loss, doubles, disorder and forgeries never change what is applied") {
  CHECK(rc::check([] {
    model_log log;
    model_node node{&log};
    node.key = *rc::gen::inRange(0, 4) > 0;
    std::deque<block_message> flying;
    const int steps = *rc::gen::inRange(1, 120);
    for (int i = 0; i < steps; ++i) {
      const auto pick = [&] {
        return flying.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(flying));
      };
      switch (*rc::gen::inRange(0, 9)) {
      case 0:
      case 1:
      case 2: flying.push_back(log.append(*rc::gen::inRange<std::uint64_t>(1, 5))); break;
      case 3: // in order
        if (!flying.empty()) {
          node.hear(flying.front(), true);
          flying.pop_front();
        }
        break;
      case 4: // out of order, and it may come again
        if (!flying.empty())
          node.hear(*pick(), true);
        break;
      case 5: // lost
        if (!flying.empty())
          flying.erase(pick());
        break;
      case 6: // as an announcement
        if (!flying.empty()) {
          auto m = *pick();
          m.bytes.clear();
          node.hear(m, true);
        }
        break;
      case 7: node.hear(forged(node), false); break;
      case 8: node.end_fetch(); break;
      }
      RC_ASSERT(node.applied.size() <= log.blocks.size());
      RC_ASSERT(std::equal(node.applied.begin(), node.applied.end(), log.blocks.begin()));
    }
    node.end_fetch();
    node.poll();
    RC_ASSERT(node.applied == log.blocks);
  }));
}

TEST_CASE("block gate: over a bad bus every node arrives where the log is") {
  CHECK(rc::check([] {
    const auto share = [] { return *rc::gen::inRange(0, 60) / 100.0; };
    memory_bus bus{*rc::gen::arbitrary<std::uint64_t>(), {share(), share(), share()}};
    const auto names = make_topics("sim").value_or(topics{});
    const std::string key = "the key of this simulation";
    model_log log;
    sealer writer_seal{{"sim", node_id{"ann"}, 1, key}};
    const auto writer = bus.open("ann", std::nullopt, {});
    std::vector<std::unique_ptr<model_node>> nodes;
    std::vector<std::unique_ptr<sealer>> seals;
    std::vector<std::unique_ptr<transport>> readers;
    for (int i = 0; i < 3; ++i) {
      auto& node = *nodes.emplace_back(std::make_unique<model_node>(model_node{&log}));
      const auto name = "reader-" + std::to_string(i);
      auto& seal = *seals.emplace_back(
          std::make_unique<sealer>(sealer::identity{"sim", node_id{name}, 1, key}));
      transport_callbacks to;
      to.on_message = [&node, &seal](const message& m) {
        if (const auto heard = open_block(m, seal))
          node.hear(heard->block, heard->authentic);
      };
      readers.push_back(bus.open(name, std::nullopt, std::move(to)));
      readers.back()->subscribe(names.blocks());
    }
    bus.deliver();
    for (int i = *rc::gen::inRange(1, 60); i > 0; --i) {
      writer->publish(to_message(log.append(1 + static_cast<unsigned>(i) % 3), names, writer_seal));
      bus.deliver(*rc::gen::inRange<std::size_t>(0, 8));
      nodes[static_cast<std::size_t>(i) % 3]->end_fetch();
    }
    bus.deliver();
    for (const auto& node : nodes) {
      node->end_fetch();
      node->poll(); // what the engine does every second
      RC_ASSERT(node->applied == log.blocks);
    }
  }));
}
