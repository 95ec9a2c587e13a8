#include "actors/interfaces.hpp"
#include "actors/log_publisher.hpp"
#include "actors/spawn_blocking.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <numeric>
#include <utility>

namespace carillon::actors {
namespace {

/// Most records in a block, so that no single sync takes long. Everything else waits for the next.
constexpr std::size_t block_records_max = 20'000;

// How often a shared log is asked for what others have appended: a broker tells, without one
// nobody.
constexpr duration poll_alone = std::chrono::seconds{1};
constexpr duration poll_with_broker = std::chrono::seconds{5};

constexpr position log_end = std::numeric_limits<position>::max();

/// Between two attempts to reach a log that is away.
constexpr duration pause_while_away = std::chrono::milliseconds{200};

struct waiting_append {
  std::shared_ptr<std::vector<stores::commit>> commits;
  caf::typed_response_promise<append_reply> answer;
  lane where = lane::command;
  std::vector<stores::outcome> outcomes = {}; ///< One per commit.
  std::vector<std::size_t> open = {};         ///< Commits that have no outcome yet.
  bool is_answered = false;                   ///< Its sender has given up waiting.
};

/// What goes into one append.
struct offer {
  std::vector<waiting_append> batch;
  std::vector<stores::commit> commits;              ///< All open ones of the batch, in order.
  std::optional<stores::append_result> result = {}; ///< Known, but not published yet.
};

struct log_state {
  explicit log_state(log_actor::pointer self) : self{self} {}
  static inline const char* name = "log";

