#include "cluster/levels.hpp"

#include <string>

namespace carillon::cluster {

expected<void> check_raise(const level_raise& raise, std::span<const live_session> live) {
  const auto wanted = "level " + std::to_string(raise.to);
  if (raise.to == 0)
    return refuse(errc::invalid_argument, "must be at least 1", "level");
  if (raise.to > raise.known)
    return refuse(errc::unsupported,
                  wanted + " is not known to this build, which knows up to " +
                      std::to_string(raise.known),
                  "level");
  if (raise.to < raise.from)
    return refuse(errc::conflict,
                  "the log is at level " + std::to_string(raise.from) + ", and is never lowered",
                  "level");
  std::string behind;
  for (const auto& session : live)
    if (session.says.level < raise.to)
      behind += (behind.empty() ? "" : ", ") + session.node.value + " (level " +
                std::to_string(session.says.level) + ")";
  if (behind.empty())
    return {};
  return refuse(errc::conflict, wanted + " is not known to " + behind + ": upgrade or stop first",
                "level");
}

} // namespace carillon::cluster
