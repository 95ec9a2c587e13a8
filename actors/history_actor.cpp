#include "actors/interfaces.hpp"
#include "actors/spawn_blocking.hpp"
#include "stores/history_store.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <map>

namespace carillon::actors {

stores::finished_job to_finished_job(projections::ended_job ended) {
  auto& job = ended.state;
  auto& end = ended.end;
  stores::finished_job out;
  out.id = job.id;
  out.task = std::move(job.task);
  out.schedule = std::move(job.schedule);
  out.fire_time = job.fire_time;
  out.jitter = job.jitter;
  out.deadline = job.deadline;
  out.created_at = job.created_at;
  out.started_at = end.started_at;
  out.finished_at = end.finished_at.value_or(ended.info.time);
  out.outcome = end.outcome;
  out.attempts = job.attempts;
  out.node = std::move(job.node);
  out.fence = job.fence;
  out.added_at = job.added_at;
  out.finished_at_position = ended.info.at;
  out.args = std::move(job.args);
  out.result = std::move(end.result);
  out.output = std::move(end.output);
  out.error = std::move(end.error);
  if (job.result_expiration > duration::zero())
    out.result_expires_at = out.finished_at + job.result_expiration;
  out.executor = std::move(job.executor);
  out.meta = std::move(job.meta);
  return out;
}

void note_touches(const stores::block& block, std::vector<stores::stream_touch>& touches) {
  const auto last = block.first + block.count - 1;
  for (const auto& commit : block.commits)
    for (const auto& e : commit.events)
      std::visit(
          [&](const auto& what) {
            using What = std::decay_t<decltype(what)>;
            if constexpr (What::category == stream_category::task ||
                          What::category == stream_category::schedule)
              touches.push_back({stores::stream_key(What::category, what.id.value), last});
          },
          e);
}

namespace {

struct history_state {
  explicit history_state(history_actor::pointer self) : self{self} {}
  static inline const char* name = "history";

  history_actor::pointer self;
  node_context_ptr node;
  std::shared_ptr<stores::history_store> store;
  std::vector<position> owners;              ///< Up to where each job owner has told its endings.
  std::vector<stores::stream_touch> touches; ///< Of blocks that not all owners have told about.
  std::vector<stores::finished_job> jobs;
  std::vector<collector_ptr> gathering; ///< Waiting for the history to reach their position.
};

void write(history_state& st) {
  const auto checkpoint = *std::min_element(st.owners.begin(), st.owners.end());
  if (!st.jobs.empty() || !st.touches.empty()) {
    if (auto written = st.store->apply(checkpoint, st.jobs, st.touches); !written)
      st.node->log(log_level::error, "history not written: " + written.error().message);
    st.jobs.clear();
    st.touches.clear();
  }
  std::erase_if(st.gathering, [&](const collector_ptr& into) {
    if (into->at > checkpoint)
      return false;
    into->deliver({}, {});
    return true;
  });
}

void on_jobs_ended(history_state& st, const jobs_ended& ended) {
  st.jobs.reserve(st.jobs.size() + ended.jobs->size());
  for (auto& job : *ended.jobs)
    st.jobs.push_back(to_finished_job(std::move(job)));
  st.owners[ended.owner] = ended.at;
  // Written when the last owner has told about a block: one batch for all of them.
  if (std::all_of(st.owners.begin(), st.owners.end(), [&](position p) { return p >= ended.at; }))
    write(st);
}

history_actor::behavior_type history_behavior(history_actor::stateful_pointer<history_state> self,
                                              node_context_ptr node, std::size_t owners,
                                              position applied,
                                              std::shared_ptr<stores::history_store> store) {
  auto& st = self->state;
  st.node = std::move(node);
  st.store = std::move(store);
  st.owners.assign(owners, applied);
  return {
      [self](const published& p) { note_touches(*p.what, self->state.touches); },
      [self](const jobs_ended& e) { on_jobs_ended(self->state, e); },
      [self](const gather_here& g) {
        self->state.gathering.push_back(g.into);
        write(self->state);
      },
      [self](const look_history& l) {
        write(self->state); // read your own writes
        l.with(*self->state.store);
      },
  };
}

} // namespace

history_actor spawn_history(caf::actor_system& system, node_context_ptr node, std::size_t owners,
                            position applied, std::shared_ptr<stores::history_store> store) {
  const auto& context = *node;
  return spawn_blocking(system, context, history_behavior, std::move(node), owners, applied,
                        std::move(store));
}

} // namespace carillon::actors