  log_actor::pointer self;
  node_context_ptr node;
  handles_ptr peers;
  std::shared_ptr<stores::event_log> log;
  stores::session who;
  bool has_session = true; ///< Shared logs: false from a lost session until the next.
  std::optional<log_publisher> blocks;
  std::array<std::deque<waiting_append>, lane_count> lanes;
  std::optional<offer> offered; ///< Shared logs: sent, and it is not known what became of it.
  bool flush_is_due = false;
};

/// Payloads over the limit become blobs, written before the record that names them.
expected<void> externalise(stores::event_log& log, payload& p) {
  if (p.text.size() <= payload_inline_bytes_max)
    return {};
  auto ref = log.put_blob(p.text);
  if (!ref)
    return unexpected<error>{std::move(ref).error()};
  p.text.clear();
  p.blob = *ref;
  return {};
}

expected<void> externalise(stores::event_log& log, event& e) {
  if (auto* added = std::get_if<job_added>(&e))
    return externalise(log, added->args);
  if (auto* finished = std::get_if<job_finished>(&e)) {
    auto kept = externalise(log, finished->result);
    return kept ? externalise(log, finished->output) : kept;
  }
  if (auto* schedule = std::get_if<schedule_added>(&e))
    return externalise(log, schedule->settings->args);
  if (auto* schedule = std::get_if<schedule_updated>(&e))
    return externalise(log, schedule->settings->args);
  return {};
}

/// The block that `commits` became, with its events moved over.
std::shared_ptr<stores::block> to_block(const stores::session& who,
                                        std::vector<stores::commit>& commits,
                                        const stores::append_result& result) {
  auto block = std::make_shared<stores::block>();
  block->first = result.first;
  block->count = static_cast<std::uint32_t>(result.after.at - result.first + 1);
  block->time = result.after.time;
  block->node = who.node;
  block->session = who.token;
  block->previous = result.previous;
  block->hash = result.after.hash;
  for (std::size_t i = 0; i < commits.size(); ++i)
    if (result.outcomes[i].kind == stores::outcome_kind::appended)
      block->commits.push_back({commits[i].id,
                                std::make_shared<const commit_meta>(std::move(commits[i].meta)),
                                result.outcomes[i].at, std::move(commits[i].events)});
  return block;
}

void tell_others(const log_state& st, stores::append_result& result) {
  if (st.node->sharing != nullptr && st.node->sharing->tell_others && !result.bytes.empty())
    st.node->sharing->tell_others({.first = result.first,
                                   .last = result.after.at,
                                   .previous = result.previous,
                                   .hash = result.after.hash,
                                   .node = st.who.node,
                                   .bytes = std::move(result.bytes)});
}

/// Publishes the block of an append, and before it what others have appended since. Errors: as
/// `log_publisher::follow`; then it can be called again.
expected<void> publish(log_state& st, std::vector<stores::commit>& commits,
                       stores::append_result& result) {
  // A block that was in doubt may have been read from the log meanwhile.
  const bool is_new = result.first > st.blocks->head().at;
  if (auto followed = st.blocks->follow(is_new ? result.first - 1 : result.after.at); !followed)
    return followed;
  if (!is_new || result.first != st.blocks->head().at + 1)
    return {};
  if (auto done = st.blocks->publish(to_block(st.who, commits, result)); !done)
    return done;
  tell_others(st, result);
  return {};
}

/// Nothing above the log's level is written, whoever decided it.
expected<void> check_levels(const log_state& st, const std::vector<stores::commit>& commits) {
  for (const auto& commit : commits)
    if (auto allowed = events::check_writable(commit.events, st.node->level); !allowed)
      return allowed;
  return {};
}

waiting_append to_waiting(append_request request,
                          caf::typed_response_promise<append_reply> answer) {
  waiting_append out{std::move(request.commits), std::move(answer), request.where};
  out.outcomes.resize(out.commits->size());
  out.open.resize(out.commits->size());
  std::iota(out.open.begin(), out.open.end(), std::size_t{0});
  return out;
}

/// Takes whole requests, urgent lanes first, until a block is full.
std::vector<waiting_append> take_batch(log_state& st) {
  std::vector<waiting_append> batch;
  std::size_t records = 0;
  for (auto& lane : st.lanes)
    while (!lane.empty() && records < block_records_max) {
      for (const auto i : lane.front().open)
        records += (*lane.front().commits)[i].events.size();
      batch.push_back(std::move(lane.front()));
      lane.pop_front();
    }
  return batch;
}

expected<stores::append_result> write(log_state& st, std::vector<stores::commit>& commits) {
  for (auto& commit : commits)
    for (auto& e : commit.events)
      if (auto kept = externalise(*st.log, e); !kept)
        return unexpected<error>{std::move(kept).error()};
  return st.log->append(st.who, st.node->now(), commits);
}

void fail(log_state& st, std::vector<waiting_append>& batch, const error& why) {
  if (why.code != errc::no_space)
    st.node->break_log();
  st.node->log(log_level::error, "log refused a block: " + why.message);
  for (auto& request : batch)
    if (!request.is_answered)
      request.answer.deliver(append_reply{{}, why});
}

/// Whether a commit is to be offered again: the block had no room for it, and it would not fill
/// one alone; or the session was lost, and another one follows.
bool is_open(const log_state& st, const stores::outcome& outcome, bool has_block) {
  return (outcome.kind == stores::outcome_kind::full && has_block) ||
         (outcome.kind == stores::outcome_kind::fenced && st.node->sharing != nullptr);
}

/// Answers those whose commits all have an outcome; the others wait for the next block.
void answer(log_state& st, offer& done) {
  const auto& outcomes = done.result->outcomes;
  const bool has_block = done.result->first != 0;
  std::size_t next = 0;
  std::vector<waiting_append> left;
  for (auto& request : done.batch) {
    std::vector<std::size_t> open;
    for (const auto i : request.open) {
      const auto& outcome = outcomes[next];
      st.node->counts.conflicts += outcome.kind == stores::outcome_kind::conflict;
      if (is_open(st, outcome, has_block)) {
        (*request.commits)[i] = std::move(done.commits[next]);
        open.push_back(i);
      } else {
        request.outcomes[i] = outcome;
      }
      ++next;
    }
    request.open = std::move(open);
    if (!request.open.empty())
      left.push_back(std::move(request));
    else if (!request.is_answered)
      request.answer.deliver(append_reply{std::move(request.outcomes), {}});
  }
  for (; !left.empty(); left.pop_back()) {
    auto& lane = st.lanes[static_cast<std::size_t>(left.back().where)];
    lane.push_front(std::move(left.back()));
  }
}

void flush_soon(log_state& st) {
  if (!std::exchange(st.flush_is_due, true))
    st.self->send(st.self, flush{});
}

append_reply unavailable(std::string message) {
  return {{}, error{errc::unavailable, std::move(message)}};
}

/// Nobody who sent a command is kept waiting for a log that is away. What was not offered is not
/// done; of the rest, nobody knows before the log is back.
void release_commands(log_state& st) {
  auto& waiting = st.lanes[static_cast<std::size_t>(lane::command)];
  for (auto& request : waiting)
    if (!request.is_answered)
      request.answer.deliver(unavailable("the log is away; nothing was done"));
  waiting.clear();
  if (!st.offered)
    return;
  for (auto& request : st.offered->batch)
    if (request.where == lane::command && !std::exchange(request.is_answered, true))
      request.answer.deliver(
          unavailable("the log is away, and it is not known whether this was done: "
                      "repeat it with the same idempotency key"));
}

/// The log does not answer: what the engine has to write waits until it does.
void wait_for_log(log_state& st, const error& why) {
  if (!st.node->sharing->away.exchange(true))
    st.node->log(log_level::error, "the log is away: " + why.message);
  release_commands(st);
  if (!std::exchange(st.flush_is_due, true))
    st.self->delayed_send(st.self, pause_while_away, flush{});
}

/// The log answers: what was due meanwhile is due now.
void note_log_is_back(log_state& st) {
  if (st.node->sharing == nullptr || !st.node->sharing->away.exchange(false))
    return;
  st.node->log(log_level::info, "the log is back");
  for (const auto& owner : st.peers->schedules)
    st.self->send(owner, fire_due{st.node->now()});
  st.self->send(st.peers->dispatch, dispatch_due{});
}

bool is_away(const log_state& st, const error& why) {
  return st.node->sharing != nullptr && why.code == errc::unavailable;
}

/// Gives up: nobody can say what the log holds.
void break_log(log_state& st, const error& why) {
  st.node->break_log();
  st.node->log(log_level::error, "log cannot be used any more: " + why.message);
}

offer take_offer(log_state& st) {
  offer out{take_batch(st), {}};
  for (auto& request : out.batch)
    for (const auto i : request.open)
      out.commits.push_back(std::move((*request.commits)[i]));
  return out;
}

void note_fenced(log_state& st, const offer& done) {
  const auto is_fenced = [](const stores::outcome& outcome) {
    return outcome.kind == stores::outcome_kind::fenced;
  };
  if (st.node->sharing == nullptr ||
      std::none_of(done.result->outcomes.begin(), done.result->outcomes.end(), is_fenced))
    return;
  st.has_session = false;
  if (st.node->sharing->refused)
    st.node->sharing->refused(st.who.token);
}

void on_flush(log_state& st) {
  st.flush_is_due = false;
  if (!st.has_session)
    return;
  if (!st.offered)
    st.offered = take_offer(st);
  auto& current = *st.offered;
  if (current.batch.empty())
    return st.offered.reset();
  if (!current.result) {
    auto result = write(st, current.commits);
    if (!result && is_away(st, result.error()))
      return wait_for_log(st, result.error());
    if (!result) {
      fail(st, current.batch, result.error());
      return st.offered.reset();
    }
    current.result = std::move(*result);
  }
  if (auto published = publish(st, current.commits, *current.result); !published) {
    if (is_away(st, published.error()))
      return wait_for_log(st, published.error());
    return break_log(st, published.error());
  }
  note_log_is_back(st);
  auto done = std::exchange(st.offered, std::nullopt);
  note_fenced(st, *done);
  answer(st, *done);
  if (std::any_of(st.lanes.begin(), st.lanes.end(), [](const auto& l) { return !l.empty(); }))
    flush_soon(st);
}

/// Something was read from a shared log, or could not be.
void on_followed(log_state& st, const expected<void>& followed) {
  if (followed)
    note_log_is_back(st);
  else if (is_away(st, followed.error()))
    wait_for_log(st, followed.error());
  else
    break_log(st, followed.error());
}

void on_heard(log_state& st, const block_heard& heard) {
  on_followed(st, heard.what ? st.blocks->hear(*heard.what) : st.blocks->follow(log_end));
}

void on_poll(log_state& st) {
  on_followed(st, st.blocks->follow(log_end));
  st.self->delayed_send(st.self, st.node->sharing->has_broker ? poll_with_broker : poll_alone,
                        poll_log{});
}

void on_session(log_state& st, const stores::session& who) {
  st.who = who;
  st.has_session = true;
  flush_soon(st);
}

void on_gather(log_state& st, const collector_ptr& into) {
  const auto& head = st.blocks->head();
  into->at = head.at;
  into->chain = head.hash;
  into->time = head.time;
  // Owners, history, tasks, and what lies outside of triggers.
  into->missing = 3 + st.peers->schedules.size() + st.peers->jobs.size();
  st.blocks->tell_followers(gather_here{into});
  std::vector<stores::snapshot_chunk> chunks;
  if (into->with_chunks && st.node->level != events::first_level)
    chunks.push_back({projections::level_chunk_name(), projections::save_level(st.node->level)});
  const auto hash = st.node->tasks.read([&](const projections::task_table& tasks) {
    if (into->with_chunks)
      chunks.push_back({projections::task_chunk_name(), tasks.save()});
    return tasks.hash();
  });
  into->deliver(hash, std::move(chunks));
  auto rules = st.node->rules.save(into->with_chunks);
  into->deliver(rules.hash, std::move(rules.chunks));
}

void on_store_snapshot(log_state& st, collector& from) {
  stores::snapshot snapshot{from.at, from.chain, std::move(from.chunks)};
  if (auto stored = st.log->put_snapshot(snapshot); !stored)
    st.node->log(log_level::warning, "snapshot not stored: " + stored.error().message);
  else
    st.node->log(log_level::debug, "snapshot stored at " + std::to_string(from.at));
}

log_actor::behavior_type log_behavior(log_actor::stateful_pointer<log_state> self,
                                      node_context_ptr node, handles_ptr peers,
                                      open_session session) {
  self->state.node = std::move(node);
  self->state.peers = std::move(peers);
  self->state.log = session.log;
  self->state.who = session.who;
  self->state.blocks.emplace(self->state.node, self->state.peers, session.log, session.head);
  if (self->state.node->sharing != nullptr)
    self->delayed_send(self, poll_alone, poll_log{});
  return {
      [self](append_request& request) {
        auto& st = self->state;
        auto answer = self->make_response_promise<append_reply>();
        if (auto allowed = check_levels(st, *request.commits); !allowed) {
          answer.deliver(append_reply{{}, std::move(allowed).error()});
          return answer;
        }
        st.lanes[static_cast<std::size_t>(request.where)].push_back(
            to_waiting(std::move(request), answer));
        // All appends that are in the mailbox already come before this flush: one sync for all.
        flush_soon(st);
        return answer;
      },
      [self](flush) { on_flush(self->state); },
      [self](const gather& g) { on_gather(self->state, g.into); },
      [self](const store_snapshot& s) { on_store_snapshot(self->state, *s.from); },
      [self](const look_log& l) { l.with(self->state.log); },
      [self](const block_heard& heard) { on_heard(self->state, heard); },
      [self](poll_log) { on_poll(self->state); },
      [self](const session_opened& opened) { on_session(self->state, opened.who); },
  };
}

} // namespace

log_actor spawn_log(caf::actor_system& system, node_context_ptr node, handles_ptr peers,
                    open_session session) {
  const auto& context = *node;
  return spawn_blocking(system, context, log_behavior, std::move(node), std::move(peers),
                        std::move(session));
}

} // namespace carillon::actors
