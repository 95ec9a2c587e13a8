#include "actors/recovery.hpp"

#include <algorithm>
#include <utility>

namespace carillon::actors {
namespace {

/// Bytes of the log decoded at a time: a decoded event takes some 40 times its bytes, and memory
/// that is used again while it is in the cache costs nothing; larger pieces cost page faults (bench
/// replay).
constexpr std::size_t read_bytes = 256 << 10;

/// Loads `snapshot` into `state`; false when its format is strange: then all is replayed.
/// Errors: unsupported, of a log whose level is too new for this build.
expected<bool> load(projections::live_state& state, const stores::snapshot& snapshot) {
  for (const auto& chunk : snapshot.chunks)
    if (chunk.name == projections::level_chunk_name())
      if (auto known = projections::load_chunk(state, chunk.name, chunk.bytes); !known)
        return unexpected<error>{std::move(known).error()};
  for (const auto& chunk : snapshot.chunks)
    if (!projections::load_chunk(state, chunk.name, chunk.bytes))
      return false;
  return true;
}

/// Reads the log after `from` and applies it to `state`, and to `history` what that has not seen;
/// up to `to`, the end of a block: what others append to a shared log meanwhile is not ours to
/// apply.
expected<void> replay_tail(stores::event_log& log, projections::live_state& state, position from,
                           position to, stores::history_store* history, position history_at) {
  for (auto at = from; at < to;) {
    auto blocks = log.read(at, read_bytes);
    if (!blocks)
      return unexpected<error>{std::move(blocks).error()};
    if (blocks->empty())
      return {};
    std::vector<stores::finished_job> finished;
    std::vector<stores::stream_touch> touches;
    const auto keep = [&](projections::ended_job job) {
      if (history != nullptr && job.info.at > history_at)
        finished.push_back(to_finished_job(std::move(job)));
    };
    for (const auto& block : *blocks) {
      if (block.first > to)
        break;
      for (const auto& commit : block.commits) {
        auto here = commit.first;
        for (const auto& e : commit.events)
          state.apply(e, {here++, block.time}, keep);
      }
      if (auto known = events::check_known(state.level); !known)
        return known;
      at = block.first + block.count - 1;
      if (history != nullptr && at > history_at)
        note_touches(block, touches);
    }
    if (history != nullptr && at > history_at)
      if (auto kept = history->apply(at, finished, touches); !kept)
        return kept;
  }
  return {};
}

} // namespace

expected<recovered> recover(const std::string& url, const stores::log_options& options,
                            std::size_t owners) {
  recovered out;
  auto log = stores::open_log(url, options);
  if (!log)
    return unexpected<error>{std::move(log).error()};
  out.log = std::move(*log);
  auto history = stores::open_history(url, options);
  if (!history)
    return unexpected<error>{std::move(history).error()};
  out.history = std::move(*history);
  // In this order: on a shared log others write snapshots and blocks meanwhile.
  auto snapshot = out.log->load_snapshot();
  const auto head = out.log->head();
  const auto base = out.log->base();
  auto seen = out.history->checkpoint();
  if (!snapshot && snapshot.error().code == errc::unavailable)
    return unexpected<error>{std::move(snapshot).error()};
  if (!head)
    return unexpected<error>{head.error()};
  if (!base)
    return unexpected<error>{base.error()};
  if (!seen)
    return unexpected<error>{seen.error()};
  if (*seen > head->at && stores::is_shared(url) && !options.accept_data_loss)
    return refuse(errc::corrupt, "log regressed: it ends at " + std::to_string(head->at) +
                                     ", this node knew it up to " + std::to_string(*seen) +
                                     "; accept_data_loss goes on from what is left");
  if (*seen > head->at) { // the log lost its end, and that was accepted
    if (auto cleared = out.history->clear(); !cleared)
      return unexpected<error>{std::move(cleared).error()};
    seen = position{0};
  }
  out.head = *head;
  out.state = projections::live_state{owners};
  const bool history_is_behind = snapshot && *snapshot && *seen < (*snapshot)->at;
  const bool can_replay_all = base->at == 0;
  expected<bool> is_loaded = false;
  if (snapshot && *snapshot && !(history_is_behind && can_replay_all))
    is_loaded = load(out.state, **snapshot);
  if (!is_loaded)
    return unexpected<error>{std::move(is_loaded).error()};
  if (*is_loaded)
    out.snapshot_at = (*snapshot)->at;
  else if (!can_replay_all)
    return refuse(errc::corrupt, "the log begins at " + std::to_string(base->at) +
                                     " and has no snapshot to start from");
  else
    out.state = projections::live_state{owners};
  if (auto tail =
          replay_tail(*out.log, out.state, out.snapshot_at, head->at, out.history.get(), *seen);
      !tail)
    return unexpected<error>{std::move(tail).error()};
  return out;
}

projections::job_queue queue_of(const projections::live_state& state, const node_context& node) {
  projections::job_queue queue;
  if (node.sharing != nullptr)
    queue.number_slots(std::hash<node_id>{}(node.node));
  for (task_id after;;) {
    const auto page = state.tasks.page(after, 1000);
    for (const auto& task : page)
      queue.set_task(task->id, task->settings.max_running_jobs, node.can_run(*task));
    if (page.empty())
      break;
    after = page.back()->id;
  }
  std::vector<const domain::job_state*> in_order;
  for (const auto& table : state.jobs)
    table.for_each([&](const domain::job_state& job) { in_order.push_back(&job); });
  std::sort(in_order.begin(), in_order.end(),
            [](const auto* a, const auto* b) { return a->added_at < b->added_at; });
  for (const auto* job : in_order) {
    const auto waiting = domain::waiting(*job);
    if (job->status == job_status::running)
      queue.add_running(waiting, job->added_at, job->node == node.node);
    else
      queue.add(waiting, job->added_at, job->run_at);
  }
  return queue;
}

} // namespace carillon::actors
