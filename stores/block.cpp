#include "stores/block.hpp"

#include "events/binary_codec.hpp"
#include "stores/bytes.hpp"
#include "stores/sha256.hpp"

#include <fmt/core.h>
#include <lz4.h>

#include <algorithm>
#include <limits>

namespace carillon::stores {
namespace {

// What a commit's first byte says. On disk since 0.1: never renumber.
enum : std::uint8_t {
  who_differs = 1 << 0,
  from_differs = 1 << 1,
  correlation_differs = 1 << 2,
  causation_differs = 1 << 3,
  traceparent_differs = 1 << 4,
  idempotency_differs = 1 << 5,
  extension_follows = 1 << 6, ///< Length-prefixed bytes that this build skips.
  id_is_empty = 1 << 7,
};
constexpr unsigned everything_differs = extension_follows - 1;

// Smaller bodies hold too few repetitions to be worth the call.
constexpr std::size_t compress_bytes_min = 256;
constexpr std::size_t digest_bytes = sizeof(digest);
// LZ4 cannot pack more than 255 bytes into one.
constexpr std::size_t lz4_ratio_max = 255;

unexpected<error> corrupt(position at, std::string_view what) {
  return refuse(errc::corrupt, fmt::format("block at position {} {}", at, what));
}

const commit_meta& meta_of(const commit* c) {
  static const commit_meta none;
  return c == nullptr ? none : c->meta;
}

std::uint8_t differences(const commit_meta& a, const commit_meta& b) {
  unsigned flags = 0;
  flags |= a.who != b.who ? who_differs : 0;
  flags |= a.from != b.from ? from_differs : 0;
  flags |= a.correlation != b.correlation ? correlation_differs : 0;
  flags |= a.causation != b.causation ? causation_differs : 0;
  flags |= a.traceparent != b.traceparent ? traceparent_differs : 0;
  flags |= a.idempotency != b.idempotency ? idempotency_differs : 0;
  return static_cast<std::uint8_t>(flags);
}

void put_meta(std::string& out, const commit_meta& meta, unsigned flags) {
  if ((flags & who_differs) != 0)
    put_text(out, meta.who);
  if ((flags & from_differs) != 0)
    put_text(out, meta.from);
  if ((flags & correlation_differs) != 0)
    put_text(out, meta.correlation);
  if ((flags & causation_differs) != 0)
    put_varint(out, meta.causation);
  if ((flags & traceparent_differs) != 0)
    put_text(out, meta.traceparent);
  if ((flags & idempotency_differs) != 0)
    put_text(out, meta.idempotency);
}

void take_meta(byte_reader& in, commit_meta& meta, unsigned flags) {
  if ((flags & who_differs) != 0)
    meta.who = in.text();
  if ((flags & from_differs) != 0)
    meta.from = in.text();
  if ((flags & correlation_differs) != 0)
    meta.correlation = in.text();
  if ((flags & causation_differs) != 0)
    meta.causation = in.varint();
  if ((flags & traceparent_differs) != 0)
    meta.traceparent = in.text();
  if ((flags & idempotency_differs) != 0)
    meta.idempotency = in.text();
  if ((flags & extension_follows) != 0)
    in.text();
}

/// What stands before a commit's records.
struct commit_start {
  commit_id id = {};
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  ///< Of all its records together.
  bool is_meta_new = false; ///< Its meta differs from that of the commit before.
};

commit_start take_start(byte_reader& in, commit_meta& meta) {
  commit_start start;
  auto flags = static_cast<unsigned>(in.little(1));
  start.is_meta_new = (flags & everything_differs) != 0;
  if ((flags & id_is_empty) == 0) {
    auto bytes = in.take(start.id.bytes.size());
    std::copy(bytes.begin(), bytes.end(), start.id.bytes.begin());
  }
  take_meta(in, meta, flags);
  start.records = in.varint();
  start.bytes = in.varint();
  return start;
}

expected<void> take_records(std::string_view bytes, const commit_start& start, position at,
                            std::vector<event>& out) {
  // A record takes at least two bytes: reserving for what is declared cannot be made to run away.
  out.reserve(std::min<std::uint64_t>(start.records, bytes.size() / 2));
  for (std::uint64_t i = 0; i < start.records; ++i) {
    if (auto read = events::decode_record_into(bytes, out.emplace_back()); !read)
      return corrupt(at + i, fmt::format("holds a bad record: {}", read.error().message));
  }
  if (!bytes.empty())
    return corrupt(at, fmt::format("has {} bytes after a commit's last record", bytes.size()));
  return {};
}

std::string header_bytes(const block_header& header, body_codec codec, std::size_t body_bytes,
                         std::size_t stored_bytes) {
  std::string out;
  out.push_back(static_cast<char>(block_format));
  put_little(out, header.level, 2);
  out.push_back(static_cast<char>(codec));
  put_little(out, header.first, 8);
  put_little(out, header.count, 4);
  put_little(out, static_cast<std::uint64_t>(header.time.time_since_epoch().count()), 8);
  put_little(out, header.session, 8);
  put_text(out, header.node.value);
  put_varint(out, body_bytes);
  put_varint(out, stored_bytes);
  return out;
}

digest hash_of(std::string_view previous, std::string_view header, std::string_view body) {
  auto body_digest = sha256({body});
  return sha256({previous, header, bytes_of(body_digest)});
}

/// The parts of a block's bytes, where they lie.
struct block_parts {
  block_header header;
  body_codec codec = body_codec::plain;
  std::uint64_t body_bytes = 0;
  std::string_view previous, header_bytes, body, hash;
};

expected<block_parts> split(std::string_view bytes, position at) {
  block_parts parts;
  byte_reader in{bytes};
  parts.previous = in.take(digest_bytes);
  auto from_header = in.left();
  auto format = in.little(1);
  if (!in.failed() && format != block_format)
    return refuse(errc::unsupported, fmt::format("block at position {} has format {}; this build "
                                                 "reads {}",
                                                 at, format, block_format));
  parts.header.level = static_cast<std::uint16_t>(in.little(2));
  parts.codec = static_cast<body_codec>(in.little(1));
  parts.header.first = in.little(8);
  parts.header.count = static_cast<std::uint32_t>(in.little(4));
  parts.header.time = time_point{duration{static_cast<std::int64_t>(in.little(8))}};
  parts.header.session = in.little(8);
  parts.header.node = node_id{in.text()};
  parts.body_bytes = in.varint();
  auto stored_bytes = in.varint();
  parts.header_bytes = from_header.substr(0, from_header.size() - in.left().size());
  parts.body = in.take(stored_bytes);
  parts.hash = in.take(digest_bytes);
  if (in.failed() || !in.left().empty())
    return corrupt(at, fmt::format("is cut or padded: {} bytes do not hold it", bytes.size()));
  parts.header.previous = to_digest(parts.previous);
  return parts;
}

expected<void> check(const block_parts& parts, position at) {
  const auto& header = parts.header;
  if (bytes_of(hash_of(parts.previous, parts.header_bytes, parts.body)) != parts.hash)
    return corrupt(at, "is not what was written: its hash differs");
  if (header.level > events::format_level())
    return refuse(errc::unsupported, fmt::format("block at position {} needs level {}; this build "
                                                 "reads up to {}",
                                                 at, header.level, events::format_level()));
  if (header.count == 0 || header.count > block_records_max)
    return corrupt(at, fmt::format("declares {} records; 1 to {} are allowed", header.count,
                                   block_records_max));
  if (header.last() != at)
    return corrupt(at, fmt::format("says that it ends at {}", header.last()));
  auto body_max =
      parts.codec == body_codec::lz4 ? parts.body.size() * lz4_ratio_max : parts.body.size();
  if (parts.body_bytes > std::min(body_max, block_body_bytes_max))
    return corrupt(at, fmt::format("declares a body of {} bytes", parts.body_bytes));
  return {};
}

expected<std::string> unpack(const block_parts& parts, position at) {
  if (parts.codec == body_codec::plain)
    return std::string{parts.body};
  if (parts.codec != body_codec::lz4)
    return refuse(errc::unsupported, fmt::format("block at position {} has body codec {}", at,
                                                 static_cast<int>(parts.codec)));
  std::string body(parts.body_bytes, '\0');
  auto size =
      LZ4_decompress_safe(parts.body.data(), body.data(), static_cast<int>(parts.body.size()),
                          static_cast<int>(body.size()));
  if (size < 0 || static_cast<std::size_t>(size) != body.size())
    return corrupt(at, "has a body that LZ4 cannot unpack");
  return body;
}

} // namespace

std::uint16_t level_of(const commit& c) {
  auto level = events::first_level;
  for (const auto& e : c.events)
    level = std::max(level, events::level_of(e));
  return static_cast<std::uint16_t>(level);
}

std::size_t body_writer::add(const commit& c) {
  auto before = bytes_.size();
  unsigned flags = differences(c.meta, meta_of(previous_));
  flags |= c.id.empty() ? id_is_empty : 0;
  bytes_.push_back(static_cast<char>(flags));
  if (!c.id.empty())
    bytes_.append(reinterpret_cast<const char*>(c.id.bytes.data()), c.id.bytes.size());
  put_meta(bytes_, c.meta, flags);
  records_at_ = bytes_.size();
  put_varint(bytes_, c.events.size());

  // The records' length stands before them, so that readers may skip a commit. Most lengths take
  // one or two bytes: room for two is left, and the records are moved in the other case.
  auto length_at = bytes_.size();
  bytes_.append(2, '\0');
  for (const auto& e : c.events)
    events::encode_record(e, bytes_);
  std::string length;
  put_varint(length, bytes_.size() - length_at - 2);
  bytes_.replace(length_at, 2, length);
  previous_ = &c;
  return bytes_.size() - before;
}

void body_writer::cut(std::size_t size, const commit* previous) {
  bytes_.resize(size);
  previous_ = previous;
}

std::string whole_meta(const commit_meta& meta) {
  std::string out;
  put_meta(out, meta, everything_differs);
  return out;
}

encoded_block encode_block(const block_header& header, std::string_view body) {
  auto codec = body_codec::plain;
  std::string packed;
  if (body.size() >= compress_bytes_min && body.size() <= LZ4_MAX_INPUT_SIZE) {
    // Room for less than the body only: LZ4 then gives up early on what does not shrink.
    packed.resize(body.size() - body.size() / 16);
    auto size = LZ4_compress_default(body.data(), packed.data(), static_cast<int>(body.size()),
                                     static_cast<int>(packed.size()));
    packed.resize(static_cast<std::size_t>(std::max(size, 0)));
    codec = size > 0 ? body_codec::lz4 : body_codec::plain;
  }
  auto stored = codec == body_codec::lz4 ? std::string_view{packed} : body;
  auto start = header_bytes(header, codec, body.size(), stored.size());

  encoded_block result;
  result.hash = hash_of(bytes_of(header.previous), start, stored);
  result.bytes.reserve(start.size() + stored.size() + 2 * digest_bytes);
  result.bytes.append(bytes_of(header.previous)).append(start).append(stored);
  result.bytes.append(bytes_of(result.hash));
  return result;
}

expected<opened_block> open_block(std::string_view bytes, position last) {
  auto parts = split(bytes, last);
  if (!parts)
    return unexpected<error>{std::move(parts).error()};
  auto checked = check(*parts, last);
  if (!checked)
    return unexpected<error>{std::move(checked).error()};
  auto body = unpack(*parts, last);
  if (!body)
    return unexpected<error>{std::move(body).error()};
  return opened_block{std::move(parts->header), to_digest(parts->hash), std::move(*body)};
}

expected<block> decode_block(std::string_view bytes, position last) {
  auto opened = open_block(bytes, last);
  if (!opened)
    return unexpected<error>{std::move(opened).error()};
  auto& header = opened->header;
  block result;
  result.first = header.first;
  result.count = header.count;
  result.time = header.time;
  result.node = std::move(header.node);
  result.session = header.session;
  result.previous = header.previous;
  result.hash = opened->hash;

  // A commit takes four bytes or more; growing would move what was decoded again and again.
  result.commits.reserve(std::min<std::size_t>(header.count, opened->body.size() / 4));
  commit_meta meta;
  std::shared_ptr<const commit_meta> shared;
  byte_reader in{opened->body};
  auto at = header.first;
  auto end = header.first + header.count;
  while (!in.left().empty()) {
    auto start = take_start(in, meta);
    auto records = in.take(start.bytes);
    if (in.failed() || start.records == 0 || start.records > end - at)
      return corrupt(at, "holds a commit that is cut or too long");
    auto& c = result.commits.emplace_back();
    c.id = start.id;
    if (shared == nullptr || start.is_meta_new)
      shared = std::make_shared<const commit_meta>(meta);
    c.meta = shared;
    c.first = at;
    if (auto taken = take_records(records, start, at, c.events); !taken)
      return unexpected<error>{std::move(taken).error()};
    at += start.records;
  }
  if (at != end)
    return corrupt(
        at, fmt::format("declares {} records and holds {}", header.count, at - header.first));
  return result;
}

expected<std::vector<std::pair<commit_id, position>>> commits_of(const opened_block& opened) {
  std::vector<std::pair<commit_id, position>> result;
  commit_meta meta;
  byte_reader in{opened.body};
  auto at = opened.header.first;
  while (!in.left().empty()) {
    auto start = take_start(in, meta);
    in.take(start.bytes);
    if (in.failed())
      return corrupt(at, "holds a commit that is cut");
    result.emplace_back(start.id, at);
    at += start.records;
  }
  return result;
}

} // namespace carillon::stores
