#include "actors/engine.hpp"
#include "actors/subscriber.hpp"
#include "actors/views.hpp"
#include "stores/sha256.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

/// The facade: what can be seen. Each question is a pure reader, run where the answer lives.
namespace carillon {

using namespace actors;

namespace {

/// Bytes of the log read for one page of events.
constexpr std::size_t event_page_bytes = 1 << 20;

constexpr std::string_view finished_cursor = "finished:";
constexpr std::string_view live_cursor = "live:";

/// Live jobs added before `before`, newest first, at most `limit`.
std::vector<domain::job_state> newest(const projections::job_table& table, const job_filter& filter,
                                      position before, std::size_t limit) {
  std::vector<const domain::job_state*> found;
  table.for_each([&](const domain::job_state& job) {
    if (job.added_at < before && matches(filter, job))
      found.push_back(&job);
  });
  const auto count = std::min(limit, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found.end(),
                    [](const auto* a, const auto* b) { return a->added_at > b->added_at; });
  std::vector<domain::job_state> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(*found[i]);
  return out;
}

} // namespace

expected<void> scheduler::wait_for(position at, duration wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  while (self_->node().applied < at) {
    if (std::chrono::steady_clock::now() >= until)
      return refuse(errc::timed_out, "position " + std::to_string(at) +
                                         " is not reached, this node stands at " +
                                         std::to_string(self_->node().applied));
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return {};
}

expected<page<task_view>> scheduler::tasks(const page_request& request) const {
  if (auto checked = check_page(request); !checked)
    return unexpected<error>{std::move(checked).error()};
  const auto found = self_->node().tasks.read(
      [&](const auto& table) { return table.page(task_id{request.cursor}, request.limit); });
  return implementation::read<look_queue, page<task_view>>(
      self_->peers().dispatch, [found, limit = request.limit](const auto& queue) {
        page<task_view> out;
        for (const auto& task : found)
          out.items.push_back(view_of(*task, queue));
        if (found.size() == limit)
          out.next = found.back()->id.value;
        return out;
      });
}

expected<task_view> scheduler::task(const task_id& id) const {
  const auto found = self_->node().tasks.find(id);
  if (found == nullptr)
    return refuse(errc::not_found, "task '" + id.value + "' does not exist");
  return implementation::read<look_queue, task_view>(
      self_->peers().dispatch, [found](const auto& queue) { return view_of(*found, queue); });
}

expected<page<schedule_view>> scheduler::schedules(const page_request& request) const {
  if (auto checked = check_page(request); !checked)
    return unexpected<error>{std::move(checked).error()};
  std::vector<domain::schedule_state> found;
  for (const auto& owner : self_->peers().schedules) {
    auto part = implementation::read<look_schedules, std::vector<domain::schedule_state>>(
        owner, [after = schedule_id{request.cursor}, limit = request.limit](const auto& table) {
          return table.page(after, limit);
        });
    if (!part)
      return unexpected<error>{std::move(part).error()};
    std::move(part->begin(), part->end(), std::back_inserter(found));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  page<schedule_view> out;
  if (found.size() > request.limit)
    found.resize(request.limit);
  for (const auto& schedule : found)
    out.items.push_back(view_of(schedule));
  if (found.size() == request.limit)
    out.next = found.back().id.value;
  return out;
}

expected<schedule_view> scheduler::schedule(const schedule_id& id) const {
  const auto found = implementation::read<look_schedules, std::optional<domain::schedule_state>>(
      self_->peers().owner_of(id), [id](const auto& table) { return table.find(id); });
  if (!found)
    return unexpected<error>{found.error()};
  if (!*found)
    return refuse(errc::not_found, "schedule '" + id.value + "' does not exist");
  return view_of(**found);
}

expected<page<job_view>> scheduler::jobs(const job_filter& filter,
                                         const page_request& request) const {
  if (auto checked = check_page(request); !checked)
    return unexpected<error>{std::move(checked).error()};
  page<job_view> out;
  std::string_view cursor = request.cursor;
  if (!cursor.starts_with(finished_cursor)) {
    position before = UINT64_MAX;
    if (cursor.starts_with(live_cursor)) {
      cursor.remove_prefix(live_cursor.size());
      std::from_chars(cursor.data(), cursor.data() + cursor.size(), before);
    } else if (!cursor.empty()) {
      return refuse(errc::invalid_argument, "is not a cursor of this list", "cursor");
    }
    std::vector<domain::job_state> live;
    for (const auto& owner : self_->peers().jobs) {
      auto part = implementation::read<look_jobs, std::vector<domain::job_state>>(
          owner, [filter, before, limit = request.limit](const auto& table) {
            return newest(table, filter, before, limit);
          });
      if (!part)
        return unexpected<error>{std::move(part).error()};
      std::move(part->begin(), part->end(), std::back_inserter(live));
    }
    std::sort(live.begin(), live.end(),
              [](const auto& a, const auto& b) { return a.added_at > b.added_at; });
    for (const auto& job : live) {
      if (out.items.size() == request.limit) {
        out.next = std::string{live_cursor} + std::to_string(before);
        return out;
      }
      const auto task = self_->node().tasks.find(job.task);
      out.items.push_back(view_of(job, task != nullptr && self_->node().can_run(*task)));
      before = job.added_at;
    }
    if (out.items.size() == request.limit) {
      out.next = std::string{live_cursor} + std::to_string(before);
      return out;
    }
    cursor = {};
  } else {
    cursor.remove_prefix(finished_cursor.size());
  }
  auto query = history_query_of(filter);
  if (!query)
    return out;
  query->limit = request.limit - out.items.size();
  query->cursor = cursor;
  auto past = implementation::read<look_history, expected<stores::history_page>>(
      self_->peers().history, [query](auto& store) { return store.query(*query); });
  if (!past)
    return unexpected<error>{std::move(past).error()};
  if (!*past)
    return unexpected<error>{std::move(*past).error()};
  for (const auto& job : (*past)->jobs)
    out.items.push_back(view_of(job, self_->node().now()));
  if (!(*past)->next.empty())
    out.next = std::string{finished_cursor} + (*past)->next;
  return out;
}

expected<job_view> scheduler::job(const job_id& id) const {
  const auto live = implementation::read<look_jobs, std::optional<domain::job_state>>(
      self_->peers().owner_of(id), [id](const auto& table) {
        const auto* found = table.find(id);
        return found == nullptr ? std::optional<domain::job_state>{} : *found;
      });
  if (!live)
    return unexpected<error>{live.error()};
  if (*live) {
    const auto task = self_->node().tasks.find((*live)->task);
    return view_of(**live, task != nullptr && self_->node().can_run(*task));
  }
  auto past = implementation::read<look_history, expected<std::optional<stores::finished_job>>>(
      self_->peers().history, [id](auto& store) { return store.find(id); });
  if (!past)
    return unexpected<error>{std::move(past).error()};
  if (!*past)
    return unexpected<error>{std::move(*past).error()};
  if (!**past)
    return refuse(errc::not_found, "job '" + to_string(id) + "' does not exist");
  return view_of(***past, self_->node().now());
}

expected<job_result> scheduler::result(const job_id& id, duration wait) {
  auto ended = std::make_shared<std::promise<void>>();
  auto future = ended->get_future();
  caf::anon_send(self_->peers().owner_of(id), watch_job{id, [ended] { ended->set_value(); }});
  ended.reset();
  if (wait > duration::zero())
    (void)future.wait_for(wait);
  auto seen = job(id);
  if (!seen)
    return unexpected<error>{std::move(seen).error()};
  if (seen->status != job_status::finished)
    return refuse(wait > duration::zero() ? errc::timed_out : errc::not_ready,
                  "job '" + to_string(id) + "' has not finished yet");
  job_result out{.id = id, .outcome = *seen->outcome};
  out.error = seen->error;
  out.started_at = seen->started_at;
  out.finished_at = *seen->finished_at;
  out.attempts = seen->attempts;
  if (!seen->result.empty()) {
    auto text = text_of(seen->result);
    if (!text)
      return unexpected<error>{std::move(text).error()};
    if (auto parsed = parse_json(*text))
      out.return_value = std::move(*parsed);
  }
  return out;
}

expected<std::string> scheduler::text_of(const payload& p) const {
  if (!p.blob)
    return p.text;
  auto found = implementation::read<look_log, expected<std::string>>(
      self_->peers().log, [ref = *p.blob](const auto& log) { return log->get_blob(ref); });
  if (!found)
    return unexpected<error>{std::move(found).error()};
  return std::move(*found);
}

expected<std::vector<recorded_event>> scheduler::events(position after, std::size_t limit) const {
  auto read = implementation::read<look_log, expected<std::vector<stores::block>>>(
      self_->peers().log, [after](const auto& log) { return log->read(after, event_page_bytes); });
  if (!read)
    return unexpected<error>{std::move(read).error()};
  if (!*read)
    return unexpected<error>{std::move(*read).error()};
  std::vector<recorded_event> out;
  for (auto& block : **read)
    for (auto& commit : block.commits) {
      auto at = commit.first;
      for (auto& e : commit.events) {
        const auto here = at++;
        if (here <= after)
          continue;
        if (out.size() == limit)
          return out;
        out.push_back({here, block.time, block.node, commit.meta, std::move(e)});
      }
    }
  return out;
}

subscription
scheduler::implementation::subscribe(event_filter filter,
                                     std::function<void(const recorded_event&)> callback,
                                     std::optional<position> after) {
  auto who = std::make_shared<subscriber>();
  who->filter = std::move(filter);
  who->callback = std::move(callback);
  who->seen = after.value_or(node_->applied);
  who->from_now = !after;
  caf::anon_send(peers_->subscriptions, add_subscription{who});
  return subscription{std::shared_ptr<void>{who.get(), [who](void*) {
                                              const std::lock_guard hold{who->calling};
                                              who->ended = true;
                                            }}};
}

subscription scheduler::subscribe(event_filter filter,
                                  std::function<void(const recorded_event&)> callback,
                                  std::optional<position> after) {
  return self_->subscribe(std::move(filter), std::move(callback), after);
}

expected<recorded_event> scheduler::next_event(event_filter filter, duration wait) {
  struct first_event {
    std::once_flag once;
    std::promise<recorded_event> promise;
  };
  auto first = std::make_shared<first_event>();
  auto future = first->promise.get_future();
  const auto held = subscribe(std::move(filter), [first](const recorded_event& e) {
    std::call_once(first->once, [&] { first->promise.set_value(e); });
  });
  if (future.wait_for(wait) != std::future_status::ready)
    return refuse(errc::timed_out, "no such event within " + to_string(wait));
  return future.get();
}

status_view scheduler::status() const {
  status_view out;
  const auto& node = self_->node();
  out.node = node.node;
  out.state = self_->state();
  out.version = CARILLON_VERSION;
  out.level = node.level;
  out.level_known = events::format_level();
  if (const auto gathered = self_->gather(false)) {
    out.at = (*gathered)->at;
    out.time = (*gathered)->time;
    out.chain_hash = stores::to_hex((*gathered)->chain);
    out.state_hash = projections::to_hex((*gathered)->hash);
  }
  out.tasks = node.tasks.read([](const auto& table) { return table.size(); });
  for (const auto& owner : self_->peers().schedules)
    out.schedules +=
        implementation::read<look_schedules, std::size_t>(owner, [](const auto& table) {
          return table.size();
        }).value_or(0);
  using counted = std::pair<std::size_t, std::size_t>;
  const auto jobs =
      implementation::read<look_queue, counted>(self_->peers().dispatch, [](const auto& queue) {
        return counted{queue.waiting(), queue.slots_in_use()};
      });
  if (jobs)
    std::tie(out.jobs_waiting, out.jobs_running) = *jobs;
  out.waiting_bytes = node.counts.waiting_bytes;
  out.started_at = node.opened_at;
  self_->add_sharing(out);
  return out;
}

stats_view scheduler::stats() const {
  const auto& counts = self_->node().counts;
  stats_view out;
  out.commits = counts.commits;
  out.records = counts.records;
  out.blocks = counts.blocks;
  out.conflicts = counts.conflicts;
  out.fires = counts.fires;
  for (std::size_t i = 0; i < out.jobs_by_outcome.size(); ++i)
    out.jobs_by_outcome[i] = counts.jobs_by_outcome[i];
  return out;
}

} // namespace carillon
