#pragma once

#include "stores/event_log.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace carillon::stores {

/// SHA-256 of `parts`, one after the other.
digest sha256(std::initializer_list<std::string_view> parts);

inline std::string_view bytes_of(const digest& d) {
  return {reinterpret_cast<const char*>(d.data()), d.size()};
}

/// The digest made of the first 32 bytes of `bytes`, which must be there.
digest to_digest(std::string_view bytes);

/// Lower-case hex.
std::string to_hex(const digest& d);

} // namespace carillon::stores
