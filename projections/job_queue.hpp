#pragma once

#include "domain/job_aggregate.hpp"

#include <absl/container/btree_set.h>
#include <absl/container/node_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace carillon::projections {

/// The jobs that wait, in the order in which they may be claimed, and the slots of their tasks.
///
/// First in, first out within a task and between tasks that have a free slot; a saturated task
/// never holds up another (DEV-18). The running count is derived from live claims (DEV-4). One
/// owner.
///
/// Where several nodes share the log, slots have numbers: two claims that take the same one meet at
/// its key in the log, and one of them loses.
class job_queue {
public:
  /// Slots are numbered from now on. `seed` differs from node to node: they begin to look for a
  /// free slot at different numbers, so that they seldom want the same one.
  void number_slots(std::uint64_t seed) { slot_seed_ = seed | 1; }

  /// How many jobs of `task` may run at once (none = no limit), and whether this node can run them.
  void set_task(const task_id& task, std::optional<std::uint32_t> slots, bool claimable);

  /// A new job waits. `added_at` is its place in the queue; `others_until`: it is held back until
  /// then, as by `hold_back`. A reservation made before stays, and so does a job that has this id
  /// already.
  void add(const domain::waiting_job& job, position added_at, std::optional<time_point> run_at,
           std::optional<time_point> others_until = {});

  /// A job that is claimed already, as start-up finds it: by this node or by another.
  void add_running(const domain::waiting_job& job, position added_at, bool here = true);

  /// A claim of the job is in the log: it waits no more and holds a slot, `slot` if it has a
  /// number. `here`: this node made the claim.
  void acquired(const job_id& id, std::uint32_t slot = 0, bool here = true);

  /// The claim was given back: the job waits again, at its old place and with its deadline.
  void released(const job_id& id);

  /// The claim was lost: the job waits again, at its old place. It has started once, in time: its
  /// deadline no longer counts.
  void lost(const job_id& id);

  /// The job is over.
  void ended(const job_id& id);

  /// The reservation of `take` or `reserve` came to nothing: the job waits again, if it was added.
  void unreserve(const job_id& id);

  /// Up to `count_max` jobs that may be claimed at `now`, each with a slot reserved. Jobs past
  /// their deadline come out first, whether there is a slot or not, and beyond `count_max`: they
  /// are to be given up (JOB-08).
  std::vector<domain::waiting_job> take(time_point now, std::size_t count_max);

  /// Reserves a slot for a job that is about to be added and claimed in one commit; answers its
  /// number, 0 where slots have none. Empty when its task has no slot, jobs of it wait already, or
  /// this node cannot run it.
  std::optional<std::uint32_t> reserve(const job_id& id, const task_id& task);

  /// Leaves a job that waits to another node until then: to be claimed there, or given up. After
  /// that this node tries for it when it has no other, newest first: the other one, if it is only
  /// slow, goes on from the oldest, and they do not meet.
  void hold_back(const job_id& id, time_point until);

  /// Leaves the free slots of a task to another node until then. A task without a limit is left
  /// alone.
  void hold_back(const task_id& task, time_point until);

  /// When `take` may find more without any other news: a run_at, a deadline, the end of a hold.
  /// None = never.
  std::optional<time_point> next_wake() const;

  /// Whether only so many jobs of the task may run at once.
  bool has_limit(const task_id& task) const;
  /// The task of a job that is here; nullptr when the job is not.
  const task_id* task_of(const job_id& id) const;
  /// Whether this node claimed or reserved it.
  bool is_held_here(const job_id& id) const;

  std::size_t waiting() const noexcept { return jobs_.size() - slots_in_use_; }
  /// Jobs that hold a slot, claimed or reserved, on all nodes.
  std::size_t slots_in_use() const noexcept { return slots_in_use_; }
  /// Those of them that this node claimed or reserved.
  std::size_t held_here() const noexcept { return held_here_; }
  std::size_t waiting(const task_id& task) const;
  std::uint32_t running(const task_id& task) const;
  bool is_claimable(const task_id& task) const;

private:
  /// By position; may hold jobs that left.
  using place = std::pair<position, job_id>;

  struct task_entry {
    task_id id;
    std::optional<std::uint32_t> slots = 1;
    bool claimable = false;
    std::uint32_t used = 0;               ///< Slots taken or reserved.
    std::vector<std::uint8_t> taken = {}; ///< Holders by number - 1: two until one has lost.
    std::uint32_t within = 0;             ///< Holders whose number is one of 1 to `slots`.
    std::size_t waiting = 0;              ///< Jobs without a slot.
    std::deque<place> ready = {};         ///< Ours to claim: nearly all come at the end.
    absl::btree_set<place> others = {};   ///< Held back before, and still waiting: in any order.
    std::optional<time_point> held_until = {};
    position listed_at = 0; ///< Key under which the task stands in `runnable_`; 0 = it does not.
  };
  struct job_entry {
    task_entry* task = nullptr;
    position added_at = 0; ///< 0: reserved, but not added yet.
    std::optional<time_point> run_at = {};
    std::optional<time_point> deadline = {};
    std::optional<time_point> late_at = {}; ///< When this node gives it up; not before `deadline`.
    schedule_id schedule = {};
    bool has_slot = false;  ///< Claimed or reserved: it does not wait.
    bool is_here = false;   ///< By this node.
    bool in_log = false;    ///< The claim, not only the reservation.
    bool is_others = false; ///< Another node was to try first; `run_at` is when that ends, too.
    std::uint32_t slot = 0; ///< Its number; 0 = none.
  };
  /// Those of one instant come out as they were added: at the end of their line.
  using timed = std::tuple<time_point, position, job_id>;
  using timed_queue = std::priority_queue<timed, std::vector<timed>, std::greater<>>;

  task_entry& entry_of(const task_id& task);
  bool has_free_slot(const task_entry& task) const;
  void make_ready(const job_id& id, const job_entry& job);
  void wait_again(const job_id& id, job_entry& job);
  void take_slot(job_entry& job, std::uint32_t slot, bool here);
  void hold_number(task_entry& task, std::uint32_t slot);
  void drop_number(task_entry& task, std::uint32_t slot);
  std::uint32_t free_number(const task_entry& task) const;
  void free_slot(job_entry& job);
  void list(task_entry& task);
  bool is_gone(const place& item, bool from_others) const;
  void drop_gone(task_entry& task);
  void end_holds(time_point now);
  void hold(const job_id& id, job_entry& job, time_point until);
  void drop_stale(timed_queue& queue, std::optional<time_point> job_entry::*when);
  std::vector<domain::waiting_job> take_late(time_point now);

  std::map<task_id, task_entry> tasks_;
  /// Waiting and running. Ids are random, or hashes: std::hash of them is good enough.
  absl::node_hash_map<job_id, job_entry, std::hash<job_id>> jobs_;
  std::size_t slots_in_use_ = 0;
  std::size_t held_here_ = 0;
  std::uint64_t slot_seed_ = 0;                         ///< 0 = slots have no numbers.
  std::set<std::pair<position, task_entry*>> runnable_; ///< Tasks with a ready job and a free slot.
  timed_queue delayed_;
  /// Jobs that are left to others, by when that ends: many at once, in the order they came.
  std::map<time_point, std::vector<place>> held_jobs_;
  timed_queue deadlines_;
  std::set<std::pair<time_point, task_entry*>> held_tasks_;
};

} // namespace carillon::projections
