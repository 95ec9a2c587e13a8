#pragma once

#include <cstdint>
#include <string_view>

namespace carillon {

// Part of what is on disk since 0.1: never change.
/// SplitMix64's finaliser: each bit of the input reaches each bit of the output.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// The same 64 bits on every machine and in every release, unlike std::hash.
constexpr std::uint64_t stable_hash(std::string_view text) noexcept {
  std::uint64_t hash = 0;
  for (const char c : text)
    hash = mix(hash ^ static_cast<unsigned char>(c));
  return hash;
}

} // namespace carillon
