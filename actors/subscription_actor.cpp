#include "actors/interfaces.hpp"
#include "actors/spawn_blocking.hpp"
#include "actors/subscriber.hpp"
#include "events/stream.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <exception>

namespace carillon::actors {
namespace {

/// Bytes of the log read at a time while a subscriber catches up.
constexpr std::size_t catch_up_bytes = 1 << 20;

struct subscription_state {
  explicit subscription_state(subscription_actor::pointer self) : self{self} {}
  static inline const char* name = "subscriptions";

  subscription_actor::pointer self;
  node_context_ptr node;
  std::shared_ptr<stores::event_log> log;
  position applied = 0;
  std::vector<std::weak_ptr<subscriber>> all;
};

bool wants(const event_filter& filter, const event& e) {
  if (!filter.types.empty() && std::find(filter.types.begin(), filter.types.end(),
                                         events::type_name(e)) == filter.types.end())
    return false;
  if (filter.category &&
      *filter.category != std::visit([](const auto& what) { return what.category; }, e))
    return false;
  return filter.stream.empty() || filter.stream == events::stream_of(e);
}

/// False when the subscriber has ended.
bool deliver(const subscription_state& st, subscriber& to, const stores::block& block) {
  for (const auto& commit : block.commits) {
    auto at = commit.first;
    for (const auto& e : commit.events) {
      const auto here = at++;
      if (here <= to.seen || !wants(to.filter, e))
        continue;
      const std::lock_guard hold{to.calling};
      if (to.ended)
        return false;
      try {
        to.callback({here, block.time, block.node, commit.meta, e});
      } catch (const std::exception& failure) {
        st.node->log(log_level::error, std::string{"a subscriber failed: "} + failure.what());
      } catch (...) {
        st.node->log(log_level::error, "a subscriber failed: not a std::exception");
      }
    }
  }
  to.seen = std::max(to.seen, block.first + block.count - 1);
  return true;
}

void on_published(subscription_state& st, const stores::block& block) {
  st.applied = block.first + block.count - 1;
  std::erase_if(st.all, [&](const std::weak_ptr<subscriber>& held) {
    const auto who = held.lock();
    return who == nullptr || !deliver(st, *who, block);
  });
}

void on_add(subscription_state& st, const std::shared_ptr<subscriber>& who) {
  const auto target = std::max(st.applied, st.node->applied.load());
  if (!who->from_now)
    while (who->seen < target) {
      const auto blocks = st.log->read(who->seen, catch_up_bytes);
      if (!blocks || blocks->empty()) {
        if (!blocks)
          st.node->log(log_level::error, "a subscriber cannot catch up: " + blocks.error().message);
        break;
      }
      for (const auto& block : *blocks)
        if (!deliver(st, *who, block))
          return;
    }
  st.all.push_back(who);
}

subscription_actor::behavior_type
subscription_behavior(subscription_actor::stateful_pointer<subscription_state> self,
                      node_context_ptr node, std::shared_ptr<stores::event_log> log) {
  self->state.node = std::move(node);
  self->state.log = std::move(log);
  return {
      [self](const published& p) { on_published(self->state, *p.what); },
      [self](const add_subscription& a) { on_add(self->state, a.who); },
  };
}

} // namespace

subscription_actor spawn_subscriptions(caf::actor_system& system, node_context_ptr node,
                                       std::shared_ptr<stores::event_log> log) {
  const auto& context = *node;
  return spawn_blocking(system, context, subscription_behavior, std::move(node), std::move(log));
}

} // namespace carillon::actors
