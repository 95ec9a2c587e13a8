// How a node follows the log: recovery, blocks from the broker, fetches, applying.
#include "cluster/succession.hpp"
#include "stores/block.hpp"
#include "tests/sim/node.hpp"

#include <algorithm>

namespace carillon::sim {
namespace {

constexpr duration poll_every = 1s;
constexpr duration read_patience = 2s;
cluster::job_needs needs_of(const domain::task_state* task, const task_id& id) {
  return {.task = id,
          .executor = task == nullptr ? executor_threads : task->settings.executor,
          .handler = false};
}

} // namespace

node::node(machine& on) : machine_{on} { queue_.number_slots(w().random.next()); }

world& node::w() { return machine_.around().w; }

void node::start() { recover(); }

void node::recover() {
  machine_.ask<std::optional<stores::snapshot>>(
      read_patience, [](sim_store& s) { return s.load_snapshot(); },
      [this](expected<std::optional<stores::snapshot>> found) {
        if (!found)
          return machine_.post(500ms, [this] { recover(); });
        if (*found) {
          for (const auto& chunk : (*found)->chunks)
            if (auto loaded = load_chunk(live_, chunk.name, chunk.bytes); !loaded)
              w().fail(name().value + " cannot read a snapshot: " + loaded.error().message);
          head_ = {(*found)->at, (*found)->hash};
        }
        rebuild_queue();
        if (w().breaks(rule::whole_snapshot)) {
          const auto end = machine_.around().store.head();
          head_ = {end->at, end->hash};
        }
        is_recovered_ = true;
        poll();
        look_at_sessions();
        open_session();
      });
}

void node::rebuild_queue() {
  for (const auto& task : live_.tasks.page({}, 1000))
    queue_.set_task(task->id, task->settings.max_running_jobs, true);
  std::vector<const domain::job_state*> in_order;
  live_.jobs[0].for_each([&](const domain::job_state& job) { in_order.push_back(&job); });
  std::sort(in_order.begin(), in_order.end(),
            [](const auto* a, const auto* b) { return a->added_at < b->added_at; });
  for (const auto* job : in_order)
    if (job->status == job_status::running)
      queue_.add_running(domain::waiting(*job), job->added_at, job->node == name());
    else
      queue_.add(domain::waiting(*job), job->added_at, job->run_at);
}

void node::poll() {
  fetch();
  machine_.post(poll_every, [this] { poll(); });
}

void node::fetch() {
  if (gate_.is_fetching())
    return;
  gate_.fetching();
  read_log();
}

void node::read_log() {
  machine_.ask<std::vector<stores::raw_block>>(
      read_patience, [after = head_.at](sim_store& s) { return s.read(after); },
      [this](expected<std::vector<stores::raw_block>> blocks) {
        if (blocks)
          for (const auto& block : *blocks)
            if (block.last > head_.at)
              apply_bytes(block.bytes, block.last);
        gate_.fetched(head_);
        drain_gate();
        if (blocks && !blocks->empty())
          fetch();
      });
}

void node::hear(const cluster::block_message& block) {
  if (!is_recovered_)
    return;
  if (w().breaks(rule::predecessor) && block.first > head_.at + 1)
    return apply_bytes(block.bytes, block.last);
  const auto verdict = gate_.hear(head_, {block, true});
  if (verdict.what == cluster::block_answer::apply) {
    apply_bytes(block.bytes, block.last);
    drain_gate();
  } else if (verdict.what == cluster::block_answer::fetch) {
    read_log();
  }
}

void node::drain_gate() {
  while (const auto kept = gate_.next(head_))
    apply_bytes(kept->bytes, kept->last);
  if (gate_.missing(head_))
    read_log();
}

void node::apply_bytes(const std::string& bytes, position last) {
  const auto block = stores::decode_block(bytes, last);
  if (!block)
    return w().fail(name().value + " cannot read the block up to " + std::to_string(last));
  apply(*block);
}

void node::apply(const stores::block& block) {
  bool is_ours_now = false;
  for (const auto& commit : block.commits) {
    auto at = commit.first;
    for (const auto& e : commit.events) {
      live_.apply(e, {at, block.time}, [this](const projections::ended_job& job) {
        forget_run({job.state.id, job.state.fence});
      });
      note(e, at);
      if (const auto* claim = std::get_if<job_acquired>(&e); claim && claim->node == name())
        if (const auto* job = live_.jobs[0].find(claim->id); job && job->fence == at)
          begin_run(*job, block.session);
      if (const auto* started = std::get_if<node_started>(&e);
          started && started->node == name() && lease_ && block.session == session_.token) {
        session_start_ = at;
        is_ours_now = true;
      }
      ++at;
    }
  }
  head_ = {block.first + block.count - 1, block.hash};
  machine_.around().log.applied(name(), head_.at, [this] { return live_.hash(); });
  if (is_ours_now)
    settle_own_claims();
  // Those who wait for this block are told before anything new is decided.
  const auto ready = std::stable_partition(when_applied_.begin(), when_applied_.end(),
                                           [&](const auto& w) { return w.first > head_.at; });
  std::vector told(std::make_move_iterator(ready), std::make_move_iterator(when_applied_.end()));
  when_applied_.erase(ready, when_applied_.end());
  for (auto& [at, what] : told)
    what();
  fire_due();
  claim();
}

void node::note(const event& e, position at) {
  std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, task_added> || std::is_same_v<What, task_updated>)
          queue_.set_task(what.id, what.settings->max_running_jobs, true);
        else if constexpr (std::is_same_v<What, job_added>)
          note_job(what, at);
        else if constexpr (std::is_same_v<What, job_acquired>)
          queue_.acquired(what.id, what.slot, what.node == name());
        else if constexpr (std::is_same_v<What, job_released>)
          queue_.released(what.id);
        else if constexpr (std::is_same_v<What, job_finished>)
          queue_.ended(what.id);
        else if constexpr (std::is_same_v<What, job_cancel_requested>)
          cancel_run(what.id);
        else if constexpr (std::is_same_v<What, lease_lost>) {
          queue_.lost(what.id);
          forget_run({what.id, what.fence});
        }
      },
      e);
}

