#include "engine_fixture.hpp"

#include <unistd.h>

using namespace carillon;
using namespace carillon::test;

namespace {

const task_id echo{"echo"};

/// Returns its argument.
std::string say(std::string text) { return text; }

/// Does nothing until it is told to stop.
void wait_for_stop(const job_context& job) {
  std::promise<void> stopped;
  std::stop_callback on_stop{job.stop(), [&] { stopped.set_value(); }};
  stopped.get_future().wait();
}

job_spec echo_job(const std::string& text = "hello") {
  return {.task = echo, .args = to_payload({.args = {text}})};
}

} // namespace

TEST_CASE("scheduler: a client that was not started commands and reads, and runs nothing") {
  engine_fixture f{false}; // ENG-12
  CHECK(f.engine.state() == scheduler_state::stopped);
  must(f.engine.register_task(echo, say));
  const auto id = must(f.engine.add_job(echo_job()));
  must(f.engine.ask(add_schedule{f.every_minute("tick", "echo")}));
  f.clock.advance(1h);
  CHECK(must(f.engine.job(id)).status == job_status::queued);
  CHECK(refusal(f.engine.result(id)) == "not_ready");
  CHECK(f.count("schedule_fired") == 0);
  must(f.engine.start());
  CHECK(must(f.engine.result(id, patience)).outcome == job_outcome::success);
}

TEST_CASE("scheduler: started twice is refused, stopped twice is not, and it starts again") {
  engine_fixture f; // ENG-11
  must(f.engine.register_task(echo, say));
  CHECK(f.engine.state() == scheduler_state::started);
  CHECK(refusal(f.engine.start()) == "already_running");
  f.engine.stop();
  f.engine.stop();
  CHECK(f.engine.state() == scheduler_state::stopped);
  f.engine.wait_until_stopped();
  const auto id = must(f.engine.add_job(echo_job()));
  CHECK(must(f.engine.job(id)).status == job_status::queued);
  must(f.engine.start());
  CHECK(must(f.engine.result(id, patience)).outcome == job_outcome::success);
  CHECK(f.count("node_started") == 2);
}

TEST_CASE("scheduler: a stop waits for running handlers, then asks them to stop") {
  engine_fixture f; // REL-10
  gate begun;
  must(f.engine.register_task(echo, [begun](const job_context& job) {
    begun.open();
    wait_for_stop(job);
  }));
  const auto id = must(f.engine.add_job({.task = echo}));
  begun.wait();
  f.engine.stop(0s);
  CHECK(must(f.engine.job(id)).status == job_status::finished);
  const auto log = f.log();
  CHECK(listener::name_of(log.back().what) == "node_stopped");
}

TEST_CASE("scheduler: what was claimed and not begun is given back by a stop") {
  fake_clock clock;
  auto options = on(clock);
  options.handler_threads = 1;
  auto engine = must(scheduler::open(options));
  listener events{engine};
  gate begun;
  task_options many;
  many.max_running_jobs = std::optional<std::uint32_t>{};
  must(engine.register_task(
      echo,
      [begun](const job_context& job) {
        begun.open();
        wait_for_stop(job);
      },
      many));
  must(engine.start());
  const auto first = must(engine.add_job({.task = echo}));
  begun.wait();
  const auto second = must(engine.add_job({.task = echo}));
  events.wait("job_acquired", 2);
  engine.stop(0s);
  CHECK(must(engine.job(first)).status == job_status::finished);
  const auto waiting = must(engine.job(second));
  CHECK(waiting.status == job_status::queued);
  events.wait("job_released");
}

TEST_CASE("scheduler: the destructor stops the engine and its handlers") {
  gate begun;
  bool was_stopped = false;
  {
    engine_fixture f;
    must(f.engine.register_task(echo, [begun, &was_stopped](const job_context& job) {
      begun.open();
      wait_for_stop(job);
      was_stopped = true;
    }));
    must(f.engine.add_job({.task = echo}));
    begun.wait();
  }
  CHECK(was_stopped);
}

