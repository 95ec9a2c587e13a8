#include "actors/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace carillon::actors {
namespace {

struct trigger_state {
  explicit trigger_state(trigger_actor::pointer self) : self{self} {}
  static inline const char* name = "trigger";

  trigger_actor::pointer self;
  node_context_ptr node;
  handles_ptr peers;
  std::function<void(std::optional<time_point>)> set_alarm;
  std::vector<std::optional<time_point>> wakes; ///< One per schedule owner, then the dispatcher's.
};

void set_alarm(trigger_state& st) {
  std::optional<time_point> first;
  for (const auto& wake : st.wakes)
    if (wake && (!first || *wake < *first))
      first = wake;
  st.set_alarm(first);
}

void record_clock_step(trigger_state& st, std::int64_t delta_us) {
  st.node->log(log_level::warning,
               "the clock was set by " + std::to_string(delta_us / 1000) + " ms");
  auto commits = std::make_shared<std::vector<stores::commit>>(1);
  commits->front().meta = {.who = "engine", .from = "clock"};
  commits->front().events.push_back(clock_stepped{st.node->node, delta_us});
  st.self->request(st.peers->log, caf::infinite, append_request{lane::command, commits})
      .then([](const append_reply&) {}, [](const caf::error&) {});
}

void on_alarm(trigger_state& st, const alarm_rang& alarm) {
  if (alarm.clock_step_us != 0)
    record_clock_step(st, alarm.clock_step_us);
  const auto now = st.node->now();
  for (std::size_t source = 0; source < st.wakes.size(); ++source) {
    if (!st.wakes[source] || *st.wakes[source] > now)
      continue;
    st.wakes[source].reset(); // its owner says again what comes next
    if (source < st.peers->schedules.size())
      st.self->send(st.peers->schedules[source], fire_due{now});
    else
      st.self->send(st.peers->dispatch, dispatch_due{});
  }
  set_alarm(st);
}

trigger_actor::behavior_type trigger_behavior(trigger_actor::stateful_pointer<trigger_state> self,
                                              node_context_ptr node, handles_ptr peers,
                                              std::function<void(std::optional<time_point>)> set) {
  auto& st = self->state;
  st.node = std::move(node);
  st.peers = std::move(peers);
  st.set_alarm = std::move(set);
  return {
      [self](const wake_at& wake) {
        auto& st = self->state;
        st.wakes.resize(std::max(st.wakes.size(), wake.source + 1));
        st.wakes[wake.source] = wake.when;
        set_alarm(st);
      },
      [self](const alarm_rang& alarm) { on_alarm(self->state, alarm); },
  };
}

} // namespace

trigger_actor spawn_trigger(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                            std::function<void(std::optional<time_point>)> set_alarm) {
  return system.spawn(trigger_behavior, std::move(node), std::move(peers), std::move(set_alarm));
}

} // namespace carillon::actors
