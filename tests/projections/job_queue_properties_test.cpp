// Random lives of a queue beside a model that keeps one list and looks at all of it every time.

#include "projections/job_queue.hpp"

#include "support/builders.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <map>

// RC_ASSERT takes its expression apart and evaluates both sides of || and &&: hence (( )).
using namespace carillon;
using namespace carillon::test;

namespace {

/// The queue as one would explain it to a newcomer.
class model {
public:
  struct job {
    task_id task;
    position at = 0;
    std::optional<time_point> run_at;
    std::optional<time_point> deadline;
    bool has_slot = false;
    bool in_log = false; ///< The claim that holds the slot.
  };
  struct task {
    std::optional<std::uint32_t> slots;
    bool claimable = false;
  };

  std::uint32_t used(const task_id& id) const {
    return static_cast<std::uint32_t>(std::count_if(jobs.begin(), jobs.end(), [&](const auto& j) {
      return j.second.task == id && j.second.has_slot;
    }));
  }

  bool has_room(const task_id& id) const {
    const auto found = tasks.find(id);
    return found != tasks.end() && found->second.claimable &&
           (!found->second.slots || used(id) < *found->second.slots);
  }

  /// Jobs to give up, then jobs to start.
  std::pair<std::vector<job_id>, std::vector<job_id>> take(time_point now, std::size_t count) {
    std::pair<std::vector<job_id>, std::vector<job_id>> out;
    for (auto& [id, j] : jobs)
      if (!j.has_slot && j.deadline && *j.deadline < now) {
        j.has_slot = true;
        out.first.push_back(id);
      }
    while (out.second.size() < count) {
      const job_id* best = nullptr;
      for (const auto& [id, j] : jobs)
        if (!j.has_slot && (!j.run_at || *j.run_at <= now) && has_room(j.task) &&
            (best == nullptr || j.at < jobs[*best].at))
          best = &id;
      if (best == nullptr)
        break;
      jobs[*best].has_slot = true;
      out.second.push_back(*best);
    }
    return out;
  }

  std::optional<time_point> next_wake(time_point now) const {
    std::optional<time_point> first;
    const auto offer = [&](time_point t) { first = first ? std::min(*first, t) : t; };
    for (const auto& [id, j] : jobs) {
      if (!j.has_slot && j.run_at && *j.run_at > now)
        offer(*j.run_at);
      if (!j.has_slot && j.deadline)
        offer(*j.deadline + duration{1});
    }
    return first;
  }

  std::map<job_id, job> jobs;
  std::map<task_id, task> tasks;
};

/// A queue and its model, moved alike.
class life {
public:
  void step() {
    now_ += *rc::gen::inRange(0, 5) * 1s;
    switch (*rc::gen::inRange(0, 9)) {
    case 0: set_task(); break;
    case 1:
    case 2: add(); break;
    case 3: end(); break;
    case 4: give_back(); break;
    case 5: reserve(); break;
    default: take(); break;
    }
    check();
  }

private:
  static task_id any_task() { return task_id{*rc::gen::element<std::string>("a", "b", "c", "d")}; }

  void set_task() {
    const auto id = any_task();
    const auto slots = *rc::gen::element<std::optional<std::uint32_t>>(1, 2, 3, std::nullopt);
    const bool claimable = *rc::gen::inRange(0, 4) != 0;
    queue_.set_task(id, slots, claimable);
    model_.tasks[id] = {slots, claimable};
  }

  void add() {
    model::job j{any_task(), ++last_, {}, {}, false};
    if (*rc::gen::inRange(0, 3) == 0)
      j.run_at = now_ + *rc::gen::inRange(1, 10) * 1s;
    if (*rc::gen::inRange(0, 3) == 0)
      j.deadline = j.run_at.value_or(now_) + *rc::gen::inRange(0, 10) * 1s;
    const auto id = job_number(last_);
    queue_.add({id, j.task, {}, j.deadline}, j.at, j.run_at);
    model_.jobs[id] = j;
  }

  /// Any job that is there, or none of them.
  std::optional<job_id> any_job() const {
    if (model_.jobs.empty())
      return {};
    auto at = model_.jobs.begin();
    std::advance(at, *rc::gen::inRange<std::size_t>(0, model_.jobs.size()));
    return at->first;
  }

  void end() {
    const auto id = any_job().value_or(job_number(9999));
    queue_.ended(id);
    model_.jobs.erase(id);
  }

  void give_back() {
    const auto id = any_job();
    if (!id || !model_.jobs[*id].has_slot)
      return;
    auto& j = model_.jobs[*id];
    switch (*rc::gen::inRange(0, 3)) {
    case 0:
      queue_.unreserve(*id);
      j.has_slot = j.in_log; // a claim that the log has taken is no reservation any more
      return;
    case 1: queue_.released(*id); break;
    default: queue_.lost(*id); j.deadline.reset();
    }
    j.has_slot = false;
    j.in_log = false;
  }

  void reserve() {
    const auto task = any_task();
    const auto id = job_number(++last_);
    const bool waits = std::any_of(model_.jobs.begin(), model_.jobs.end(), [&](const auto& j) {
      return j.second.task == task && !j.second.has_slot && !j.second.run_at;
    });
    const bool got = queue_.reserve(id, task).has_value();
    RC_ASSERT(got == (model_.has_room(task) && !waits));
    if (!got)
      return;
    if (*rc::gen::arbitrary<bool>()) {
      queue_.unreserve(id);
      return;
    }
    queue_.add({id, task, {}, {}}, last_, {});
    queue_.acquired(id);
    model_.jobs[id] = {task, last_, {}, {}, true, true};
  }

  void take() {
    const auto count = *rc::gen::inRange<std::size_t>(0, 5);
    auto [late, started] = model_.take(now_, count);
    const auto taken = queue_.take(now_, count);
    RC_ASSERT(taken.size() == late.size() + started.size());
    std::vector<job_id> given_up;
    for (std::size_t i = 0; i < late.size(); ++i)
      given_up.push_back(taken[i].id);
    std::sort(given_up.begin(), given_up.end());
    RC_ASSERT(given_up == late);
    for (std::size_t i = 0; i < started.size(); ++i)
      RC_ASSERT(taken[late.size() + i].id == started[i]);
    for (auto& [id, j] : model_.jobs)
      if (j.run_at && *j.run_at <= now_)
        j.run_at.reset();
    const auto wake = queue_.next_wake();
    const auto wanted = model_.next_wake(now_);
    RC_ASSERT((!wake || *wake > now_)); // or the dispatcher would spin
    RC_ASSERT((!wanted || (wake && *wake <= *wanted)));
  }

  void check() {
    std::size_t slots = 0;
    for (const auto& [id, j] : model_.jobs)
      slots += j.has_slot;
    RC_ASSERT(queue_.slots_in_use() == slots);
    RC_ASSERT(queue_.waiting() == model_.jobs.size() - slots);
    for (const auto& [id, t] : model_.tasks)
      RC_ASSERT(queue_.running(id) == model_.used(id));
  }

  projections::job_queue queue_;
  model model_;
  time_point now_ = day_one;
  position last_ = 0;
};

} // namespace

TEST_CASE("job_queue properties: it does what a list looked at in full does, and never spins") {
  CHECK(rc::check([] {
    life one;
    const auto steps = *rc::gen::inRange(1, 120);
    for (int i = 0; i < steps; ++i)
      one.step();
  }));
}
