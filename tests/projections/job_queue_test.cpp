#include "projections/job_queue.hpp"

#include "support/builders.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;
using projections::job_queue;

namespace {

const task_id a{"a"};
const task_id b{"b"};

/// A queue whose job `n` was added at position `n`.
struct numbered_queue {
  job_queue queue;

  numbered_queue() {
    queue.set_task(a, 1, true);
    queue.set_task(b, 1, true);
  }
  void add(std::uint64_t n, const task_id& task, std::optional<time_point> deadline = {},
           std::optional<time_point> run_at = {}) {
    queue.add({job_number(n), task, {}, deadline}, n, run_at);
  }
  /// Numbers of what `take` gives.
  std::vector<int> take(time_point now = day_one, std::size_t count_max = 100) {
    std::vector<int> numbers;
    for (const auto& job : queue.take(now, count_max))
      numbers.push_back(job.id.bytes[15]);
    return numbers;
  }
};

using numbers = std::vector<int>;

} // namespace

TEST_CASE("job_queue: jobs come out in the order of their addition, as far as slots go") {
  numbered_queue q;
  q.queue.set_task(a, 2, true);
  for (std::uint64_t n = 1; n <= 4; ++n)
    q.add(n, a);
  CHECK(q.take() == numbers{1, 2});
  CHECK(q.take().empty());
  q.queue.ended(job_number(2));
  CHECK(q.take() == numbers{3});
  CHECK(q.queue.waiting() == 1);
  CHECK(q.queue.waiting(a) == 1);
  CHECK(q.queue.running(a) == 2);
}

TEST_CASE("job_queue: a saturated task never holds up another") { // DEV-18
  numbered_queue q;
  for (std::uint64_t n = 1; n <= 6; ++n)
    q.add(n, a);
  q.add(7, b);
  CHECK(q.take(day_one, 2) == numbers{1, 7});
}

TEST_CASE("job_queue: tasks with free slots share by age, and no limit means no limit") {
  numbered_queue q;
  q.queue.set_task(a, std::nullopt, true);
  q.queue.set_task(b, std::nullopt, true);
  for (std::uint64_t n = 1; n <= 6; ++n)
    q.add(n, n % 2 == 0 ? a : b);
  CHECK(q.take(day_one, 4) == numbers{1, 2, 3, 4});
  CHECK(q.take(day_one, 4) == numbers{5, 6});
}

TEST_CASE("job_queue: a limit lowered below what runs stops new starts until it is met") { // DEV-4
  numbered_queue q;
  q.queue.set_task(a, 3, true);
  for (std::uint64_t n = 1; n <= 6; ++n)
    q.add(n, a);
  CHECK(q.take() == numbers{1, 2, 3});
  q.queue.set_task(a, 1, true);
  q.queue.ended(job_number(1));
  CHECK(q.take().empty());
  q.queue.ended(job_number(2));
  CHECK(q.take().empty());
  q.queue.ended(job_number(3));
  CHECK(q.take() == numbers{4});
  q.queue.set_task(a, 3, true);
  CHECK(q.take() == numbers{5, 6});
}

TEST_CASE("job_queue: jobs of a task that cannot run here wait until it can") { // TSK-11
  numbered_queue q;
  q.queue.set_task(a, 1, false);
  q.add(1, a);
  CHECK(q.take().empty());
  CHECK_FALSE(q.queue.is_claimable(a));
  CHECK_FALSE(q.queue.reserve(job_number(2), a).has_value());
  q.queue.set_task(a, 1, true);
  CHECK(q.take() == numbers{1});
}

TEST_CASE("job_queue: a job of a task nobody described waits") {
  job_queue queue;
  queue.add({job_number(1), task_id{"unknown"}, {}, {}}, 1, {});
  CHECK(queue.take(day_one, 10).empty());
  CHECK(queue.waiting() == 1);
}

