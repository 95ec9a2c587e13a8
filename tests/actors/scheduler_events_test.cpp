#include "engine_fixture.hpp"

#include <atomic>
#include <stdexcept>

using namespace carillon;
using namespace carillon::test;

namespace {

const task_id work{"work"};

/// A client with two tasks, a schedule and a job: four events.
struct told : engine_fixture {
  told() : engine_fixture{false} {
    must(engine.ask(configure_task{work}));
    must(engine.ask(configure_task{task_id{"other"}}));
    must(engine.ask(add_schedule{every_minute("tick", "work")}));
    must(engine.add_job({.task = work}));
  }

  /// Names of all events that pass `filter`, as a subscriber from the start hears them.
  std::string heard(event_filter filter) {
    std::promise<void> done;
    std::string names;
    auto last = engine.status().at;
    // Subscribers are served in the order in which they came, so the second hears the end last.
    const auto all = engine.subscribe(
        std::move(filter),
        [&](const recorded_event& e) {
          names += (names.empty() ? "" : " ") + std::string{listener::name_of(e.what)};
        },
        0);
    const auto end = engine.subscribe(
        {},
        [&](const recorded_event& e) {
          if (e.at == last)
            done.set_value();
        },
        0);
    done.get_future().wait();
    return names;
  }
};

} // namespace

TEST_CASE("scheduler: a subscriber without a filter hears everything, in order") { // EVT-08, EVT-10
  told f;
  CHECK(f.heard({}) == "task_added task_added schedule_added job_added");
}

TEST_CASE("scheduler: subscribers choose by type, category and stream") { // DEV-26
  told f;
  CHECK(f.heard({.types = {"job_added", "schedule_added"}}) == "schedule_added job_added");
  CHECK(f.heard({.category = stream_category::task}) == "task_added task_added");
  CHECK(f.heard({.stream = "task-other"}) == "task_added");
  CHECK(f.heard({.types = {"job_added"}, .category = stream_category::task}).empty());
}

TEST_CASE("scheduler: a subscriber may start anywhere in the log, or now") { // DEV-27
  told f;
  std::promise<position> later;
  const auto from_two = f.engine.subscribe(
      {},
      [&, first = true](const recorded_event& e) mutable {
        if (std::exchange(first, false))
          later.set_value(e.at);
      },
      2);
  CHECK(later.get_future().get() == 3);
  std::promise<position> next;
  const auto from_now = f.engine.subscribe({}, [&, first = true](const recorded_event& e) mutable {
    if (std::exchange(first, false))
      next.set_value(e.at);
  });
  const auto at = must(f.engine.ask(pause_schedule{schedule_id{"tick"}})).at;
  CHECK(next.get_future().get() == at);
}

TEST_CASE("scheduler: an event carries its envelope") { // EVT-01
  told f;
  const auto log = f.log();
  REQUIRE(log.size() == 4);
  CHECK(log[0].at == 1);
  CHECK(log[0].time == day_one);
  CHECK(log[0].node == node_id{"test"});
  REQUIRE(log[0].commit);
  CHECK(log[0].commit->who == "local");
  CHECK(must(f.engine.events(2, 1)).front().at == 3);
}

TEST_CASE("scheduler: a callback that throws is called again, and hurts nobody else") { // EVT-11
  told f;
  std::atomic<int> calls{0};
  const auto angry = f.engine.subscribe({}, [&](const recorded_event&) {
    if (++calls % 2 == 0)
      throw std::runtime_error{"no"};
    throw 7;
  });
  listener calm{f.engine};
  must(f.engine.ask(pause_schedule{schedule_id{"tick"}}));
  must(f.engine.ask(resume_schedule{schedule_id{"tick"}}));
  calm.wait("schedule_resumed");
  must(f.engine.ask(configure_task{task_id{"third"}}));
  calm.wait("task_added", 3);
  CHECK(calls == 3);
}

TEST_CASE("scheduler: a subscription that has ended is silent") {
  told f;
  int calls = 0;
  {
    auto token = f.engine.subscribe({}, [&](const recorded_event&) { ++calls; });
    must(f.engine.ask(pause_schedule{schedule_id{"tick"}}));
    token.unsubscribe();
  }
  const auto before = calls;
  listener events{f.engine};
  must(f.engine.ask(resume_schedule{schedule_id{"tick"}}));
  events.wait("schedule_resumed");
  CHECK(calls == before);
}

TEST_CASE("scheduler: a subscription may be ended from inside its callback") {
  told f;
  std::atomic<int> calls{0};
  subscription token;
  std::promise<void> subscribed;
  token =
      f.engine.subscribe({}, [&, ready = subscribed.get_future().share()](const recorded_event&) {
        ready.wait();
        ++calls;
        token.unsubscribe();
      });
  subscribed.set_value();
  listener events{f.engine};
  must(f.engine.ask(pause_schedule{schedule_id{"tick"}}));
  must(f.engine.ask(resume_schedule{schedule_id{"tick"}}));
  events.wait("schedule_resumed");
  CHECK(calls == 1);
}

TEST_CASE("scheduler: a subscription that ends while it catches up holds up nobody") {
  told f;
  // It ends at its first event of four; the catch-up went on asking for the second for ever.
  subscription ending;
  gate assigned;
  ending = f.engine.subscribe(
      {},
      [&](const recorded_event&) {
        assigned.wait();
        ending.unsubscribe();
      },
      0);
  assigned.open();
  CHECK(f.heard({}) == "task_added task_added schedule_added job_added");
}

TEST_CASE("scheduler: the next event can be waited for, with an end to the patience") { // EVT-12
  told f;
  CHECK(refusal(f.engine.next_event({.types = {"job_finished"}}, 1ms)) == "timed_out");
}

TEST_CASE("scheduler: status and stats count what happened") {
  told f;
  const auto status = f.engine.status();
  CHECK(status.at == 4);
  CHECK(status.node == node_id{"test"});
  CHECK(status.tasks == 2);
  CHECK(status.schedules == 1);
  CHECK(status.jobs_waiting == 1);
  CHECK(status.state_hash.size() == 32);
  CHECK(status.chain_hash.size() == 64);
  const auto stats = f.engine.stats();
  CHECK(stats.records == 4);
  CHECK(stats.commits == 4);
  must(f.engine.wait_for(4, 1s));
  CHECK(refusal(f.engine.wait_for(5, 1ms)) == "timed_out");
}

TEST_CASE("scheduler: the three ways to ask give the same answer") { // ENG-13
  told f;
  const auto blocking = must(f.engine.ask(pause_schedule{schedule_id{"tick"}}));
  const auto future = must(f.engine.ask_future(pause_schedule{schedule_id{"tick"}}).get());
  std::promise<expected<answer>> called;
  f.engine.ask_async(pause_schedule{schedule_id{"tick"}}, {},
                     [&](expected<answer> a) { called.set_value(std::move(a)); });
  const auto callback = must(called.get_future().get());
  CHECK(blocking.at == future.at);
  CHECK(blocking.at == callback.at);
}
