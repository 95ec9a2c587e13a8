#include "projections/job_queue.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace carillon::projections {
namespace {

/// Puts tasks of which only others' jobs are ready behind all that have some of our own.
constexpr position behind_own = position{1} << 63;

/// Jobs are left to others for a multiple of 50 ms, so that many are looked at together.
using hold_grain = std::chrono::duration<std::int64_t, std::ratio<1, 20>>;

time_point rounded_up(time_point t) {
  if (t > time_point::max() - std::chrono::seconds{1})
    return t;
  return time_point{std::chrono::ceil<hold_grain>(t.time_since_epoch())};
}

} // namespace

job_queue::task_entry& job_queue::entry_of(const task_id& task) {
  const auto [at, is_new] = tasks_.try_emplace(task);
  if (is_new)
    at->second.id = task;
  return at->second;
}

bool job_queue::has_free_slot(const task_entry& task) const {
  return !task.slots || task.used < *task.slots;
}

void job_queue::set_task(const task_id& task, std::optional<std::uint32_t> slots, bool claimable) {
  auto& entry = entry_of(task);
  if (entry.slots != slots) {
    const auto end = std::min<std::size_t>(slots.value_or(0), entry.taken.size());
    entry.within = std::accumulate(entry.taken.begin(),
                                   entry.taken.begin() + static_cast<std::ptrdiff_t>(end), 0U);
  }
  entry.slots = slots;
  entry.claimable = claimable;
  list(entry);
}

void job_queue::add(const domain::waiting_job& job, position added_at,
                    std::optional<time_point> run_at, std::optional<time_point> others_until) {
  auto& entry = jobs_[job.id];
  const bool is_new = entry.task == nullptr;
  if (!is_new && entry.added_at != 0)
    return; // an id that is taken stays with its job
  entry.task = &entry_of(job.task);
  entry.added_at = added_at;
  entry.run_at = run_at;
  entry.deadline = job.deadline;
  entry.schedule = job.schedule;
  entry.late_at = job.deadline;
  entry.task->waiting += is_new;
  if (others_until && !entry.has_slot)
    return hold(job.id, entry, *others_until);
  if (entry.late_at)
    deadlines_.emplace(*entry.late_at, added_at, job.id);
  if (entry.has_slot)
    return;
  if (entry.run_at)
    delayed_.emplace(*entry.run_at, added_at, job.id);
  else
    make_ready(job.id, entry);
}

void job_queue::add_running(const domain::waiting_job& job, position added_at, bool here) {
  auto& entry = jobs_[job.id];
  entry = {.task = &entry_of(job.task), .added_at = added_at, .schedule = job.schedule};
  ++entry.task->waiting;
  take_slot(entry, job.slot, here);
  entry.in_log = true;
}

void job_queue::hold(const job_id& id, job_entry& job, time_point until) {
  job.is_others = true;
  until = std::max(until, job.run_at.value_or(until));
  job.run_at = rounded_up(until);
  held_jobs_[*job.run_at].emplace_back(job.added_at, id);
  if (!job.late_at)
    return;
  job.late_at = std::max(*job.late_at, until);
  deadlines_.emplace(*job.late_at, job.added_at, id);
}

void job_queue::hold_back(const job_id& id, time_point until) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end() || found->second.has_slot)
    return;
  hold(id, found->second, until);
  list(*found->second.task);
}

void job_queue::hold_back(const task_id& id, time_point until) {
  auto& task = entry_of(id);
  if (!task.slots || (task.held_until && *task.held_until >= until))
    return;
  if (task.held_until)
    held_tasks_.erase({*task.held_until, &task});
  task.held_until = until;
  held_tasks_.emplace(until, &task);
  list(task);
}

void job_queue::end_holds(time_point now) {
  while (!held_jobs_.empty() && held_jobs_.begin()->first <= now) {
    const auto held = held_jobs_.extract(held_jobs_.begin());
    for (const auto& [added_at, id] : held.mapped()) {
      const auto found = jobs_.find(id);
      if (found == jobs_.end() || found->second.has_slot || found->second.run_at != held.key() ||
          found->second.added_at != added_at)
        continue; // most are gone: the other node was there in time
      found->second.run_at.reset();
      make_ready(id, found->second);
    }
  }
  while (!held_tasks_.empty() && held_tasks_.begin()->first <= now) {
    auto& task = *held_tasks_.begin()->second;
    held_tasks_.erase(held_tasks_.begin());
    task.held_until.reset();
    list(task);
  }
}

