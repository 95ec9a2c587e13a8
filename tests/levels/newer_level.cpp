#include "newer_level.hpp"

#include "events/event_fields.hpp"
#include "events/level.hpp"

// What this build says, under other names.
#define format_level older_format_level
#define level_of older_level_of
#include "events/level.cpp"
#undef format_level
#undef level_of

namespace carillon::events {

std::uint32_t format_level() noexcept { return older_format_level() + 1; }

std::uint32_t level_of(const event& e) {
  const auto* added = std::get_if<unknown_event>(&e);
  return added != nullptr && added->type == test::newer_type ? format_level() : older_level_of(e);
}

} // namespace carillon::events
