#include "cluster/block_channel.hpp"
#include "cluster/envelope.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

using namespace carillon;
using namespace carillon::cluster;

namespace {

const std::string key = "sixteen bytes or more";

sealer make_sealer(const std::string& node, const std::string& with_key = key,
                   const std::string& cluster = "prod") {
  return sealer{{cluster, node_id{node}, 42, with_key}};
}

} // namespace

TEST_CASE("envelope: any bytes come out as they went in, with sender and a growing sequence") {
  CHECK(rc::check([](const std::string& body, bool with_key) {
    auto ann = make_sealer("ann/1", with_key ? key : "");
    auto bob = make_sealer("bob", with_key ? key : "");
    for (std::uint64_t sequence = 1; sequence < 4; ++sequence) {
      const auto opened = bob.open("t", ann.seal("t", body));
      RC_ASSERT(opened.has_value());
      RC_ASSERT(opened->body == body);
      RC_ASSERT(opened->sender == node_id{"ann/1"});
      RC_ASSERT(opened->incarnation == 42u);
      RC_ASSERT(opened->sequence == sequence);
      RC_ASSERT(opened->authentic == with_key);
    }
  }));
}

TEST_CASE("envelope: one changed byte anywhere is noticed") {
  CHECK(rc::check([](const std::string& body) {
    auto ann = make_sealer("ann");
    auto bob = make_sealer("bob");
    auto payload = ann.seal("t", body);
    const auto at = *rc::gen::inRange<std::size_t>(0, payload.size());
    payload[at] = static_cast<char>(payload[at] ^ *rc::gen::inRange(1, 256));
    RC_ASSERT_FALSE(bob.open("t", payload).has_value());
    RC_ASSERT((bob.stats().unauthentic + bob.stats().malformed) == 1u);
  }));
}

TEST_CASE("envelope: a message is not taken on another topic, cluster or key, or without one") {
  auto ann = make_sealer("ann");
  auto bob = make_sealer("bob");
  CHECK(bob.open("t", ann.seal("t", "x")));
  CHECK_FALSE(bob.open("u", ann.seal("t", "x")));
  CHECK_FALSE(bob.open("t", make_sealer("ann", "another key, as long").seal("t", "x")));
  CHECK_FALSE(bob.open("t", make_sealer("ann", "").seal("t", "x")));
  CHECK(bob.stats().unauthentic == 3);
  CHECK_FALSE(bob.open("t", make_sealer("ann", key, "test").seal("t", "x")));
  CHECK(bob.stats().malformed == 1);
}

TEST_CASE("envelope: garbage is refused and counted, with and without a key") {
  for (const auto& with_key : {key, std::string{}}) {
    auto bob = make_sealer("bob", with_key);
    for (const auto* text : {"", "\n", "x", "carillon1 prod ann 1 2 -", "carillon1 prod ann 1 2\n",
                             "carillon9 prod ann 1 2 -\n", "carillon1 prod ann x 2 -\n",
                             "carillon1 prod ann 1 -2 -\n", "carillon1 prod %zz 1 2 -\n",
                             "carillon1 prod ann 1 2 3 -\n", "carillon1 prod  1 2 -\nbody"})
      CHECK_FALSE(bob.open("t", text));
    CHECK(bob.stats().opened == 0);
    CHECK(bob.stats().malformed + bob.stats().unauthentic == 11);
  }
}

TEST_CASE("envelope: a short cluster key is refused") {
  CHECK(check_cluster_key("0123456789abcdef"));
  const auto refused = check_cluster_key("0123456789abcde");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "cluster key has 15 bytes, at least 16 are needed");
}

TEST_CASE("block message: reads what it wrote") {
  CHECK(rc::check([](position first, std::uint32_t more, const std::string& bytes) {
    block_message m{first / 2 + 1, first / 2 + 1 + more, {}, {}, node_id{"ann"}, bytes};
    m.previous[3] = 0xFE;
    m.hash[31] = 0x80;
    const auto read = decode_block_message(encode(m));
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == m);
  }));
}

TEST_CASE("block message: anything shorter, and positions that cannot be, are refused") {
  const block_message m{5, 9, {}, {}, node_id{"ann"}, {}};
  const auto bytes = encode(m);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_block_message(std::string_view{bytes}.substr(0, size)));
  CHECK_FALSE(decode_block_message(encode({0, 9, {}, {}, node_id{"ann"}, {}})));
  CHECK_FALSE(decode_block_message(encode({9, 5, {}, {}, node_id{"ann"}, {}})));
  auto newer = bytes;
  newer[0] = 2;
  CHECK(decode_block_message(newer).error().code == errc::unsupported);
}

TEST_CASE("block message: random bytes are never taken for more than they are") {
  CHECK(rc::check([](std::string bytes) {
    bytes.insert(0, 1, '\1');
    if (const auto read = decode_block_message(bytes))
      RC_ASSERT(read->bytes.size() < bytes.size());
  }));
}

TEST_CASE("block message: a large block is only announced") {
  const auto names = make_topics("prod").value_or(topics{});
  auto seal = make_sealer("ann");
  const block_message m{1, 2, {}, {}, node_id{"ann"}, std::string(1000, 'x')};
  const auto read = [&](std::size_t bytes_max) {
    const auto sent = to_message(m, names, seal, {.bytes_max = bytes_max});
    CHECK(sent.topic == "carillon/v1/prod/blocks");
    CHECK(sent.expiry == std::chrono::seconds{60});
    auto other = make_sealer("bob");
    const auto opened = open_block(sent, other);
    REQUIRE(opened);
    return opened->block;
  };
  CHECK(read(1000) == m);
  CHECK(read(999).bytes.empty());
  CHECK(read(999).last == 2);
}
