#pragma once

#include "actors/executors.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <memory>

namespace carillon::actors {

/// Turns jobs into requests to actors of the application.
class actor_executor : public executor {
public:
  /// Makes `handler` what runs jobs of `task`. False when the task has one already.
  virtual bool add(const task_id& task, caf::actor handler) = 0;
};

std::shared_ptr<actor_executor> make_actor_executor(caf::actor_system& system,
                                                    node_context_ptr node,
                                                    std::shared_ptr<stores::event_log> log,
                                                    report_sink sink);

} // namespace carillon::actors
