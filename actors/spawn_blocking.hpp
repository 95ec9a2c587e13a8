#pragma once

#include "actors/node_context.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>

#include <type_traits>
#include <utility>

namespace carillon::actors {

/// Spawns an actor that blocks: on a thread of its own, unless its node says otherwise.
template <class Behavior, class... Args>
auto spawn_blocking(caf::actor_system& system, const node_context& node, Behavior behavior,
                    Args&&... args) {
  caf::actor_config config;
  if (node.detached)
    config.flags |= caf::abstract_actor::is_detached_flag;
  return system.spawn_functor(std::true_type{}, config, behavior, std::forward<Args>(args)...);
}

} // namespace carillon::actors
