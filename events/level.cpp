#include "events/level.hpp"

#include "events/event_fields.hpp"

namespace carillon::events {

std::uint32_t format_level() noexcept { return 1; }

std::uint32_t level_of(const event& e) {
  return std::visit(
      []<class Event>(const Event& what) -> std::uint32_t {
        if constexpr (requires { fields_of<Event>::level(what); })
          return fields_of<Event>::level(what);
        else
          return first_level;
      },
      e);
}

} // namespace carillon::events
