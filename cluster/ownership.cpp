#include "cluster/ownership.hpp"

#include <algorithm>
#include <array>

namespace carillon::cluster {
namespace {

constexpr std::array<std::string_view, 4> role_names{"none", "scheduler", "worker", "both"};

/// FNV-1a. All nodes must agree on it for as long as versions run side by side: never change it.
std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t h = 0xCBF29CE484222325ULL;
  for (const char c : bytes)
    h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return h;
}

/// The finaliser of splitmix64: spreads what FNV leaves close together.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// Places are compared from the top: the higher the earlier. Names break ties.
struct place {
  bool room = false;
  std::uint64_t weight = 0;
  std::string_view node;

  bool is_before(const place& other) const {
    if (room != other.room)
      return room;
    if (weight != other.weight)
      return weight > other.weight;
    return node < other.node;
  }
};

/// By name, not by token: a restarted node takes back what it had.
std::uint64_t seed_of(const node_id& node) { return mix(hash_of(node.value)); }

place place_of(const live_session& s, std::uint64_t key) {
  return {false, mix(key ^ seed_of(s.node)), s.node.value};
}

/// Of a node's sessions only the newest counts.
bool is_newest(const live_session& s, std::span<const live_session> sessions) {
  return std::none_of(sessions.begin(), sessions.end(), [&](const live_session& other) {
    return other.node == s.node && other.token > s.token;
  });
}

} // namespace

std::string_view to_string(node_role role) { return role_names[static_cast<std::size_t>(role)]; }

expected<node_role> parse_role(std::string_view text) {
  for (std::size_t i = 0; i < role_names.size(); ++i)
    if (text == role_names[i])
      return static_cast<node_role>(i);
  return refuse(errc::invalid_argument,
                "role '" + std::string{text.substr(0, name_bytes_max)} +
                    "' is not one of none, scheduler, worker, both",
                "role");
}

std::map<std::string, std::string> parse_labels(std::span<const std::string> texts) {
  std::map<std::string, std::string> out;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    out[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return out;
}

bool has_labels(const std::map<std::string, std::string>& labels,
                const std::map<std::string, std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto found = labels.find(label.first);
    return found != labels.end() && found->second == label.second;
  });
}

bool can_fire(const live_session& s) {
  return !s.draining && (s.says.role == node_role::scheduler || s.says.role == node_role::both);
}

std::string why_not_run(const live_session& s, const job_needs& needs) {
  if (s.says.role != node_role::worker && s.says.role != node_role::both)
    return "its role is " + std::string{to_string(s.says.role)};
  if (s.draining)
    return "it is draining";
  if (!s.says.executors.contains(needs.executor))
    return "no executor '" + needs.executor + "'";
  if (needs.handler && !s.says.tasks.contains(needs.task.value))
    return "no handler for task '" + needs.task.value + "'";
  for (const auto& [name, wanted] : needs.labels) {
    const auto found = s.says.labels.find(name);
    if (found == s.says.labels.end() || found->second != wanted)
      return "label '" + name + "' is not '" + wanted + "'";
  }
  return {};
}

bool can_run(const live_session& s, const job_needs& needs) {
  return why_not_run(s, needs).empty();
}

std::optional<std::uint32_t> rank_of(const node_id& node, std::string_view key,
                                     std::span<const live_session> sessions) {
  const auto takes_part = [&](const live_session& s) {
    return can_fire(s) && is_newest(s, sessions);
  };
  const auto mine = std::find_if(sessions.begin(), sessions.end(), [&](const live_session& s) {
    return s.node == node && takes_part(s);
  });
  if (mine == sessions.end())
    return std::nullopt;
  const auto hashed = hash_of(key);
  const auto here = place_of(*mine, hashed);
  return static_cast<std::uint32_t>(
      std::count_if(sessions.begin(), sessions.end(), [&](const live_session& s) {
        return s.node != node && takes_part(s) && place_of(s, hashed).is_before(here);
      }));
}

std::optional<node_id> owner_of(std::string_view key, std::span<const live_session> sessions) {
  const auto hashed = hash_of(key);
  const live_session* best = nullptr;
  for (const auto& s : sessions) {
    if (!can_fire(s) || !is_newest(s, sessions))
      continue;
    if (best == nullptr || place_of(s, hashed).is_before(place_of(*best, hashed)))
      best = &s;
  }
  return best == nullptr ? std::nullopt : std::optional{best->node};
}

job_ranks::job_ranks(const node_id& node, const job_needs& needs,
                     std::span<const live_session> sessions) {
  for (const auto& s : sessions) {
    if (!can_run(s, needs) || !is_newest(s, sessions))
      continue;
    candidate each{s.free_room > 0, seed_of(s.node), s.node};
    if (s.node == node)
      self_ = std::move(each);
    else
      others_.push_back(std::move(each));
  }
  of_task_ = rank(hash_of(needs.task.value));
}

std::optional<std::uint32_t> job_ranks::rank(std::uint64_t key) const {
  if (!self_)
    return std::nullopt;
  const auto place_of = [&](const candidate& c) {
    return place{c.has_room, mix(key ^ c.seed), c.node.value};
  };
  const auto here = place_of(*self_);
  return static_cast<std::uint32_t>(
      std::count_if(others_.begin(), others_.end(),
                    [&](const candidate& c) { return place_of(c).is_before(here); }));
}

std::optional<std::uint32_t> job_ranks::of(const job_id& job) const {
  return rank(hash_of({reinterpret_cast<const char*>(job.bytes.data()), job.bytes.size()}));
}

time_point may_try_at(time_point due, std::uint32_t rank, const stand_in_options& options) {
  if (rank == 0)
    return due;
  const auto wait = options.overdue + options.stagger * static_cast<std::int64_t>(rank);
  return due > time_point::max() - wait ? time_point::max() : due + wait;
}

} // namespace carillon::cluster
