// An application that is made of CAF actors already: the engine lives in its actor system, and one
// of its own actors does the work of a task.

#include <carillon/actor.hpp>
#include <carillon/carillon.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>

#include <iostream>
#include <string>

namespace {

/// Answers a job: its arguments as JSON text in, a value as JSON text out.
caf::behavior greeter(caf::event_based_actor*, const std::string& greeting) {
  return {
      [greeting](const std::string& /*job*/, std::uint32_t attempt, std::uint64_t /*fence*/,
                 const std::string& args) -> caf::result<std::string> {
        const auto given = carillon::to_arguments(args);
        if (!given || given->args.empty())
          return caf::sec::invalid_argument;
        const auto* name = given->args.front().get_if<std::string>();
        if (name == nullptr)
          return caf::sec::invalid_argument;
        return carillon::to_json(greeting + " " + *name + ", attempt " + std::to_string(attempt));
      },
  };
}

} // namespace

int main() {
  using carillon::task_id;
  using carillon::to_payload;

  caf::actor_system_config config;
  caf::actor_system system{config};
  const auto actor = system.spawn(greeter, std::string{"hello"});
  {
    auto engine = carillon::open_in(system);
    if (!engine || !engine->start() ||
        !carillon::register_actor_task(*engine, task_id{"greet"}, actor))
      return 1;
    const auto said = engine->run_job(
        {.task = task_id{"greet"}, .args = to_payload({.args = {"Ada"}, .kwargs = {}})});
    if (!said)
      return 1;
    std::cout << to_json(*said) << "\n";
    const auto refused = engine->run_job({.task = task_id{"greet"}});
    std::cout << (refused ? "accepted" : to_string(refused.error().code)) << "\n";
  }
  // The engine is gone; the application's actor is not.
  caf::scoped_actor self{system};
  self->request(actor, caf::infinite, std::string{}, std::uint32_t{2}, std::uint64_t{0},
                std::string{R"({"args":["Grace"]})"})
      .receive([](const std::string& text) { std::cout << text << "\n"; },
               [](const caf::error&) { std::cout << "the actor is gone\n"; });
  self->send_exit(actor, caf::exit_reason::user_shutdown);
}
