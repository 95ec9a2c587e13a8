#include "carillon/expected.hpp"

namespace carillon {

std::string_view to_string(errc code) {
  switch (code) {
  case errc::invalid_argument: return "invalid_argument";
  case errc::not_found: return "not_found";
  case errc::conflict: return "conflict";
  case errc::already_running: return "already_running";
  case errc::limit_exceeded: return "limit_exceeded";
  case errc::lease_lost: return "lease_lost";
  case errc::overloaded: return "overloaded";
  case errc::unavailable: return "unavailable";
  case errc::denied: return "denied";
  case errc::timed_out: return "timed_out";
  case errc::no_space: return "no_space";
  case errc::corrupt: return "corrupt";
  case errc::unsupported: return "unsupported";
  case errc::cancelled: return "cancelled";
  case errc::not_ready: return "not_ready";
  case errc::gone: return "gone";
  case errc::failed: return "failed";
  case errc::missed: return "missed";
  case errc::abandoned: return "abandoned";
  case errc::internal: return "internal";
  }
  return "internal";
}

} // namespace carillon
