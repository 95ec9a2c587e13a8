#include "stores/block.hpp"
#include "tests/stores/log_support.hpp"

#include <random>

using namespace carillon;
using namespace carillon::stores;
using namespace carillon::stores::testing;

namespace {

const block_header header{.first = 11, .count = 3, .time = at_second(5), .node = node_id{"a"},
                          .session = 2};

encoded_block three_records() {
  body_writer body;
  auto first = adding(1, {1, 2});
  auto second = adding(2, {3});
  body.add(first);
  body.add(second);
  return encode_block(header, body.bytes());
}

} // namespace

TEST_CASE("block: what was encoded is decoded") {
  auto encoded = three_records();
  auto decoded = must(decode_block(encoded.bytes, 13));
  CHECK(decoded.first == 11);
  CHECK(decoded.count == 3);
  CHECK(decoded.time == at_second(5));
  CHECK(decoded.node == node_id{"a"});
  CHECK(decoded.session == 2);
  CHECK(decoded.hash == encoded.hash);
  REQUIRE(decoded.commits.size() == 2);
  CHECK(decoded.commits[1].first == 13);
  CHECK(decoded.commits[0].events == adding(1, {1, 2}).events);
}

TEST_CASE("block: a commit like the one before it costs one byte beside its id and records") {
  body_writer body;
  auto first = adding(1, {1});
  first.meta = {.who = "ann", .from = "http", .correlation = "c"};
  auto second = first;
  auto whole = body.add(first);
  // One byte for the meta, 16 for the id, one each for the number and the length of the records.
  CHECK(whole - body.add(second) == 4 + 5 + 2);
}

TEST_CASE("block: any flipped bit is found, and the position is named") {
  auto encoded = three_records();
  for (std::size_t i = 0; i < encoded.bytes.size(); ++i) {
    auto bytes = encoded.bytes;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    auto decoded = decode_block(bytes, 13);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().message.find("13") != std::string::npos);
  }
}

TEST_CASE("block: no prefix of a block is a block") {
  auto encoded = three_records();
  for (std::size_t size = 0; size < encoded.bytes.size(); ++size)
    CHECK_FALSE(decode_block(std::string_view{encoded.bytes}.substr(0, size), 13));
  CHECK_FALSE(decode_block(encoded.bytes + "x", 13));
}

TEST_CASE("block: a block under another block's key is refused") {
  CHECK(decode_block(three_records().bytes, 14).error().code == errc::corrupt);
}

TEST_CASE("block: bodies that lie under a right hash are errors, not crashes") {
  // Whoever can write the log can also compute hashes: decoding must not rely on them.
  body_writer body;
  auto c = adding(1, {1, 2, 3});
  body.add(c);
  std::mt19937 random{7};
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes{body.bytes()};
    for (auto n = random() % 4 + 1; n > 0; --n)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % 8 == 0 ? random() % bytes.size() : bytes.size());
    if (auto opened = open_block(encode_block(header, bytes).bytes, 13))
      (void)commits_of(*opened);
    (void)decode_block(encode_block(header, bytes).bytes, 13);
  }
}

TEST_CASE("block: noise is an error, not a crash") {
  std::mt19937 random{11};
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 300, '\0');
    for (auto& b : bytes)
      b = static_cast<char>(random());
    CHECK_FALSE(decode_block(bytes, 13));
  }
}

TEST_CASE("block: what repeats is stored compressed") {
  body_writer body;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    auto c = adding(i, {i});
    body.add(c);
  }
  auto h = header;
  h.count = 100;
  auto encoded = encode_block(h, body.bytes());
  CHECK(encoded.bytes.size() < body.bytes().size() / 2);
  CHECK(must(decode_block(encoded.bytes, 110)).commits.size() == 100);
}
