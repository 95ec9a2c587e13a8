#include "stores/postgres_snapshots.hpp"

#include "stores/logs.hpp"
#include "stores/sha256.hpp"
#include "stores/snapshot_manifest.hpp"

#include <algorithm>
#include <set>

namespace carillon::stores {
namespace {

// What one statement carries.
constexpr std::size_t part_bytes_max = std::size_t{4} << 20;
// Chunks that went while the manifest was under way are written again; how often.
constexpr int rounds_max = 3;

enum class put_answer : std::int64_t { done = 0, other_history = 1, chunk_missing = 2 };

template <class T> unexpected<error> pass(expected<T>& failed) {
  return unexpected<error>{std::move(failed).error()};
}

auto until(duration patience) { return postgres_link::clock::now() + patience; }

/// The last part first: a chunk is there when its part 0 is.
expected<void> put_chunk(postgres_link& link, const std::string& digest, std::string_view bytes,
                         duration patience) {
  auto part = bytes.empty() ? 0 : (bytes.size() - 1) / part_bytes_max;
  for (auto left = part + 1; left > 0; --left) {
    postgres_params params;
    params.text(digest).small(static_cast<std::int32_t>(left - 1));
    params.text(bytes.substr((left - 1) * part_bytes_max, part_bytes_max));
    auto put =
        link.call("snapshot_put_part($1::bytea, $2::int, $3::bytea)", params, until(patience));
    if (!put)
      return pass(put);
  }
  return {};
}

expected<void> put_chunks(postgres_link& link, const snapshot& s,
                          const std::vector<std::string>& digests, duration patience) {
  postgres_params params;
  params.byte_strings(digests);
  auto there = link.call("snapshot_has($1::bytea[])", params, until(patience));
  if (!there)
    return pass(there);
  std::set<std::string> done;
  for (std::size_t i = 0; i < there->size(); ++i)
    done.insert(there->bytes(i, 0));
  for (std::size_t i = 0; i < digests.size(); ++i)
    if (done.insert(digests[i]).second)
      if (auto put = put_chunk(link, digests[i], s.chunks[i].bytes, patience); !put)
        return put;
  return {};
}

expected<std::string> get_chunk(postgres_link& link, std::string_view digest, duration patience) {
  std::string bytes;
  for (std::int32_t part = 0;; ++part) {
    postgres_params params;
    params.text(digest).small(part);
    auto row = link.call("snapshot_get_part($1::bytea, $2::int)", params, until(patience));
    if (!row)
      return pass(row);
    if (row->is_null(0, 0))
      return bytes;
    auto more = row->bytes(0, 0);
    bytes.append(more);
    if (more.size() < part_bytes_max)
      return bytes;
  }
}

/// As `load_postgres_snapshot`; none also when another node replaced it meanwhile.
expected<std::optional<snapshot>> load_once(postgres_link& link, duration patience) {
  auto row = link.call("snapshot_manifest()", {}, until(patience));
  if (!row)
    return pass(row);
  auto m =
      row->size() == 0 || row->is_null(0, 0) ? std::nullopt : decode_manifest(row->bytes(0, 0));
  if (!m)
    return std::optional<snapshot>{};
  snapshot s{.at = m->at, .hash = m->hash};
  for (auto& chunk : m->chunks) {
    auto bytes = get_chunk(link, bytes_of(chunk.of), patience);
    if (!bytes)
      return pass(bytes);
    if (sha256({*bytes}) != chunk.of)
      return std::optional<snapshot>{};
    s.chunks.push_back({std::move(chunk.name), std::move(*bytes)});
  }
  return std::optional{std::move(s)};
}

} // namespace

expected<void> put_postgres_snapshot(postgres_link& link, const snapshot& s, duration patience) {
  snapshot_manifest m{.at = s.at, .hash = s.hash};
  std::vector<std::string> digests;
  for (const auto& chunk : s.chunks) {
    m.chunks.push_back({chunk.name, sha256({chunk.bytes})});
    digests.emplace_back(bytes_of(m.chunks.back().of));
  }
  for (int round = 0; round < rounds_max; ++round) {
    if (auto put = put_chunks(link, s, digests, patience); !put)
      return put;
    postgres_params params;
    params.number(static_cast<std::int64_t>(s.at)).text(bytes_of(s.hash));
    params.text(encode_manifest(m)).byte_strings(digests);
    auto row = link.call("snapshot_put($1::bigint, $2::bytea, $3::bytea, $4::bytea[])", params,
                         until(patience));
    if (!row)
      return pass(row);
    switch (static_cast<put_answer>(row->number(0, 0))) {
    case put_answer::done: return {};
    case put_answer::other_history: return snapshot_of_other_history(s.at);
    case put_answer::chunk_missing: break;
    }
  }
  return refuse(errc::unavailable, "chunks of the snapshot went while it was written");
}

expected<std::optional<snapshot>> load_postgres_snapshot(postgres_link& link, duration patience) {
  for (int round = 1;; ++round) {
    auto loaded = load_once(link, patience);
    if (!loaded || *loaded || round == rounds_max)
      return loaded;
  }
}

} // namespace carillon::stores
