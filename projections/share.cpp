#include "projections/share.hpp"

#include <xxhash.h>

#include <array>
#include <cstdio>

namespace carillon::projections {

state_hash hash_of(stream_category category, std::string_view id, std::string_view encoded) {
  const auto seed = XXH3_64bits_withSeed(id.data(), id.size(), static_cast<XXH64_hash_t>(category));
  const auto hash = XXH3_128bits_withSeed(encoded.data(), encoded.size(), seed);
  return {hash.low64, hash.high64};
}

std::string to_hex(const state_hash& hash) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx",
                static_cast<unsigned long long>(hash.high),
                static_cast<unsigned long long>(hash.low));
  return text.data();
}

} // namespace carillon::projections
