#include "projections/job_table.hpp"

#include "events/upcast.hpp"
#include "projections/packing.hpp"
#include "projections/state_fields.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace carillon::projections {

using domain::job_state;

std::optional<ended_job> job_table::apply(const event& e, const domain::record_info& info) {
  return std::visit(
      [&](const auto& what) -> std::optional<ended_job> {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, job_added>) {
          const auto [at, is_new] = jobs_.try_emplace(what.id);
          if (is_new) // an id that is taken stays with its job
            at->second = evolve(job_state{}, what, info);
        } else if constexpr (What::category == stream_category::job) {
          const auto found = jobs_.find(what.id);
          if (found == jobs_.end())
            return {};
          auto& state = found->second;
          running_ -= state.status == job_status::running;
          state = evolve(std::move(state), what, info);
          if constexpr (std::is_same_v<What, job_finished>) {
            ended_job ended{std::move(state), what, info};
            jobs_.erase(found);
            return ended;
          } else {
            running_ += state.status == job_status::running;
          }
        }
        return {};
      },
      e);
}

const job_state* job_table::find(const job_id& id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

void job_table::for_each(const std::function<void(const job_state&)>& visit) const {
  for (const auto& [id, state] : jobs_)
    visit(state);
}

state_hash job_table::hash() const {
  state_hash sum;
  for (const auto& [id, state] : jobs_)
    sum += hash_of(stream_category::job, to_string(id), events::encode(state));
  return sum;
}

std::string job_table::save(std::size_t share) const {
  std::vector<const job_state*> in_order;
  for (const auto& [id, state] : jobs_)
    if (share_of(id) == share)
      in_order.push_back(&state);
  std::sort(in_order.begin(), in_order.end(),
            [](const auto* a, const auto* b) { return a->added_at < b->added_at; });
  std::string out;
  for (const auto* state : in_order)
    append_packed(out, events::encode(*state));
  return out;
}

expected<void> job_table::load(std::string_view bytes) {
  return for_each_packed<job_state>(bytes, [this](job_state state) {
    running_ += state.status == job_status::running;
    const auto id = state.id;
    jobs_.insert_or_assign(id, std::move(state));
  });
}

} // namespace carillon::projections
