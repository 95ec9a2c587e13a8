#include "events/upcast.hpp"
#include "events/event_fields.hpp"

// The old shapes of events and their `upcast_to` belong here, above the instantiation.

namespace carillon::events {

template expected<void> read_payload(std::uint32_t, std::uint32_t, std::string_view, event&);

} // namespace carillon::events
