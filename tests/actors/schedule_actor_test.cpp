#include "cases.hpp"

using namespace carillon;
using namespace carillon::test;

namespace {

/// A node with task `mail` and schedule `tick`.
struct ticking_node : actor_fixture {
  explicit ticking_node(fixture_options options = {}) : actor_fixture{std::move(options)} {
    done(mail_task(std::nullopt));
    done(every_minute());
  }
};

/// Where the schedule and its task stand in the log.
constexpr position after_setup = 3;

} // namespace

TEST_CASE("schedule_actor: a schedule without its task is refused, with its task in one commit") {
  actor_fixture f;
  const auto refused = f.asked(every_minute());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::not_found);
  CHECK(refused.error().field == "task");
  auto command = every_minute();
  command.task = task_options{};
  CHECK(f.done(command).what == change::created);
  CHECK(f.commits() == "task_added schedule_added");
}

TEST_CASE("schedule_actor: a fire, its job and its claim are one commit") { // PRC-07, DEV-14
  ticking_node f;
  f.at(day_one + 1min);
  CHECK(f.commits(after_setup) == "schedule_fired job_added job_acquired");
  REQUIRE(f.runs->started.size() == 1);
  const auto& run = f.runs->started.front();
  CHECK(run.job.fire_time == day_one + 1min);
  CHECK(run.job.schedule == tick);
  CHECK(run.job.fence == after_setup + 2);
  CHECK(f.alarm == day_one + 2min);
  CHECK(f.schedule(tick)->last_fire_time == day_one + 1min);
}

TEST_CASE("schedule_actor: a schedule whose slots are taken fires into the queue") {
  ticking_node f;
  f.done(mail_task(1));
  f.at(day_one + 1min);
  f.at(day_one + 2min);
  CHECK(f.commits(after_setup + 1) ==
        "schedule_fired job_added job_acquired | schedule_fired job_added");
  CHECK(f.runs->started.size() == 1);
}

TEST_CASE("schedule_actor: of two commands decided on one state the second decides again") {
  ticking_node f;
  const auto pause = f.ask(pause_schedule{tick});
  update_schedule change{tick};
  change.changes.args = payload{.text = "{\"args\":[1]}"};
  const auto update = f.ask(change);
  f.run();
  REQUIRE((*pause && **pause));
  REQUIRE((*update && **update));
  CHECK(f.node->counts.conflicts == 1);
  CHECK(f.names(after_setup) == "schedule_paused schedule_updated");
  CHECK(f.schedule(tick)->paused);
  CHECK(f.schedule(tick)->settings.args.text == "{\"args\":[1]}");
}

TEST_CASE("schedule_actor: a command that always conflicts is refused after some tries") {
  ticking_node f;
  // Before each append of the update, someone else touches the schedule.
  std::uint8_t n = 0;
  const auto reply = f.ask(pause_schedule{tick});
  while (!*reply) {
    stores::commit commit;
    commit.id.bytes[1] = ++n;
    commit.events.push_back(schedule_resumed{.id = tick, .next_fire = day_one + 1min});
    f.append(actors::lane::finish, {commit});
    for (int i = 0; i < 6 && !*reply; ++i)
      f.run_one([](std::size_t) { return 0; });
  }
  f.run();
  CHECK(f.node->counts.conflicts >= 1);
  // However it went, the answer is either done or a conflict, never lost.
  CHECK((**reply || (**reply).error().code == errc::conflict));
}

TEST_CASE("schedule_actor: a pause that comes before the fire wins, one that comes after waits") {
  ticking_node f;
  f.clock.set(day_one + 1min);
  SECTION("pause first: what is due by then still fires, and nothing after it") {
    const auto pause = f.ask(pause_schedule{tick});
    f.ring();
    f.run();
    REQUIRE((*pause && **pause));
    CHECK(f.runs->started.size() == 1);
  }
  SECTION("fire first") {
    f.ring();
    f.run_one([](std::size_t) { return 0; });
    const auto pause = f.ask(pause_schedule{tick});
    f.run();
    REQUIRE((*pause && **pause));
    CHECK(f.runs->started.size() == 1);
  }
  const auto at = f.events().size();
  f.at(day_one + 1h);
  CHECK(f.events().size() == at);
  CHECK_FALSE(f.alarm);
  CHECK(f.schedule(tick)->paused);
}