TEST_CASE("job_queue: run_at holds a job back until then, and names the next wake") {
  numbered_queue q;
  q.add(1, a, {}, day_one + 10s);
  q.add(2, a);
  CHECK(q.take() == numbers{2});
  CHECK(q.queue.next_wake() == day_one + 10s);
  q.queue.ended(job_number(2));
  CHECK(q.take(day_one + 9s).empty());
  CHECK(q.take(day_one + 10s) == numbers{1});
  CHECK_FALSE(q.queue.next_wake());
}

TEST_CASE("job_queue: jobs past their deadline come out without a slot and beyond the count") {
  numbered_queue q; // JOB-08, JOB-09
  q.add(1, a);
  q.add(2, a);
  q.add(3, a, day_one + 5s);
  CHECK(q.take() == numbers{1});
  CHECK(q.queue.next_wake() == day_one + 5s + duration{1});
  CHECK(q.take(day_one + 5s, 0).empty()); // the deadline itself is in time
  CHECK(q.take(day_one + 5s + duration{1}, 0) == numbers{3});
  q.queue.ended(job_number(3));
  q.queue.ended(job_number(1));
  CHECK(q.take(day_one + 6s) == numbers{2});
}

TEST_CASE("job_queue: a reserved job holds its slot before it is added") {
  numbered_queue q;
  CHECK(q.queue.reserve(job_number(1), a).has_value());
  CHECK_FALSE(q.queue.reserve(job_number(1), a).has_value());
  CHECK_FALSE(q.queue.reserve(job_number(2), a).has_value()); // no slot
  q.add(1, a);
  q.queue.acquired(job_number(1));
  CHECK(q.queue.running(a) == 1);
  CHECK(q.queue.waiting() == 0);
  CHECK(q.take().empty());
  q.queue.ended(job_number(1));
  CHECK(q.queue.slots_in_use() == 0);
}

TEST_CASE("job_queue: a reservation does not overtake jobs that wait already") {
  numbered_queue q;
  q.queue.set_task(a, 5, true);
  q.add(1, a);
  CHECK_FALSE(q.queue.reserve(job_number(2), a).has_value());
  CHECK(q.take() == numbers{1});
  CHECK(q.queue.reserve(job_number(2), a).has_value());
}

TEST_CASE("job_queue: a reservation that came to nothing leaves no trace, an added job waits") {
  numbered_queue q;
  CHECK(q.queue.reserve(job_number(1), a).has_value());
  q.queue.unreserve(job_number(1));
  CHECK(q.queue.slots_in_use() == 0);
  CHECK(q.queue.waiting() == 0);
  q.add(2, a, day_one + 1s);
  CHECK(q.take() == numbers{2});
  q.queue.unreserve(job_number(2));
  CHECK(q.queue.waiting(a) == 1);
  CHECK(q.queue.next_wake());
  CHECK(q.take() == numbers{2});
  q.queue.unreserve(job_number(99));
}

TEST_CASE("job_queue: a claim given back counts its deadline as before, a lost one no more") {
  numbered_queue q;
  q.add(1, a, day_one + 1s);
  q.add(2, a);
  CHECK(q.take() == numbers{1});
  q.queue.acquired(job_number(1));
  SECTION("given back") {
    q.queue.released(job_number(1));
    CHECK(q.take(day_one + 2s, 0) == numbers{1}); // to be given up
  }
  SECTION("lost") {
    q.queue.lost(job_number(1));
    CHECK(q.take(day_one + 2s, 0).empty());
    CHECK(q.take(day_one + 2s, 1) == numbers{1}); // at its old place, before 2
  }
}

TEST_CASE("job_queue: an id that is used again waits for its own time") {
  numbered_queue q;
  q.add(1, a);
  q.add(2, a);
  q.add(3, b);
  q.queue.ended(job_number(2)); // cancelled; its place in the line is still remembered
  q.queue.add({job_number(2), a, {}, {}}, 4, day_one + 1h);
  CHECK(q.take() == numbers{1, 3});
  q.queue.ended(job_number(1));
  CHECK(q.take().empty());
  CHECK(q.take(day_one + 1h) == numbers{2});
}

