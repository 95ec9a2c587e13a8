#pragma once

#include "actors/interfaces.hpp"
#include "domain/schedule_aggregate.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

/// The append loop, once: decide, append, answer; on a conflict decide again on the newer state.
///
///   caller          owner (schedule or job actor)      log actor (for new jobs: the dispatcher,
///     |                |                                  |      which adds claims and passes on)
///     | ask            |                                  |
///     |--------------->| decide(state, command)           |
///     |                | append_request ----------------->| block, sync
///     |                |<----------------------- published| (state moves here, and only here)
///     |                |<-------------------- append_reply|
///     |<-- done(answer)|                                  |
namespace carillon::actors {

/// How often a command is decided again after a conflict before its caller hears of it.
inline constexpr int conflict_tries_max = 3;

/// A decision with the keys that it relied on.
struct prepared {
  domain::decision decision;
  std::vector<stores::key> guards;
  std::vector<stores::key> touches = {};     ///< As in `stores::commit`.
  std::optional<time_point> not_before = {}; ///< As in `stores::commit`.
};

/// Answers the caller, once, and takes the command off the waiting account.
void finish_command(node_context& node, pending_command& command, expected<answer> reply);

/// Answers a command whose id is in the log already: with what it led to then, or with a conflict
/// when the client's key came with another request. Runs in the log actor, which may read.
void answer_duplicate(node_context& node, stores::event_log& log, pending_command& command,
                      position first);

/// What a commit with `events`, whose first record is at `first`, answers to its command.
answer reply_of(const std::vector<event>& events, position first, answer decided);

/// Answers a command whose commit the log knows already.
template <class State>
void answer_from_log(State& st, std::shared_ptr<pending_command> command, position first) {
  st.self->send(st.peers->log,
                look_log{[node = st.node, command = std::move(command), first](const auto& log) {
                  answer_duplicate(*node, *log, *command, first);
                }});
}

/// Answers a command that leads to no events with `reply`, unless it was carried out before under
/// its client's id: then it is answered as it was then.
template <class State>
void finish_unless_repeated(State& st, std::shared_ptr<pending_command> command,
                            expected<answer> reply) {
  if (command->info.id.empty())
    return finish_command(*st.node, *command, std::move(reply));
  // A commit that is always too early: the log only says whether it knows the id.
  auto question = std::make_shared<std::vector<stores::commit>>(1);
  question->front().id = command->info.id;
  question->front().not_before = time_point::max();
  auto* self = st.self;
  auto kept = std::make_shared<expected<answer>>(std::move(reply));
  self->request(st.peers->log, caf::infinite, append_request{lane::command, question})
      .then(
          [self, command, kept](const append_reply& found) {
            auto& st = static_cast<typename State::actor_type*>(self)->state;
            if (!found.failure && found.outcomes.front().kind == stores::outcome_kind::duplicate)
              return answer_from_log(st, command, found.outcomes.front().at);
            finish_command(*st.node, *command, std::move(*kept));
          },
          [self, command, kept](const caf::error&) {
            auto& st = static_cast<typename State::actor_type*>(self)->state;
            finish_command(*st.node, *command, std::move(*kept));
          });
}

/// Whether what a command adds may be claimed in its own commit, which saves the jobs a second
/// sync. Not where nodes share a log: there a claim may meet another's, and the command would be
/// refused for it.
inline bool may_start_at_once(const node_context& node, const pending_command& command) {
  return std::holds_alternative<add_jobs>(command.what) && node.sharing == nullptr &&
         node.is_claiming() && node.counts.workers_free != 0;
}

/// `State` has self, node, peers, ids and applied; `decide` answers expected<prepared> and may be
/// called again.
template <class State, class Decide>
void handle_command(State& st, std::shared_ptr<pending_command> command, Decide decide) {
  auto ready = decide(*command);
  if (!ready)
    return finish_unless_repeated(st, std::move(command),
                                  unexpected<error>{std::move(ready).error()});
  auto decided = std::make_shared<answer>(std::move(ready->decision.reply));
  if (ready->decision.events.empty()) {
    decided->at = st.applied;
    return finish_unless_repeated(st, std::move(command), std::move(*decided));
  }
  if (command->info.id.empty())
    command->info.id = st.ids.commit();
  auto commits = std::make_shared<std::vector<stores::commit>>(1);
  auto& commit = commits->front();
  commit.id = command->info.id;
  commit.known = std::min(st.applied, command->counted_at);
  commit.guards = std::move(ready->guards);
  commit.touches = std::move(ready->touches);
  commit.meta = command->info.meta;
  commit.events = std::move(ready->decision.events);
  commit.not_before = ready->not_before;
  const auto count = commit.events.size();
  auto* self = st.self;
  auto asked =
      may_start_at_once(*st.node, *command)
          ? self->request(st.peers->dispatch, caf::infinite, commit_jobs{lane::command, commits})
          : self->request(st.peers->log, caf::infinite, append_request{lane::command, commits});
  asked.then(
      [self, command, decide, decided, count](append_reply& reply) {
        auto& st = static_cast<typename State::actor_type*>(self)->state;
        if (reply.failure)
          return finish_command(*st.node, *command, unexpected<error>{*reply.failure});
        const auto& outcome = reply.outcomes.front();
        switch (outcome.kind) {
        case stores::outcome_kind::appended:
          decided->at = outcome.at + count - 1;
          return finish_command(*st.node, *command, std::move(*decided));
        case stores::outcome_kind::duplicate: return answer_from_log(st, command, outcome.at);
        case stores::outcome_kind::too_early: // our clock is a little ahead of the log's
        case stores::outcome_kind::conflict:
          if (++command->tries < conflict_tries_max)
            return handle_command(st, command, decide);
          return finish_command(
              *st.node, *command,
              refuse(errc::conflict, "touched at " + std::to_string(outcome.at) +
                                         " while the command was decided, known up to " +
                                         std::to_string(st.applied)));
        case stores::outcome_kind::fenced:
          return finish_command(
              *st.node, *command,
              refuse(errc::unavailable, "another process has taken over this log"));
        case stores::outcome_kind::full:
          return finish_command(*st.node, *command,
                                refuse(errc::unavailable, "the log takes no more for now"));
        }
      },
      [self, command](const caf::error&) {
        auto& st = static_cast<typename State::actor_type*>(self)->state;
        finish_command(*st.node, *command, refuse(errc::unavailable, "the scheduler is stopping"));
      });
}

} // namespace carillon::actors
