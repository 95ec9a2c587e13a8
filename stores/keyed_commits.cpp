#include "stores/keyed_commits.hpp"

#include "stores/bytes.hpp"
#include "stores/logs.hpp"

#include <fmt/core.h>

namespace carillon::stores {
namespace {

// On disk since 0.1: by_id + id -> first position, block time; by_time + block time + id ->
// nothing.
constexpr char by_id = 'i';
constexpr char by_time = 't';

constexpr std::chrono::minutes expire_every{1};
constexpr std::size_t expire_max = 1000;

std::string_view id_bytes(const commit_id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

std::string time_bytes(time_point t) {
  return big_endian(static_cast<std::uint64_t>(t.time_since_epoch().count()));
}

time_point to_time(std::string_view bytes) {
  return time_point{duration{static_cast<std::int64_t>(from_big_endian(bytes))}};
}

std::string id_key(const commit_id& id) { return std::string(1, by_id).append(id_bytes(id)); }

} // namespace

expected<position> keyed_commits::find(const rocks& db, const commit& c, time_point now) const {
  if (c.meta.idempotency.empty())
    return position{0};
  auto found = db.get(family_, id_key(c.id));
  if (!found)
    return unexpected<error>{std::move(found).error()};
  if (!*found)
    return position{0};
  if ((*found)->size() != 16)
    return refuse(errc::corrupt, fmt::format("the index entry of commit {} has {} bytes",
                                             to_string(c.id), (*found)->size()));
  std::string_view bytes{**found};
  return is_forgotten(to_time(bytes.substr(8)), now) ? position{0}
                                                     : from_big_endian(bytes.substr(0, 8));
}

void keyed_commits::add(rocks_batch& batch, const pending_block& pending) const {
  auto first = pending.first;
  auto time = time_bytes(pending.after.time);
  for (const auto* c : pending.taken) {
    if (!c->meta.idempotency.empty() && !c->id.empty()) {
      batch.put(family_, id_key(c->id), big_endian(first) + time);
      batch.put(family_, std::string(1, by_time) + time + std::string{id_bytes(c->id)}, {});
    }
    first += c->events.size();
  }
}

expected<void> keyed_commits::expire(const rocks& db, rocks_batch& batch, time_point now) {
  if (now - expired_at_ < expire_every)
    return {};
  auto cursor = db.cursor(family_);
  std::size_t count = 0;
  for (cursor.seek(std::string(1, by_time)); cursor.valid() && count < expire_max;
       cursor.next(), ++count) {
    auto key = cursor.key();
    if (!is_forgotten(to_time(key.substr(1, 8)), now))
      break;
    // The id may have been used again since: only its own entry goes.
    auto by_id_key = std::string(1, by_id).append(key.substr(9));
    auto entry = db.get(family_, by_id_key);
    if (!entry)
      return unexpected<error>{std::move(entry).error()};
    if (*entry && std::string_view{**entry}.substr(8) == key.substr(1, 8))
      batch.erase(family_, by_id_key);
    batch.erase(family_, key);
  }
  // A full round means that there may be more: the next block goes on.
  if (count < expire_max)
    expired_at_ = now;
  return cursor.status();
}

} // namespace carillon::stores