TEST_CASE("scheduler: two engines on one directory are refused, with the holder's pid") { // STO-09
  temp_dir dir;
  fake_clock clock;
  const auto url = "rocksdb:" + (dir.path() / "log").string();
  auto first = must(scheduler::open(on(clock, url)));
  const auto second = scheduler::open(on(clock, url));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::conflict);
  CHECK_THAT(second.error().message, Catch::Contains(std::to_string(getpid())));
}

TEST_CASE("scheduler: a restart finds everything as it was left") {
  temp_dir dir;
  fake_clock clock;
  const auto options = on(clock, "rocksdb:" + (dir.path() / "log").string());
  status_view before;
  job_id kept;
  job_id queued;
  {
    auto engine = must(scheduler::open(options));
    must(engine.register_task(echo, say));
    must(engine.start());
    auto spec = engine_fixture::every_minute("tick", "echo");
    spec.args = to_payload({.args = {"tick"}});
    must(engine.ask(add_schedule{spec}));
    auto job = echo_job();
    job.result_expiration = 1h;
    kept = must(engine.add_job(job));
    must(engine.result(kept, patience));
    job.run_at = day_one + 1h;
    queued = must(engine.add_job(job));
    engine.stop();
    before = engine.status();
  }
  auto engine = must(scheduler::open(options));
  const auto after = engine.status();
  CHECK(after.at == before.at);
  CHECK(after.state_hash == before.state_hash);
  CHECK(after.chain_hash == before.chain_hash);
  CHECK(after.tasks == 1);
  CHECK(after.schedules == 1);
  CHECK(must(engine.schedule(schedule_id{"tick"})).next_fire_time == day_one + 1min);
  CHECK(must(engine.result(kept)).return_value == value{"hello"});
  CHECK(must(engine.job(queued)).status == job_status::queued);
  must(engine.register_task(echo, say));
  must(engine.start());
  clock.set(day_one + 1h);
  CHECK(must(engine.result(queued, patience)).outcome == job_outcome::success);
}

TEST_CASE("scheduler: a restart without a snapshot builds the same state from the whole log") {
  temp_dir dir;
  fake_clock clock;
  const auto options = on(clock, "rocksdb:" + (dir.path() / "log").string());
  std::string hash;
  {
    auto engine = must(scheduler::open(options));
    must(engine.register_task(echo, say)); // never started, so never stopped: no snapshot
    for (int n = 0; n < 50; ++n) {
      must(engine.ask(add_schedule{engine_fixture::every_minute(std::to_string(n), "echo")}));
      must(engine.add_job(echo_job()));
    }
    hash = engine.status().state_hash;
  }
  const auto engine = must(scheduler::open(options));
  CHECK(engine.status().state_hash == hash);
}

TEST_CASE("scheduler: a snapshot taken while running leads to the same state") {
  temp_dir dir;
  fake_clock clock;
  const auto options = on(clock, "rocksdb:" + (dir.path() / "log").string());
  std::string hash;
  {
    auto engine = must(scheduler::open(options));
    must(engine.register_task(echo, say));
    for (int n = 0; n < 20; ++n)
      must(engine.ask(add_schedule{engine_fixture::every_minute(std::to_string(n), "echo")}));
    CHECK(must(engine.take_snapshot()) == engine.status().at);
    for (int n = 0; n < 20; ++n)
      must(engine.ask(pause_schedule{schedule_id{std::to_string(n)}}));
    hash = engine.status().state_hash;
  }
  const auto engine = must(scheduler::open(options));
  CHECK(engine.status().state_hash == hash);
}

TEST_CASE("scheduler: options that cannot work are refused with their field") {
  fake_clock clock;
  auto options = on(clock);
  options.node = "no blanks";
  CHECK(refusal(scheduler::open(options)) == "invalid_argument");
  options = on(clock);
  options.default_zone = "Mars/Olympus";
  const auto refused = scheduler::open(options);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().field == "default_zone");
  CHECK(refusal(scheduler::open(on(clock, "paper:log"))) == "invalid_argument");
}

TEST_CASE("scheduler: commands beyond waiting_bytes_max are refused as overloaded") {
  fake_clock clock;
  auto options = on(clock);
  options.waiting_bytes_max = 100;
  auto engine = must(scheduler::open(options));
  const auto refused = engine.ask(configure_task{echo});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::overloaded);
  CHECK(engine.status().waiting_bytes == 0);
}