void job_queue::make_ready(const job_id& id, const job_entry& job) {
  auto& line = job.task->ready;
  const place item{job.added_at, id};
  if (job.is_others)
    job.task->others.insert(item);
  else if (line.empty() || line.back() < item)
    line.push_back(item);
  else if (const auto at = std::lower_bound(line.begin(), line.end(), item); *at != item)
    line.insert(at, item);
  list(*job.task);
}

bool job_queue::is_gone(const place& item, bool from_others) const {
  const auto found = jobs_.find(item.second);
  // The same id may have been used again: another job, at another place.
  return found == jobs_.end() || found->second.has_slot || found->second.run_at ||
         found->second.is_others != from_others || found->second.added_at != item.first;
}

void job_queue::drop_gone(task_entry& task) {
  while (!task.ready.empty() && is_gone(task.ready.front(), false))
    task.ready.pop_front();
  while (!task.others.empty() && is_gone(*task.others.rbegin(), true))
    task.others.erase(std::prev(task.others.end()));
}

void job_queue::list(task_entry& task) {
  drop_gone(task);
  position key = 0;
  if (task.claimable && has_free_slot(task) && !task.held_until) {
    if (!task.ready.empty())
      key = task.ready.front().first;
    else if (!task.others.empty())
      key = task.others.rbegin()->first | behind_own;
  }
  if (key == task.listed_at)
    return;
  if (task.listed_at != 0)
    runnable_.erase({task.listed_at, &task});
  if (key != 0)
    runnable_.emplace(key, &task);
  task.listed_at = key;
}

std::uint32_t job_queue::free_number(const task_entry& task) const {
  if (slot_seed_ == 0 || !task.slots)
    return 0;
  const auto is_free = [&](std::uint32_t i) {
    return i >= task.taken.size() || task.taken[i] == 0;
  };
  // A run that holds a number above the limit, or none, since before the limit was set keeps the
  // highest free number out of use. Otherwise nodes that do not know of each other's claims yet
  // would take different numbers and fill the limit beside it.
  auto end = *task.slots;
  for (auto beside = task.used - task.within; beside > 0 && end > 0; --end)
    beside -= is_free(end - 1);
  for (std::uint32_t i = 0; i < end; ++i)
    if (const auto number = static_cast<std::uint32_t>((slot_seed_ + i) % end); is_free(number))
      return number + 1;
  return 0; // not while `has_free_slot`
}

void job_queue::hold_number(task_entry& task, std::uint32_t slot) {
  if (slot == 0)
    return;
  if (task.taken.size() < slot)
    task.taken.resize(slot);
  ++task.taken[slot - 1];
  task.within += task.slots && slot <= *task.slots;
}

void job_queue::drop_number(task_entry& task, std::uint32_t slot) {
  if (slot == 0)
    return;
  --task.taken[slot - 1];
  task.within -= task.slots && slot <= *task.slots;
}

void job_queue::take_slot(job_entry& job, std::uint32_t slot, bool here) {
  auto& task = *job.task;
  if (job.has_slot) { // reserved before, and now in the log
    held_here_ -= job.is_here;
    drop_number(task, job.slot);
  } else {
    --task.waiting;
    ++task.used;
    ++slots_in_use_;
  }
  job.has_slot = true;
  job.is_here = here;
  job.slot = slot;
  held_here_ += here;
  hold_number(task, slot);
  list(task);
}

void job_queue::free_slot(job_entry& job) {
  if (!std::exchange(job.has_slot, false))
    return;
  job.in_log = false;
  ++job.task->waiting;
  --job.task->used;
  --slots_in_use_;
  held_here_ -= std::exchange(job.is_here, false);
  drop_number(*job.task, std::exchange(job.slot, 0));
}

void job_queue::acquired(const job_id& id, std::uint32_t slot, bool here) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end())
    return;
  take_slot(found->second, slot, here);
  found->second.in_log = true;
}

void job_queue::wait_again(const job_id& id, job_entry& job) {
  free_slot(job);
  job.run_at.reset(); // it was claimed, so its time had come
  job.is_others = false;
  job.late_at = job.deadline;
  if (job.late_at)
    deadlines_.emplace(*job.late_at, job.added_at, id);
  make_ready(id, job);
}

void job_queue::released(const job_id& id) {
  const auto found = jobs_.find(id);
  if (found != jobs_.end())
    wait_again(id, found->second);
}

