#include "stores/sessions.hpp"

#include <fmt/core.h>

namespace carillon::stores {

expected<void> check(const session_request& request) {
  if (request.ttl < session_ttl_min)
    return refuse(errc::invalid_argument,
                  fmt::format("a session of {} us is too short: at least {}", request.ttl.count(),
                              session_ttl_min.count()),
                  "ttl");
  if (request.node.value.empty())
    return refuse(errc::invalid_argument, "a session needs the name of its node", "node");
  return {};
}

} // namespace carillon::stores
