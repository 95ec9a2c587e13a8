#pragma once

#include "events/upcast.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// A chunk of a snapshot: encoded entities, each behind its size as four little-endian bytes.
namespace carillon::projections {

inline void append_packed(std::string& out, std::string_view packed) {
  const auto size = static_cast<std::uint32_t>(packed.size());
  for (int shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<char>(size >> shift));
  out.append(packed);
}

/// Hands each entity of `bytes` to `take`. Errors: corrupt.
template <class State, class Take>
expected<void> for_each_packed(std::string_view bytes, Take&& take) {
  while (!bytes.empty()) {
    if (bytes.size() < 4)
      return refuse(errc::corrupt, "snapshot chunk ends inside a size");
    std::uint32_t size = 0;
    for (int i = 3; i >= 0; --i)
      size = size << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
    bytes.remove_prefix(4);
    if (bytes.size() < size)
      return refuse(errc::corrupt,
                    "snapshot chunk ends inside an entity of " + std::to_string(size) + " bytes");
    auto state = events::decode<State>(bytes.substr(0, size));
    if (!state)
      return unexpected<error>{std::move(state).error()};
    take(std::move(*state));
    bytes.remove_prefix(size);
  }
  return {};
}

} // namespace carillon::projections
