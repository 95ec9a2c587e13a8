#include "actors/log_sharing.hpp"

#include "runs/lease_file.hpp"

#include <algorithm>

namespace carillon::actors {

membership_ptr log_sharing::members() const {
  const std::lock_guard hold{mutex_};
  return members_;
}

void log_sharing::set_members(membership_ptr members) {
  const std::lock_guard hold{mutex_};
  members_ = std::move(members);
}

time_point log_sharing::store_now() const {
  const auto known = members();
  return known->store_time + (runs::boot_now() - known->asked_at);
}

time_point log_sharing::agreed_now(time_point ours) const {
  return members()->asked_at == duration{} ? ours : std::min(ours, store_now());
}

bool log_sharing::may_work() const { return runs::boot_now() < duration{deadline_us_}; }

void log_sharing::add_session(std::uint64_t token) {
  const std::lock_guard hold{mutex_};
  ours_.insert(token);
  current_ = token;
}

bool log_sharing::is_ours(std::uint64_t token) const {
  const std::lock_guard hold{mutex_};
  return ours_.contains(token);
}

duration log_sharing::delay_of(const schedule_id& id, const membership& members) const {
  const auto rank = cluster::rank_of(self_, id.value, members.live).value_or(last_rank);
  return cluster::may_try_at(time_point{}, rank, stand_in).time_since_epoch();
}

std::uint32_t log_sharing::rank_for(const std::string& chore) const {
  const auto known = members();
  return cluster::rank_of(self_, chore, known->live).value_or(last_rank);
}

} // namespace carillon::actors
