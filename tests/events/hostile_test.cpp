#include "events/binary_codec.hpp"
#include "events/byte_io.hpp"
#include "events/samples.hpp"
#include "events/stream.hpp"
#include "support/counted_memory.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace carillon;
using namespace carillon::events;

namespace {

/// What decoding may allocate in all: structs are larger than their bytes, by at most this factor.
std::size_t allowed_for(std::size_t input_bytes) { return 4096 + 300 * input_bytes; }

std::string record_of(const event& e) {
  std::string bytes;
  encode_record(e, bytes);
  return bytes;
}

/// A record around any payload.
std::string record_around(std::uint64_t type, std::uint64_t version, std::string_view payload) {
  byte_writer out;
  out.varint(type);
  out.varint(version);
  out.varint(payload.size());
  out.raw(payload.data(), payload.size());
  return std::string{out.written()};
}

/// The payload of a record with one-byte type and version.
std::string payload_of(const std::string& record) {
  byte_reader in{std::string_view{record}.substr(2)};
  return std::string{in.raw(in.count())};
}

expected<event> decode_bounded(std::string_view bytes) {
  const auto allowed = test::taken.bytes + allowed_for(bytes.size());
  auto out = decode_record(bytes);
  CHECK(test::taken.bytes <= allowed);
  return out;
}

bool is_corrupt(const expected<event>& e) { return !e && e.error().code == errc::corrupt; }

trigger_spec nested(int depth) {
  trigger_spec spec{once{}};
  for (; depth > 0; --depth)
    spec = trigger_spec{any_of{{spec}}};
  return spec;
}

} // namespace

TEST_CASE("hostile bytes: a record cut anywhere is corrupt and leaves the input alone") {
  for (const auto& sample : full_samples()) {
    const auto record = record_of(sample);
    for (std::size_t size = 0; size < record.size(); ++size) {
      std::string_view in{record.data(), size};
      const auto out = decode_record(in);
      CHECK(is_corrupt(out));
      CHECK(in.size() == size);
    }
  }
}

TEST_CASE("hostile bytes: a payload cut anywhere is corrupt, unless it is an older version's") {
  for (const auto& sample : full_samples()) {
    const auto record = record_of(sample);
    const auto payload = payload_of(record);
    const int version = record.at(1);
    int older = 0;
    for (std::size_t size = 0; size < payload.size(); ++size) {
      const auto cut = payload.substr(0, size);
      const auto out = decode_bounded(record_around(sample.index(), 1, cut));
      if (is_corrupt(out))
        continue;
      // Without the fields that a later version added at its end: they have their defaults.
      REQUIRE(out);
      CHECK(payload_of(record_of(*out)).starts_with(cut));
      ++older;
    }
    CHECK(older < version);
  }
}

TEST_CASE("hostile bytes: random damage never crashes and never allocates much") {
  std::mt19937 random{20260329};
  const auto samples = full_samples();
  std::size_t survived = 0;
  for (int round = 0; round < 40'000; ++round) {
    auto record = record_of(samples[random() % samples.size()]);
    for (auto hits = 1 + random() % 4; hits > 0; --hits)
      record[random() % record.size()] = static_cast<char>(random());
    if (const auto out = decode_bounded(record)) {
      ++survived;
      CHECK_FALSE(record_of(*out).empty());
    }
  }
  CHECK(survived > 0); // some damage only changes a value
}

TEST_CASE("hostile bytes: enormous sizes are refused before anything is allocated") {
  byte_writer payload;
  payload.varint(1); // id of one byte
  payload.byte('x');
  payload.varint(std::uint64_t{1} << 40); // so many fates
  CHECK(is_corrupt(decode_bounded(record_around(8, 1, payload.written()))));
  CHECK(is_corrupt(decode_bounded("\x08\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01")));
}

TEST_CASE("hostile bytes: many small elements cost no more than they should") {
  std::string children;
  for (int i = 0; i < 20'000; ++i)
    children += std::string{"\x02\x00\x00", 3}; // an empty cursor
  byte_writer cursor;
  cursor.byte(0);
  cursor.varint(20'000);
  cursor.raw(children.data(), children.size());
  byte_writer payload;
  payload.varint(1);
  payload.byte('x');
  payload.varint(0); // fates
  payload.byte(0);   // next_fire
  payload.varint(cursor.written().size());
  payload.raw(cursor.written().data(), cursor.written().size());
  const auto out = decode_bounded(record_around(8, 1, payload.written()));
  REQUIRE(out);
  CHECK(std::get<schedule_fired>(*out).cursor.children.size() == 20'000);
}

TEST_CASE("hostile bytes: numbers out of range and longer than needed are refused") {
  const std::string id(16, 'j');
  CHECK(decode_bounded(record_around(13, 1, id + "\x07")).has_value());
  CHECK(is_corrupt(decode_bounded(record_around(13, 1, id + std::string{"\x87\x00", 2}))));
  CHECK(is_corrupt(decode_bounded(record_around(13, 1, id + std::string(9, '\xFF') + "\x02"))));
  const std::string removed{"\x01x", 2};
  CHECK(decode_bounded(record_around(10, 1, removed + "\x01")).has_value());
  CHECK(is_corrupt(decode_bounded(record_around(10, 1, removed + "\x02")))); // no truth value
}

TEST_CASE("hostile bytes: triggers nest up to the limit and no further") {
  const auto bytes = encode(nested(trigger_depth_max));
  const auto back = decode<trigger_spec>(bytes);
  REQUIRE(back);
  CHECK(*back == nested(trigger_depth_max));
  std::string deeper; // one more any_of around it, which the writer would refuse to write
  for (auto levels = 0; levels < 2000; ++levels) {
    byte_writer list;
    list.varint(levels == 0 ? 0 : 1);
    list.raw(deeper.data(), deeper.size());
    byte_writer spec;
    spec.varint(4);
    spec.varint(list.written().size());
    spec.raw(list.written().data(), list.written().size());
    spec.raw("\0\0\0", 3);
    byte_writer framed;
    framed.varint(spec.written().size());
    framed.raw(spec.written().data(), spec.written().size());
    deeper = framed.written();
    byte_reader outer{deeper};
    const auto fields = outer.raw(outer.count());
    const auto read = decode<trigger_spec>("\x01" + std::string{fields});
    CHECK(read.has_value() == (levels <= trigger_depth_max + 1));
  }
}

TEST_CASE("unknown records: a type of a later build is kept as it is") {
  const auto record = record_around(200, 3, "whatever it says");
  const auto out = decode_bounded(record);
  REQUIRE(out);
  CHECK(*out == event{unknown_event{200, 3, "whatever it says"}});
  CHECK(record_of(*out) == record);
}

TEST_CASE("unknown records: what a later version adds is skipped") {
  for (const auto& sample : full_samples()) {
    const auto payload = payload_of(record_of(sample));
    for (const std::uint64_t version : {1, 2, 9}) {
      const auto out = decode_bounded(record_around(sample.index(), version, payload + "tail"));
      REQUIRE(out);
      CHECK(*out == sample);
    }
  }
}

TEST_CASE("unknown records: a later version that cannot be read is kept as it is") {
  const auto record = record_around(12, 9, "?");
  const auto out = decode_bounded(record);
  REQUIRE(out);
  CHECK(std::get<unknown_event>(*out).type == 12);
  CHECK(record_of(*out) == record);
  CHECK(is_corrupt(decode_bounded(record_around(12, 1, "?"))));
  CHECK(is_corrupt(decode_bounded(record_around(12, 0, "?"))));
}
