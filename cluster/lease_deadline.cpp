#include "cluster/lease_deadline.hpp"

#include <algorithm>

namespace carillon::cluster {
namespace {

constexpr duration ttl_min = std::chrono::seconds{1};
constexpr duration ttl_max = std::chrono::hours{24};

} // namespace

expected<void> check(const lease_options& options) {
  if (options.ttl < ttl_min || options.ttl > ttl_max)
    return refuse(errc::invalid_argument,
                  "lease ttl of " + to_string(options.ttl) + ", 1s to 1d are allowed", "ttl");
  if (options.margin < duration::zero() || options.margin * 2 >= options.ttl)
    return refuse(errc::invalid_argument,
                  "lease margin must be from 0s to less than half the ttl of " +
                      to_string(options.ttl),
                  "margin");
  return {};
}

lease_state lease_deadline::look(boot_time now) {
  if (now >= lost_at())
    lost_ = true;
  if (lost_)
    return lease_state::lost;
  return now >= renew_at() ? lease_state::renew_due : lease_state::healthy;
}

lease_state lease_deadline::renewed(boot_time sent, boot_time received) {
  // The deadline comes first: after a pause the answer may be the first thing that is seen.
  if (look(received) != lease_state::lost)
    sent_ = std::max(sent_, std::min(sent, received));
  return look(received);
}

} // namespace carillon::cluster
