#include "stores/rocks_snapshots.hpp"

#include "stores/bytes.hpp"
#include "stores/sha256.hpp"
#include "values/crash_point.hpp"

#include <set>

namespace carillon::stores {
namespace {

// On disk since 0.1.
constexpr std::string_view manifest_key = "m";
constexpr char chunk_prefix = 'c';

std::string chunk_key(const digest& of) {
  return std::string(1, chunk_prefix).append(bytes_of(of));
}

} // namespace

expected<void> rocks_snapshots::put(const snapshot& s) {
  std::set<std::string> stale;
  auto cursor = db_.cursor(family_);
  for (cursor.seek(std::string(1, chunk_prefix));
       cursor.valid() && cursor.key().starts_with(chunk_prefix); cursor.next())
    stale.emplace(cursor.key());
  if (auto status = cursor.status(); !status)
    return status;

  crash_point("snapshot.before_write");
  snapshot_manifest m{.at = s.at, .hash = s.hash};
  std::set<std::string> written;
  for (const auto& chunk : s.chunks) {
    auto of = sha256({chunk.bytes});
    m.chunks.push_back({chunk.name, of});
    auto key = chunk_key(of);
    if (stale.erase(key) > 0 || !written.insert(key).second)
      continue;
    auto batch = db_.batch();
    batch.put(family_, key, chunk.bytes);
    if (auto put = db_.write(batch, false); !put)
      return put;
  }
  // The sync of the manifest covers the chunks, which stand before it in the write-ahead log.
  auto batch = db_.batch();
  batch.put(family_, manifest_key, encode_manifest(m));
  for (const auto& key : stale)
    batch.erase(family_, key);
  auto put = db_.write(batch, true);
  crash_point("snapshot.after_write");
  return put;
}

expected<std::optional<snapshot_manifest>> rocks_snapshots::manifest() const {
  auto bytes = db_.get(family_, manifest_key);
  if (!bytes)
    return unexpected<error>{std::move(bytes).error()};
  if (!*bytes)
    return std::optional<snapshot_manifest>{};
  return decode_manifest(**bytes);
}

expected<std::optional<snapshot>> rocks_snapshots::load() const {
  auto m = manifest();
  if (!m)
    return unexpected<error>{std::move(m).error()};
  if (!*m)
    return std::optional<snapshot>{};
  snapshot s{.at = (*m)->at, .hash = (*m)->hash};
  for (auto& chunk : (*m)->chunks) {
    auto bytes = db_.get(family_, chunk_key(chunk.of));
    if (!bytes)
      return unexpected<error>{std::move(bytes).error()};
    if (!*bytes || sha256({**bytes}) != chunk.of)
      return std::optional<snapshot>{};
    s.chunks.push_back({std::move(chunk.name), std::move(**bytes)});
  }
  return std::optional{std::move(s)};
}

} // namespace carillon::stores
