#pragma once

#include "carillon/event.hpp"
#include "carillon/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::projections {

/// The live state is split by id into this many shares. A node's actors own some shares each; a
/// snapshot has one chunk per share. On disk since 0.1 as chunk names; may change between versions,
/// since loading spreads entities by id again.
inline constexpr std::size_t share_count = 16;

/// FNV-1a: the same on every machine, for ever.
constexpr std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

inline std::size_t share_of(const task_id& id) { return stable_hash(id.value) % share_count; }
inline std::size_t share_of(const schedule_id& id) { return stable_hash(id.value) % share_count; }
inline std::size_t share_of(const calendar_id& id) { return stable_hash(id.value) % share_count; }
/// The last byte of a UUID is random in versions 5 and 7 alike.
inline std::size_t share_of(const job_id& id) { return id.bytes[15] % share_count; }

/// 128 bits that are added up over entities, so that order does not matter.
struct state_hash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  state_hash& operator+=(const state_hash& other) {
    low += other.low;
    high += other.high;
    return *this;
  }
  bool operator==(const state_hash&) const = default;
};

/// The hash of one entity's encoded state.
state_hash hash_of(stream_category category, std::string_view id, std::string_view encoded);

/// 32 hexadecimal digits.
std::string to_hex(const state_hash& hash);

} // namespace carillon::projections
