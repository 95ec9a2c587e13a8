#include "carillon/actor.hpp"

#include "actors/actor_executor.hpp"
#include "actors/engine.hpp"

#include <utility>

namespace carillon {

/// What carillon/actor.hpp may do with a scheduler.
struct actor_api {
  static expected<scheduler> open(caf::actor_system& system, scheduler_options options) {
    auto engine = scheduler::implementation::open(std::move(options), &system);
    if (!engine)
      return unexpected<error>{std::move(engine).error()};
    return scheduler{std::move(*engine)};
  }
  static scheduler::implementation& engine_of(scheduler& engine) { return *engine.self_; }
};

expected<scheduler> open_in(caf::actor_system& system, scheduler_options options) {
  return actor_api::open(system, std::move(options));
}

expected<void> register_actor_task(scheduler& engine, const task_id& id, caf::actor handler,
                                   task_options options) {
  if (!handler)
    return refuse(errc::invalid_argument, "the handler of task '" + id.value + "' is no actor",
                  "handler");
  if (options.executor && *options.executor != executor_actor)
    return refuse(errc::invalid_argument,
                  "is '" + *options.executor + "', a task handled by an actor has '" +
                      executor_actor + "'",
                  "executor");
  options.executor = executor_actor;
  auto& actors_of = actor_api::engine_of(engine).actor_tasks();
  const auto taken = [&] {
    return refuse(errc::conflict, "task '" + id.value + "' is registered in this process already",
                  "task");
  };
  if (actors_of.can_run(id))
    return taken();
  auto configured =
      engine.ask(configure_task{id, std::move(options)}, {.meta = {.who = "local", .from = "api"}});
  if (!configured)
    return unexpected<error>{std::move(configured).error()};
  if (!actors_of.add(id, std::move(handler)))
    return taken();
  caf::anon_send(actor_api::engine_of(engine).peers().dispatch, actors::capability_added{id});
  actor_api::engine_of(engine).announce();
  return {};
}

} // namespace carillon