TEST_CASE("schedule_actor: a removal while the fire is on its way is benign") { // PRC-12
  ticking_node f;
  f.clock.set(day_one + 1min);
  f.ring();
  f.run_one([](std::size_t) { return 0; });
  const auto removal = f.ask(remove_schedule{tick});
  f.run();
  REQUIRE((*removal && **removal));
  CHECK_FALSE(f.schedule(tick));
  CHECK(f.runs->started.size() == 1); // its job stays
  CHECK_FALSE(f.alarm);
}

TEST_CASE("schedule_actor: fires that the log refused are fired again a second later") {
  ticking_node f;
  f.log->failure = error{errc::no_space, "the disk is full"};
  f.clock.set(day_one + 1min);
  f.ring();
  f.run();
  CHECK(f.runs->started.empty());
  CHECK(f.alarm == day_one + 1min + 1s);
  f.at(day_one + 1min + 1s);
  CHECK(f.runs->started.size() == 1);
  CHECK(f.commits(after_setup) == "schedule_fired job_added job_acquired");
}

TEST_CASE("schedule_actor: a clock that is set back between decision and block fires later") {
  ticking_node f;
  f.clock.set(day_one + 1min);
  f.ring();
  f.run_one([](std::size_t) { return 0; }); // the trigger actor
  f.run_one([](std::size_t) { return 0; }); // the schedule actor decides
  f.clock.set(day_one + 30s);
  f.run();
  CHECK(f.names(after_setup).empty());
  CHECK(f.alarm == day_one + 1min);
  f.at(day_one + 1min);
  CHECK(f.commits(after_setup) == "schedule_fired job_added job_acquired");
}

TEST_CASE("schedule_actor: nothing fires before the start, while draining, or on a worker") {
  fixture_options options;
  SECTION("not started") { options.started = false; }
  SECTION("worker") { options.options.role = node_role::worker; }
  ticking_node f{std::move(options)};
  CHECK_FALSE(f.alarm);
  f.clock.set(day_one + 1h);
  f.ring();
  f.run();
  CHECK(f.names(after_setup).empty());
}

TEST_CASE("schedule_actor: a drain that begins stops firing") {
  ticking_node f;
  f.node->draining = true;
  f.at(day_one + 1h);
  CHECK(f.names(after_setup).empty());
}

TEST_CASE("schedule_actor: a long outage is caught up in bounded commits, every time once") {
  ticking_node f; // DEV-13
  update_schedule change{tick};
  change.changes.coalesce = coalesce_policy::all;
  f.done(change);
  f.at(day_one + std::chrono::hours{50});
  std::size_t jobs = 0;
  for (const auto& e : f.events())
    jobs += std::holds_alternative<job_added>(e);
  CHECK(jobs == 3000);
  CHECK(f.node->counts.fires >= 3);
  CHECK(f.hash() == f.replayed().hash());
}

TEST_CASE("schedule_actor: clean_up removes what has finished, and only that") { // LSE-05, LSE-07
  ticking_node f;
  add_schedule shot;
  shot.spec = {.id = schedule_id{"shot"}, .task = mail, .trigger = once_at(day_one + 10s)};
  f.done(shot);
  f.at(day_one + 10s);
  REQUIRE(f.runs->started.size() == 1);
  f.done(clean_up{});
  CHECK(f.schedule(schedule_id{"shot"})); // its job is not done yet
  const auto& run = f.runs->started.front().job;
  f.report({.id = run.id, .fence = run.fence});
  f.run();
  f.done(clean_up{});
  CHECK_FALSE(f.schedule(schedule_id{"shot"}));
  CHECK(f.schedule(tick));
}