void node::note_job(const job_added& job, position at) {
  queue_.add({job.id, job.task, job.schedule, job.deadline}, at, job.run_at);
  const auto task = live_.tasks.find(job.task);
  const auto rank = cluster::job_ranks{name(), needs_of(task.get(), job.task), peers_}.of(job.id)
                        .value_or(rank_of_strangers);
  const auto now = agreed();
  if (rank != 0 && now)
    queue_.hold_back(
        job.id, cluster::may_try_at(std::max(job.run_at.value_or(*now), *now), rank, stand_in));
}

void node::when_applied(position at, std::function<void()> what) {
  if (at <= head_.at)
    return what();
  when_applied_.emplace_back(at, std::move(what));
  fetch();
}

void node::save_snapshot() {
  if (head_.at == 0)
    return;
  stores::snapshot saved{head_.at, head_.hash, {}};
  saved.chunks.push_back({projections::task_chunk_name(), live_.tasks.save()});
  for (std::size_t share = 0; share < projections::share_count; ++share) {
    saved.chunks.push_back(
        {projections::schedule_chunk_name(share), live_.schedules[0].save(share)});
    saved.chunks.push_back({projections::job_chunk_name(share), live_.jobs[0].save(share)});
  }
  machine_.ask<void>(
      read_patience, [saved](sim_store& s) { return s.put_snapshot(saved); },
      [](const expected<void>&) {});
}

bool node::is_idle() const {
  return session_start_ != 0 && waiting_.empty() && in_flight_.empty() && threads_.empty() &&
         reports_.empty() && queue_.waiting() == 0 && queue_.slots_in_use() == 0;
}

std::vector<const domain::job_state*> node::running_jobs() const {
  std::vector<const domain::job_state*> out;
  live_.jobs[0].for_each([&](const domain::job_state& job) {
    if (job.status == job_status::running)
      out.push_back(&job);
  });
  std::sort(out.begin(), out.end(),
            [](const auto* a, const auto* b) { return a->added_at < b->added_at; });
  return out;
}

} // namespace carillon::sim
