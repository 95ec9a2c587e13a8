#include "actors/command_handler.hpp"
#include "actors/engine.hpp"

#include <type_traits>

/// Which actor answers a command.
namespace carillon {

using namespace actors;

namespace {

/// Roughly what a command takes while it waits for the log.
std::size_t bytes_of(const command& c) {
  constexpr std::size_t command_bytes = 512;
  constexpr std::size_t job_bytes = 256;
  if (const auto* add = std::get_if<add_jobs>(&c)) {
    std::size_t bytes = command_bytes;
    for (const auto& job : add->jobs)
      bytes += job_bytes + job.args.text.size();
    return bytes;
  }
  if (const auto* add = std::get_if<add_schedule>(&c))
    return command_bytes + add->spec.args.text.size();
  if (const auto* set = std::get_if<set_calendar>(&c))
    return command_bytes + set->days.size() * sizeof(date_range);
  return command_bytes;
}

/// Gathers the answers of all owners into one.
struct merged_answer {
  std::mutex mutex;
  std::size_t missing = 0;
  answer sum;
  std::optional<error> failure;
  std::function<void(expected<answer>)> done;

  void add(expected<answer> part) {
    {
      const std::lock_guard hold{mutex};
      if (part) {
        sum.at = std::max(sum.at, part->at);
        sum.what = std::max(sum.what, part->what);
      } else if (!failure) {
        failure = part.error();
      }
      if (--missing != 0)
        return;
    }
    done(failure ? expected<answer>{unexpected<error>{*failure}} : expected<answer>{sum});
  }
};

} // namespace

expected<void> scheduler::implementation::count_usage(pending_command& command,
                                                      const task_id& id) {
  command.counted_at = node_->applied; // whatever uses it from here on is a conflict
  for (const auto& owner : peers_->schedules) {
    const auto count = read<look_schedules, std::size_t>(owner, [id](const auto& table) {
      std::size_t found = 0;
      table.for_each([&](const auto& schedule) { found += schedule.settings.task == id; });
      return found;
    });
    if (!count)
      return unexpected<error>{count.error()};
    command.usage.schedules += *count;
  }
  const auto jobs = read<look_queue, std::size_t>(
      peers_->dispatch, [id](const auto& queue) { return queue.waiting(id) + queue.running(id); });
  if (!jobs)
    return unexpected<error>{jobs.error()};
  command.usage.jobs = *jobs;
  return {};
}

void scheduler::implementation::route_to_all(std::shared_ptr<pending_command> command) {
  auto merged = std::make_shared<merged_answer>();
  merged->missing = peers_->schedules.size();
  merged->done = std::move(command->done);
  node_->counts.waiting_bytes -= std::exchange(command->bytes, 0);
  for (const auto& owner : peers_->schedules) {
    auto part = std::make_shared<pending_command>();
    part->what = command->what;
    part->info.meta = command->info.meta;
    part->done = [merged](expected<answer> a) { merged->add(std::move(a)); };
    caf::anon_send(owner, actors::ask{std::move(part)});
  }
}

void scheduler::implementation::route(std::shared_ptr<pending_command> command) {
  std::visit(
      [&](auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, clean_up>) {
          route_to_all(command);
        } else if constexpr (std::is_same_v<What, add_jobs>) {
          // A job with an id of its user's goes to its owner, who knows whether the id is taken.
          const bool is_named = !what.jobs.empty() && !what.jobs.front().id.empty();
          const auto& owner = is_named ? peers_->owner_of(what.jobs.front().id)
                                       : peers_->jobs[next_job_owner_++ % peers_->jobs.size()];
          caf::anon_send(owner, actors::ask{command});
        } else if constexpr (std::is_same_v<What, add_schedule>) {
          caf::anon_send(peers_->owner_of(what.spec.id), actors::ask{command});
        } else {
          if constexpr (std::is_same_v<What, remove_task>)
            if (auto counted = count_usage(*command, what.id); !counted)
              return finish_command(*node_, *command, unexpected<error>{counted.error()});
          if constexpr (std::is_same_v<What, set_calendar>)
            follow_calendar(*command);
          caf::anon_send(peers_->owner_of(what.id), actors::ask{command});
        }
      },
      command->what);
}

void scheduler::implementation::ask_async(command c, request_info info,
                                          std::function<void(expected<answer>)> done) {
  if (node_->log_broken)
    return done(refuse(errc::unavailable, "the log takes no more; see the node's log lines"));
  if (node_->sharing != nullptr && node_->sharing->away)
    return done(refuse(errc::unavailable, "the log is away; try again later"));
  auto command = std::make_shared<pending_command>();
  command->bytes = bytes_of(c);
  if (auto* add = std::get_if<add_schedule>(&c); add != nullptr && add->spec.id.empty()) {
    const std::lock_guard hold{mutex_};
    add->spec.id = schedule_id{to_string(ids_.job(node_->now()))};
  }
  const auto waiting = node_->counts.waiting_bytes += command->bytes;
  if (waiting > node_->options.waiting_bytes_max) {
    node_->counts.waiting_bytes -= command->bytes;
    return done(refuse(errc::overloaded, std::to_string(waiting) +
                                             " bytes of commands wait for the log, at most " +
                                             std::to_string(node_->options.waiting_bytes_max) +
                                             " may; try again later"));
  }
  command->what = std::move(c);
  command->info = std::move(info);
  command->done = std::move(done);
  route(std::move(command));
}

} // namespace carillon