TEST_CASE("job_queue: an id that is taken stays with the job that has it") {
  numbered_queue q;
  q.add(1, a);
  q.queue.add({job_number(1), b, {}, {}}, 2, {});
  CHECK(q.queue.waiting(a) == 1);
  CHECK(q.queue.waiting(b) == 0);
  CHECK(q.take() == numbers{1});
}

TEST_CASE("job_queue: at start, running jobs hold their slots") {
  numbered_queue q;
  q.queue.add_running({job_number(1), a, {}, {}}, 1);
  q.add(2, a);
  CHECK(q.take().empty());
  q.queue.ended(job_number(1));
  CHECK(q.take() == numbers{2});
}

TEST_CASE("job_queue: numbered slots are each held by one job, and free again after it") {
  numbered_queue q;
  q.queue.number_slots(1);
  q.queue.set_task(a, 2, true);
  for (std::uint64_t n = 1; n <= 3; ++n)
    q.add(n, a);
  const auto taken = q.queue.take(day_one, 10);
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].slot == 2); // the search begins at the seed's place
  CHECK(taken[1].slot == 1);
  q.queue.acquired(taken[0].id, taken[0].slot);
  q.queue.ended(taken[0].id);
  const auto next = q.queue.take(day_one, 10);
  REQUIRE(next.size() == 1);
  CHECK(next[0].slot == 2);
}

TEST_CASE("job_queue: a run above a lowered limit keeps one number from every node") {
  // Two nodes that know the same and choose at the same time must not fill the limit beside it.
  std::vector<std::uint32_t> chosen;
  for (const std::uint64_t seed : {1, 2}) {
    numbered_queue q;
    q.queue.number_slots(seed);
    q.queue.set_task(a, 3, true);
    q.queue.add_running({job_number(1), a, {}, {}, 3}, 1, false);
    q.queue.set_task(a, 2, true);
    q.add(2, a);
    q.add(3, a);
    const auto taken = q.queue.take(day_one, 10);
    REQUIRE(taken.size() == 1);
    chosen.push_back(taken[0].slot);
    q.queue.ended(job_number(1));
    const auto next = q.queue.take(day_one, 10);
    REQUIRE(next.size() == 1);
    CHECK(next[0].slot == 2);
  }
  CHECK(chosen == std::vector<std::uint32_t>{1, 1});
}

TEST_CASE("job_queue: a run from before there was a limit keeps a number from every node") {
  numbered_queue q;
  q.queue.number_slots(1);
  q.queue.set_task(a, std::nullopt, true);
  q.queue.add_running({job_number(1), a, {}, {}}, 1, false);
  q.queue.set_task(a, 2, true);
  q.add(2, a);
  q.add(3, a);
  const auto taken = q.queue.take(day_one, 10);
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].slot == 1);
}

TEST_CASE("job_queue: what another node claims takes a slot but no room here") {
  numbered_queue q;
  q.queue.number_slots(1);
  q.add(1, a);
  const auto taken = q.queue.take(day_one, 10);
  REQUIRE(taken.size() == 1);
  CHECK(q.queue.held_here() == 1);
  q.queue.acquired(job_number(1), 1, false); // the other one's claim came first
  q.queue.unreserve(job_number(1));          // and ours came to nothing
  CHECK(q.queue.held_here() == 0);
  CHECK(q.queue.slots_in_use() == 1);
  q.add(2, a);
  CHECK(q.take().empty()); // no slot
  q.queue.lost(job_number(1));
  CHECK(q.take() == numbers{1});
}

TEST_CASE("job_queue: a reservation that comes to nothing late does not free a later claim") {
  numbered_queue q;
  q.queue.number_slots(1);
  q.add(1, a);
  CHECK(q.take() == numbers{1});             // on its way into the log ...
  q.queue.acquired(job_number(1), 1, false); // ... when another node has claimed it
  q.queue.released(job_number(1));           // and given it back
  CHECK(q.take() == numbers{1});             // reserved once more,
  q.queue.acquired(job_number(1), 1);        // and this one is in the log
  q.queue.unreserve(job_number(1));          // before the first one's answer is here
  CHECK(q.queue.slots_in_use() == 1);
  CHECK(q.take().empty());
}

