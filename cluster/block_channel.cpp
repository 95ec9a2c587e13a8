#include "cluster/block_channel.hpp"

#include <algorithm>

namespace carillon::cluster {
namespace {

// On the wire since 0.1: format, first, last, previous, hash, length of the name, name, bytes.
constexpr std::uint8_t format = 1;
constexpr std::size_t digest_bytes = std::tuple_size_v<digest>;
constexpr std::size_t fixed_bytes = 1 + 8 + 8 + 2 * digest_bytes + 1;
static_assert(name_bytes_max < 256, "the length of a name is one byte");

void put_number(std::string& out, std::uint64_t n) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out += static_cast<char>((n >> shift) & 0xFF);
}

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < 8; ++i)
    n = (n << 8) | static_cast<unsigned char>(bytes[at + i]);
  return n;
}

void put_digest(std::string& out, const digest& d) {
  out.append(reinterpret_cast<const char*>(d.data()), d.size());
}

digest digest_at(std::string_view bytes, std::size_t at) {
  digest d{};
  std::transform(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(at + d.size()), d.begin(),
                 [](char c) { return static_cast<std::uint8_t>(c); });
  return d;
}

} // namespace

std::string encode(const block_message& m) {
  std::string out;
  out.reserve(fixed_bytes + m.node.value.size() + m.bytes.size());
  out += static_cast<char>(format);
  put_number(out, m.first);
  put_number(out, m.last);
  put_digest(out, m.previous);
  put_digest(out, m.hash);
  const auto name = std::string_view{m.node.value}.substr(0, name_bytes_max);
  out += static_cast<char>(name.size());
  out += name;
  out += m.bytes;
  return out;
}

expected<block_message> decode_block_message(std::string_view bytes) {
  if (!bytes.empty() && static_cast<std::uint8_t>(bytes[0]) > format)
    return refuse(errc::unsupported, "block message of format " +
                                         std::to_string(static_cast<std::uint8_t>(bytes[0])) +
                                         ", this build reads up to " + std::to_string(format));
  if (bytes.size() < fixed_bytes || static_cast<std::uint8_t>(bytes[0]) != format)
    return refuse(errc::corrupt, "block message of " + std::to_string(bytes.size()) +
                                     " bytes, at least " + std::to_string(fixed_bytes) +
                                     " are needed");
  block_message m;
  std::size_t at = 1;
  m.first = number_at(bytes, at);
  m.last = number_at(bytes, at += 8);
  m.previous = digest_at(bytes, at += 8);
  m.hash = digest_at(bytes, at += digest_bytes);
  const auto name_size = static_cast<std::uint8_t>(bytes[at += digest_bytes]);
  const auto rest = bytes.substr(at + 1);
  if (name_size > rest.size())
    return refuse(errc::corrupt, "block message ends within the name of its node");
  if (m.first == 0 || m.last < m.first)
    return refuse(errc::corrupt, "block message from " + std::to_string(m.first) + " to " +
                                     std::to_string(m.last) + " cannot be");
  m.node = node_id{rest.substr(0, name_size)};
  m.bytes = std::string{rest.substr(name_size)};
  return m;
}

message to_message(const block_message& m, const topics& names, sealer& seal,
                   const block_options& options) {
  message out;
  out.topic = names.blocks();
  if (m.bytes.size() <= options.bytes_max) {
    out.payload = seal.seal(out.topic, encode(m));
  } else {
    const block_message announced{m.first, m.last, m.previous, m.hash, m.node, {}};
    out.payload = seal.seal(out.topic, encode(announced));
  }
  out.how = delivery::hint;
  out.expiry = options.expiry;
  return out;
}

expected<received_block> open_block(const message& m, sealer& seal) {
  auto opened = seal.open(m.topic, m.payload);
  if (!opened)
    return unexpected<error>{opened.error()};
  auto decoded = decode_block_message(opened->body);
  if (!decoded)
    return unexpected<error>{decoded.error()};
  return received_block{std::move(*decoded), opened->authentic};
}

} // namespace carillon::cluster
