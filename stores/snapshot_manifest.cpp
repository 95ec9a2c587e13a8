#include "stores/snapshot_manifest.hpp"

#include "stores/bytes.hpp"
#include "stores/sha256.hpp"

#include <algorithm>

namespace carillon::stores {
namespace {

// On disk since 0.1: a manifest with another number is a stranger's.
constexpr std::uint8_t manifest_format = 1;

} // namespace

std::string encode_manifest(const snapshot_manifest& m) {
  std::string out;
  put_little(out, manifest_format, 1);
  put_little(out, m.at, 8);
  out.append(bytes_of(m.hash));
  put_varint(out, m.chunks.size());
  for (const auto& chunk : m.chunks) {
    put_text(out, chunk.name);
    out.append(bytes_of(chunk.of));
  }
  out.append(bytes_of(sha256({out})));
  return out;
}

std::optional<snapshot_manifest> decode_manifest(std::string_view bytes) {
  if (bytes.size() < sizeof(digest))
    return std::nullopt;
  auto content = bytes.substr(0, bytes.size() - sizeof(digest));
  if (bytes_of(sha256({content})) != bytes.substr(content.size()))
    return std::nullopt;
  byte_reader in{content};
  if (in.little(1) != manifest_format)
    return std::nullopt;
  snapshot_manifest m;
  m.at = in.little(8);
  if (auto hash = in.take(sizeof(digest)); !in.failed())
    m.hash = to_digest(hash);
  auto count = in.varint();
  m.chunks.reserve(std::min<std::uint64_t>(count, in.left().size() / sizeof(digest)));
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    auto name = in.text();
    auto of = in.take(sizeof(digest));
    if (!in.failed())
      m.chunks.push_back({std::string{name}, to_digest(of)});
  }
  if (in.failed() || !in.left().empty())
    return std::nullopt;
  return m;
}

} // namespace carillon::stores