TEST_CASE("job_queue: two that reserved the same number do not free each other's slot") {
  numbered_queue q;
  q.queue.number_slots(1);
  q.queue.set_task(a, 2, true);
  q.add(1, a);
  q.add(2, a);
  CHECK(q.queue.take(day_one, 1).front().slot == 2); // job 1, here
  q.queue.acquired(job_number(2), 2, false);         // elsewhere, the same number
  q.queue.unreserve(job_number(1));
  const auto again = q.queue.take(day_one, 10);
  REQUIRE(again.size() == 1);
  CHECK(again[0].slot == 1);
}

TEST_CASE("job_queue: a job that is held back waits for its time, and no longer") {
  numbered_queue q;
  q.add(1, a);
  q.queue.hold_back(job_number(1), day_one + std::chrono::seconds{2});
  CHECK(q.take().empty());
  CHECK(q.queue.next_wake() == day_one + std::chrono::seconds{2});
  CHECK(q.take(day_one + std::chrono::seconds{2}) == numbers{1});
}

TEST_CASE(
    "job_queue: a job that is another node's from the start is held back as one that waited") {
  using namespace std::chrono_literals;
  numbered_queue q;
  q.queue.set_task(a, 1, false); // here it can only be given up
  const auto add = [&](std::uint64_t n, std::optional<time_point> run_at, time_point until) {
    q.queue.add({job_number(n), a, {}, day_one + 1s}, n, run_at, until);
  };
  add(1, {}, day_one + 2s);
  add(2, day_one + 3s, day_one + 2s);                            // its own time comes later
  add(3, {}, day_one + 1'970ms);                                 // holds end every 50 ms
  CHECK(q.queue.next_wake() == day_one + 1'970ms + duration{1}); // to give job 3 up
  CHECK(q.take(day_one + 1'970ms).empty());
  CHECK(q.take(day_one + 2s) == numbers{3});
  CHECK(q.take(day_one + 2s + duration{1}) == numbers{1}); // too late, after the other's time
  CHECK(q.take(day_one + 3s).empty());
  CHECK(q.take(day_one + 3s + duration{1}) == numbers{2});
}

TEST_CASE("job_queue: what was left to another node comes after our own, newest first") {
  numbered_queue q;
  q.queue.set_task(a, std::nullopt, true);
  for (std::uint64_t n = 1; n <= 4; ++n) {
    q.add(n, a);
    if (n != 3)
      q.queue.hold_back(job_number(n), day_one + std::chrono::seconds{2});
  }
  q.add(5, a);
  CHECK(q.take() == numbers{3, 5});
  q.add(6, a);
  CHECK(q.take(day_one + std::chrono::seconds{2}) == numbers{6, 4, 2, 1});
}

TEST_CASE("job_queue: what is left to another node is given up here only when that had its time") {
  numbered_queue q;
  q.queue.set_task(a, 1, false); // this node cannot run it, only write down that it is too late
  q.add(1, a, day_one + std::chrono::seconds{1});
  q.queue.hold_back(job_number(1), day_one + std::chrono::seconds{2});
  CHECK(q.take(day_one + std::chrono::seconds{2}) == numbers{});
  CHECK(q.take(day_one + std::chrono::seconds{2} + duration{1}) == numbers{1});
}

TEST_CASE("job_queue: a task's slots may be left to another node for a while") {
  numbered_queue q;
  q.add(1, a);
  const auto until = day_one + std::chrono::milliseconds{100};
  q.queue.hold_back(a, until);
  CHECK(q.take().empty());
  CHECK(q.queue.next_wake() == until);
  CHECK(q.take(until) == numbers{1});
}

TEST_CASE("job_queue: a claim that the log has taken cannot be unreserved") {
  numbered_queue q;
  q.add(1, a);
  CHECK(q.take() == numbers{1});
  q.queue.acquired(job_number(1));
  q.queue.unreserve(job_number(1)); // its answer was lost, and the second offer met the first
  CHECK(q.queue.slots_in_use() == 1);
  CHECK(q.take().empty());
}