void job_queue::lost(const job_id& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end())
    return;
  found->second.deadline.reset();
  wait_again(id, found->second);
}

void job_queue::ended(const job_id& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end())
    return;
  auto& task = *found->second.task;
  free_slot(found->second);
  --task.waiting;
  jobs_.erase(found);
  list(task);
}

void job_queue::unreserve(const job_id& id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end())
    return;
  if (!found->second.has_slot || !found->second.is_here || found->second.in_log)
    return; // another node has it, or this one after all
  if (found->second.added_at == 0)
    return ended(id);
  wait_again(id, found->second);
}

void job_queue::drop_stale(timed_queue& queue, std::optional<time_point> job_entry::*when) {
  while (!queue.empty()) {
    const auto& [time, added_at, id] = queue.top();
    const auto found = jobs_.find(id);
    if (found != jobs_.end() && !found->second.has_slot && found->second.*when == time)
      return;
    queue.pop();
  }
}

std::vector<domain::waiting_job> job_queue::take_late(time_point now) {
  std::vector<domain::waiting_job> out;
  for (drop_stale(deadlines_, &job_entry::late_at);
       !deadlines_.empty() && std::get<time_point>(deadlines_.top()) < now;
       drop_stale(deadlines_, &job_entry::late_at)) {
    const auto id = std::get<job_id>(deadlines_.top());
    auto& job = jobs_.at(id);
    take_slot(job, 0, true);
    out.push_back({id, job.task->id, job.schedule, job.deadline});
  }
  return out;
}

std::vector<domain::waiting_job> job_queue::take(time_point now, std::size_t count_max) {
  for (drop_stale(delayed_, &job_entry::run_at);
       !delayed_.empty() && std::get<time_point>(delayed_.top()) <= now;
       drop_stale(delayed_, &job_entry::run_at)) {
    const auto id = std::get<job_id>(delayed_.top());
    auto& job = jobs_.at(id);
    job.run_at.reset();
    make_ready(id, job);
  }
  end_holds(now);
  auto out = take_late(now);
  for (std::size_t count = 0; count < count_max && !runnable_.empty(); ++count) {
    const auto& task = *runnable_.begin()->second;
    const auto id = task.ready.empty() ? task.others.rbegin()->second : task.ready.front().second;
    auto& job = jobs_.at(id);
    take_slot(job, free_number(*job.task), true);
    out.push_back({id, job.task->id, job.schedule, job.deadline, job.slot});
  }
  return out;
}

std::optional<std::uint32_t> job_queue::reserve(const job_id& id, const task_id& task) {
  auto& entry = entry_of(task);
  if (!entry.claimable || !has_free_slot(entry) || !entry.ready.empty() || jobs_.contains(id))
    return std::nullopt;
  auto& job = jobs_[id];
  job.task = &entry;
  ++entry.waiting;
  take_slot(job, free_number(entry), true);
  return job.slot;
}

std::optional<time_point> job_queue::next_wake() const {
  // Stale heads only make the wake-up early; `take` drops them.
  std::optional<time_point> first;
  if (!delayed_.empty())
    first = std::get<time_point>(delayed_.top());
  const auto consider = [&](time_point at) { first = first ? std::min(*first, at) : at; };
  if (!deadlines_.empty())
    consider(std::get<time_point>(deadlines_.top()) + duration{1});
  if (!held_jobs_.empty())
    consider(held_jobs_.begin()->first);
  if (!held_tasks_.empty())
    consider(held_tasks_.begin()->first);
  return first;
}

bool job_queue::has_limit(const task_id& task) const {
  const auto found = tasks_.find(task);
  return found != tasks_.end() && found->second.slots;
}

const task_id* job_queue::task_of(const job_id& id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second.task->id;
}

bool job_queue::is_held_here(const job_id& id) const {
  const auto found = jobs_.find(id);
  return found != jobs_.end() && found->second.is_here;
}

std::size_t job_queue::waiting(const task_id& task) const {
  const auto found = tasks_.find(task);
  return found == tasks_.end() ? 0 : found->second.waiting;
}

std::uint32_t job_queue::running(const task_id& task) const {
  const auto found = tasks_.find(task);
  return found == tasks_.end() ? 0 : found->second.used;
}

bool job_queue::is_claimable(const task_id& task) const {
  const auto found = tasks_.find(task);
  return found != tasks_.end() && found->second.claimable;
}

} // namespace carillon::projections
