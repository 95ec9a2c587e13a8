#pragma once

#include "carillon/event.hpp"

/// What a build of the next format level writes that this one does not know. Linked instead of
/// events/level.cpp, so that a program is of that level without compiling anything else anew.
namespace carillon::test {

/// A type added at the end of `event` that anyone may skip: it is of a level that both know.
inline constexpr std::uint32_t quiet_type = std::variant_size_v<event>;
/// The one behind it is of the newer level.
inline constexpr std::uint32_t newer_type = quiet_type + 1;

/// A record of that type, as the newer build would encode it.
inline event newer_event(std::uint32_t type) {
  return unknown_event{.type = type, .version = 1, .bytes = "new"};
}

} // namespace carillon::test
