#pragma once

#include "carillon/scheduler.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

/// For applications that are made of CAF actors themselves: one actor system for both, and tasks
/// that are handled by the application's actors. The only public header with CAF in it.
namespace carillon {

/// Name of the executor that turns jobs into messages.
inline constexpr const char* executor_actor = "actor";

/// As `scheduler::open`, in the application's actor system. `system` must outlive the scheduler;
/// no setting of it is changed, and its own actors are left alone.
expected<scheduler> open_in(caf::actor_system& system, scheduler_options options = {});

/// Makes `handler` what runs jobs of task `id` in this process, and configures the task.
///
/// Each attempt becomes one request to `handler`:
///
///     (std::string job id, std::uint32_t attempt, std::uint64_t fencing token, std::string args)
///
/// where args is JSON text such as `{"args":[1,"two"],"kwargs":{}}`, and `{}` when there are none.
/// The answer is a std::string: the job's value as JSON text, or empty for none. A caf::error ends
/// the attempt as an error. Without an answer within the task's timeout the job ends as timed_out;
/// a job that is cancelled and has no answer after the kill grace ends as cancelled. The actor is
/// not told; answers that come later are dropped.
/// Errors: conflict (registered before in this process), invalid_argument.
expected<void> register_actor_task(scheduler& engine, const task_id& id, caf::actor handler,
                                   task_options options = {});

} // namespace carillon
