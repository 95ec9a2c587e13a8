#include "events/level.hpp"
#include "events/stream.hpp"

#include <string>

namespace carillon::events {

expected<void> check_known(std::uint32_t log) {
  if (log <= format_level())
    return {};
  return refuse(errc::unsupported,
                "the log is at level " + std::to_string(log) + ", and this build knows up to " +
                    std::to_string(format_level()) + ": it needs a newer version of Carillon");
}

expected<void> check_writable(std::span<const event> what, std::uint32_t log) {
  for (const auto& e : what)
    if (const auto needed = level_of(e); needed > log)
      return refuse(errc::unsupported,
                    std::string{type_name(e)} + " needs a log of level " + std::to_string(needed) +
                        ", and this one is at " + std::to_string(log) +
                        ": see `carillon log level --raise " + std::to_string(needed) + "`");
  return {};
}

} // namespace carillon::events
