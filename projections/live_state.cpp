#include "projections/live_state.hpp"

#include "projections/state_fields.hpp"

#include <algorithm>
#include <charconv>

namespace carillon::projections {
namespace {

std::string chunk_name(std::string_view kind, std::size_t share) {
  return std::string{kind} + "/" + std::to_string(snapshot_format) + "/" + std::to_string(share);
}

} // namespace

void live_state::apply(const event& e, const domain::record_info& info, const job_sink& ended) {
  std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (What::category == stream_category::task) {
          tasks.apply(e, info);
        } else if constexpr (What::category == stream_category::schedule) {
          owner_of(what.id).apply(e, info);
          calendars.apply(e, info);
        } else if constexpr (What::category == stream_category::calendar) {
          calendars.apply(e, info);
        } else if constexpr (std::is_same_v<What, level_raised>) {
          level = std::max(level, what.level);
        } else if constexpr (What::category == stream_category::node) {
          zones.apply(e, info);
        } else if constexpr (What::category == stream_category::job) {
          if constexpr (requires { what.schedule; })
            if (!what.schedule.empty())
              owner_of(what.schedule).apply(e, info);
          if (auto job = owner_of(what.id).apply(e, info); job && ended)
            ended(std::move(*job));
        }
      },
      e);
}

state_hash live_state::hash() const {
  auto sum = tasks.hash();
  sum += calendars.hash();
  sum += zones.hash();
  for (const auto& table : schedules)
    sum += table.hash();
  for (const auto& table : jobs)
    sum += table.hash();
  return sum;
}

std::string level_chunk_name() { return "level"; }
std::string task_chunk_name() { return chunk_name("tasks", 0); }
std::string calendar_chunk_name() { return chunk_name("calendars", 0); }
std::string calendar_user_chunk_name() { return chunk_name("calendar_users", 0); }
std::string zone_chunk_name() { return chunk_name("zones", 0); }
std::string schedule_chunk_name(std::size_t share) { return chunk_name("schedules", share); }
std::string job_chunk_name(std::size_t share) { return chunk_name("jobs", share); }

std::string save_level(std::uint32_t level) { return std::to_string(level); }

namespace {

expected<void> load_level(live_state& state, std::string_view bytes) {
  std::uint32_t level = 0;
  const auto* end = bytes.data() + bytes.size();
  const auto [rest, failed] = std::from_chars(bytes.data(), end, level);
  if (failed != std::errc{} || rest != end)
    return refuse(errc::corrupt, "the snapshot's level '" + std::string{bytes.substr(0, 20)} +
                                     "' is not a number");
  state.level = level;
  return events::check_known(level);
}

} // namespace

expected<void> load_chunk(live_state& state, std::string_view name, std::string_view bytes) {
  if (name == level_chunk_name())
    return load_level(state, bytes);
  if (name == task_chunk_name())
    return state.tasks.load(bytes);
  if (name == calendar_chunk_name())
    return state.calendars.load(bytes);
  if (name == calendar_user_chunk_name())
    return state.calendars.load_users(bytes);
  if (name == zone_chunk_name())
    return state.zones.load(bytes);
  for (std::size_t share = 0; share < share_count; ++share) {
    if (name == schedule_chunk_name(share))
      return state.schedules[share % state.schedules.size()].load(bytes);
    if (name == job_chunk_name(share))
      return state.jobs[share % state.jobs.size()].load(bytes);
  }
  return refuse(errc::unsupported,
                "snapshot chunk '" + std::string{name} + "' is of another format");
}

} // namespace carillon::projections
