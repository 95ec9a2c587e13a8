#include "actors/interfaces.hpp"
#include "actors/spawn_blocking.hpp"
#include "values/crash_point.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <deque>
#include <numeric>
#include <utility>

namespace carillon::actors {
namespace {

/// Most records in a block, so that no single sync takes long. Everything else waits for the next.
constexpr std::size_t block_records_max = 20'000;

struct waiting_append {
  std::shared_ptr<std::vector<stores::commit>> commits;
  caf::typed_response_promise<append_reply> answer;
  lane where = lane::command;
  std::vector<stores::outcome> outcomes = {}; ///< One per commit.
  std::vector<std::size_t> open = {};         ///< Commits that have no outcome yet.
};

struct log_state {
  explicit log_state(log_actor::pointer self) : self{self} {}
  static inline const char* name = "log";

  log_actor::pointer self;
  node_context_ptr node;
  handles_ptr peers;
  open_session session;
  std::array<std::deque<waiting_append>, lane_count> lanes;
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

void count(counters& counts, const event& e) {
  if (const auto* finished = std::get_if<job_finished>(&e))
    ++counts.jobs_by_outcome[static_cast<std::size_t>(finished->outcome)];
  else if (std::holds_alternative<schedule_fired>(e))
    ++counts.fires;
}

/// Sends `message` to everyone who follows the log.
template <class Message> void tell_followers(log_state& st, const Message& message) {
  for (const auto& actor : st.peers->schedules)
    st.self->send(actor, message);
  for (const auto& actor : st.peers->jobs)
    st.self->send(actor, message);
  if constexpr (std::is_same_v<Message, published>) {
    st.self->send(st.peers->dispatch, message);
    st.self->send(st.peers->subscriptions, message);
  }
  st.self->send(st.peers->history, message);
}

/// The block that `commits` became, with its events moved over.
std::shared_ptr<stores::block> to_block(const log_state& st, std::vector<stores::commit>& commits,
                                        const stores::append_result& result) {
  auto block = std::make_shared<stores::block>();
  block->first = st.session.head.at + 1;
  block->count = static_cast<std::uint32_t>(result.after.at - st.session.head.at);
  block->time = result.after.time;
  block->node = st.session.who.node;
  block->session = st.session.who.token;
  block->previous = st.session.head.hash;
  block->hash = result.after.hash;
  for (std::size_t i = 0; i < commits.size(); ++i)
    if (result.outcomes[i].kind == stores::outcome_kind::appended)
      block->commits.push_back(
          {commits[i].id, std::make_shared<const commit_meta>(std::move(commits[i].meta)),
           result.outcomes[i].at, std::move(commits[i].events)});
  return block;
}

void publish(log_state& st, std::vector<stores::commit>& commits,
             const stores::append_result& result) {
  auto& counts = st.node->counts;
  for (const auto& outcome : result.outcomes)
    counts.conflicts += outcome.kind == stores::outcome_kind::conflict;
  if (result.after.at == st.session.head.at)
    return;
  auto block = to_block(st, commits, result);
  st.session.head = result.after;
  counts.records += block->count;
  counts.commits += block->commits.size();
  ++counts.blocks;
  for (const auto& commit : block->commits) {
    auto at = commit.first;
    for (const auto& e : commit.events) {
      st.node->tasks.apply(e, {at++, block->time});
      count(counts, e);
    }
  }
  crash_point("publish.before");
  tell_followers(st, published{std::move(block)});
  st.node->applied = result.after.at;
  crash_point("publish.after");
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
  auto& log = *st.session.log;
  for (auto& commit : commits)
    for (auto& e : commit.events)
      if (auto kept = externalise(log, e); !kept)
        return unexpected<error>{std::move(kept).error()};
  return log.append(st.session.who, st.node->now(), commits);
}

void fail(log_state& st, std::vector<waiting_append>& batch, const error& why) {
  if (why.code != errc::no_space)
    st.node->log_broken = true;
  st.node->log(log_level::error, "log refused a block: " + why.message);
  for (auto& request : batch)
    request.answer.deliver(append_reply{{}, why});
}

/// Answers those whose commits all have an outcome. Commits that the block had no room for wait for
/// the next one, unless they would fill a block alone.
void answer(log_state& st, std::vector<waiting_append>& batch, std::vector<stores::commit>& commits,
            const std::vector<stores::outcome>& outcomes, bool has_block) {
  std::size_t next = 0;
  std::vector<waiting_append> left;
  for (auto& request : batch) {
    std::vector<std::size_t> open;
    for (const auto i : request.open) {
      const auto& outcome = outcomes[next];
      if (outcome.kind == stores::outcome_kind::full && has_block) {
        (*request.commits)[i] = std::move(commits[next]);
        open.push_back(i);
      } else {
        request.outcomes[i] = outcome;
      }
      ++next;
    }
    request.open = std::move(open);
    if (request.open.empty())
      request.answer.deliver(append_reply{std::move(request.outcomes), {}});
    else
      left.push_back(std::move(request));
  }
  for (; !left.empty(); left.pop_back()) {
    auto& lane = st.lanes[static_cast<std::size_t>(left.back().where)];
    lane.push_front(std::move(left.back()));
  }
}

void on_flush(log_state& st) {
  st.flush_is_due = false;
  auto batch = take_batch(st);
  if (batch.empty())
    return;
  std::vector<stores::commit> commits;
  for (auto& request : batch)
    for (const auto i : request.open)
      commits.push_back(std::move((*request.commits)[i]));
  const auto before = st.session.head.at;
  if (auto result = write(st, commits); !result) {
    fail(st, batch, result.error());
  } else {
    publish(st, commits, *result);
    answer(st, batch, commits, result->outcomes, result->after.at != before);
  }
  for (const auto& lane : st.lanes)
    if (!lane.empty() && !std::exchange(st.flush_is_due, true))
      st.self->send(st.self, flush{});
}

void on_gather(log_state& st, const collector_ptr& into) {
  into->at = st.session.head.at;
  into->chain = st.session.head.hash;
  into->time = st.session.head.time;
  into->missing = 2 + st.peers->schedules.size() + st.peers->jobs.size(); // owners, tasks, history
  tell_followers(st, gather_here{into});
  std::vector<stores::snapshot_chunk> chunks;
  const auto hash = st.node->tasks.read([&](const projections::task_table& tasks) {
    if (into->with_chunks)
      chunks.push_back({projections::task_chunk_name(), tasks.save()});
    return tasks.hash();
  });
  into->deliver(hash, std::move(chunks));
}

void on_store_snapshot(log_state& st, collector& from) {
  stores::snapshot snapshot{from.at, from.chain, std::move(from.chunks)};
  if (auto stored = st.session.log->put_snapshot(snapshot); !stored)
    st.node->log(log_level::warning, "snapshot not stored: " + stored.error().message);
  else
    st.node->log(log_level::debug, "snapshot stored at " + std::to_string(from.at));
}

log_actor::behavior_type log_behavior(log_actor::stateful_pointer<log_state> self,
                                      node_context_ptr node, handles_ptr peers,
                                      open_session session) {
  self->state.node = std::move(node);
  self->state.peers = std::move(peers);
  self->state.session = std::move(session);
  return {
      [self](append_request& request) {
        auto& st = self->state;
        auto answer = self->make_response_promise<append_reply>();
        st.lanes[static_cast<std::size_t>(request.where)].push_back(
            to_waiting(std::move(request), answer));
        // All appends that are in the mailbox already come before this flush: one sync for all.
        if (!std::exchange(st.flush_is_due, true))
          self->send(self, flush{});
        return answer;
      },
      [self](flush) { on_flush(self->state); },
      [self](const gather& g) { on_gather(self->state, g.into); },
      [self](const store_snapshot& s) { on_store_snapshot(self->state, *s.from); },
      [self](const look_log& l) { l.with(self->state.session.log); },
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
