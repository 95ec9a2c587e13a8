#include "actors/command_handler.hpp"

#include <algorithm>
#include <type_traits>

namespace carillon::actors {

void finish_command(node_context& node, pending_command& command, expected<answer> reply) {
  node.counts.waiting_bytes -= std::exchange(command.bytes, 0);
  if (auto done = std::exchange(command.done, nullptr))
    done(std::move(reply));
}

answer reply_of(const std::vector<event>& events, position first, answer decided) {
  // The dispatcher's claims at its end are not what the command led to.
  const auto last = std::find_if(events.rbegin(), events.rend(), [](const event& e) {
    return !std::holds_alternative<job_acquired>(e);
  });
  decided.at = first + static_cast<position>(events.rend() - last) - 1;
  for (const auto& e : events)
    std::visit(
        [&](const auto& what) {
          using What = std::decay_t<decltype(what)>;
          if constexpr (std::is_same_v<What, task_added> || std::is_same_v<What, schedule_added>) {
            decided.id = what.id.value;
            decided.what = change::created;
          } else if constexpr (std::is_same_v<What, task_updated> ||
                               std::is_same_v<What, calendar_set>) {
            decided.id = what.id.value;
            decided.what = change::updated;
          } else if constexpr (std::is_same_v<What, schedule_updated>) {
            decided.id = what.id.value;
            decided.what = what.trigger_reset ? change::replaced : change::updated;
          } else if constexpr (std::is_same_v<What, task_removed> ||
                               std::is_same_v<What, schedule_removed> ||
                               std::is_same_v<What, calendar_removed>) {
            decided.id = what.id.value;
            decided.what = change::removed;
          } else if constexpr (std::is_same_v<What, schedule_paused> ||
                               std::is_same_v<What, schedule_resumed>) {
            decided.id = what.id.value;
            decided.what = change::updated;
          } else if constexpr (std::is_same_v<What, job_added>) {
            decided.jobs.push_back(what.id);
          }
          if constexpr (requires { what.next_fire; })
            decided.next_fire = what.next_fire;
        },
        e);
  return decided;
}

void answer_duplicate(node_context& node, stores::event_log& log, pending_command& command,
                      position first) {
  const auto blocks = log.read(first - 1, 1);
  if (!blocks)
    return finish_command(node, command, unexpected<error>{blocks.error()});
  for (const auto& block : *blocks)
    for (const auto& commit : block.commits) {
      if (commit.id != command.info.id)
        continue;
      if (commit.meta->idempotency != command.info.meta.idempotency)
        return finish_command(
            node, command,
            refuse(errc::conflict, "the idempotency key was used for another request at position " +
                                       std::to_string(commit.first)));
      return finish_command(node, command, reply_of(commit.events, commit.first, {}));
    }
  finish_command(node, command,
                 refuse(errc::gone, "the command was done at position " + std::to_string(first) +
                                        ", which retention has removed"));
}

} // namespace carillon::actors
