// Several engines in this process on one log in PostgreSQL: who fires, who runs, who takes over.

#include "forged_log.hpp"
#include "stores/postgres_migrations.hpp"
#include "tests/support/postgres_server.hpp"

#include <atomic>
#include <map>
#include <set>
#include <thread>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

const task_id work{"work"};

scheduler_options node_options(const std::string& log, const std::string& name) {
  auto options = shared_log_options(log, name);
  options.handler_threads = 4;
  options.session_ttl = 2s;
  return options;
}

scheduler_options labelled(const std::string& log, const std::string& name,
                           std::vector<std::string> labels) {
  auto options = node_options(log, name);
  options.labels = std::move(labels);
  return options;
}

/// A node whose task `work` counts its runs, and may wait at a gate.
struct node {
  node(const std::string& log, const std::string& name, std::vector<std::string> labels = {})
      : name{name}, engine{must(scheduler::open(labelled(log, name, std::move(labels))))} {
    must(engine.register_task(work,
                              [this](const job_context& job) -> task_result {
                                ++runs;
                                while (is_blocked && !job.stop().stop_requested())
                                  std::this_thread::sleep_for(1ms);
                                if (job.stop().stop_requested())
                                  return refuse(errc::cancelled, "told to stop");
                                return value{};
                              },
                              {.max_running_jobs = std::optional<std::uint32_t>{}}));
    must(engine.start());
  }

  std::string name;
  std::atomic<int> runs{0};
  std::atomic<bool> is_blocked{false};
  scheduler engine;
};

template <class Condition> bool eventually(Condition is_so) {
  for (const auto until = std::chrono::steady_clock::now() + 30s;
       std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(5ms))
    if (is_so())
      return true;
  return false;
}

std::vector<recorded_event> all_events(scheduler& engine) {
  std::vector<recorded_event> out;
  for (position after = 0;;) {
    auto found = must(engine.events(after, 1000));
    if (found.empty())
      return out;
    after = found.back().at;
    std::move(found.begin(), found.end(), std::back_inserter(out));
  }
}

std::size_t count_of(const std::vector<recorded_event>& events, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(events.begin(), events.end(),
                    [&](const recorded_event& e) { return listener::name_of(e.what) == name; }));
}

bool is_applied_everywhere(const std::vector<scheduler*>& engines) {
  std::set<std::pair<position, std::string>> states;
  for (auto* engine : engines) {
    const auto status = engine->status();
    states.emplace(status.at, status.state_hash);
  }
  return states.size() == 1;
}

} // namespace

TEST_CASE("shared log: jobs added at one node run on all of them, each once") {
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a"};
  node b{log, "b"};
  node c{log, "c"};
  std::vector<job_id> jobs;
  const auto add = [&] { jobs.push_back(must(a.engine.add_job({.task = work}))); };
  // The others get their part once a has read that they are there.
  REQUIRE(eventually([&] {
    add();
    return b.runs > 0 && c.runs > 0;
  }));
  for (int i = 0; i < 300; ++i)
    add();
  must(b.engine.wait_for(a.engine.status().at, patience)); // read what was written elsewhere
  for (const auto& id : jobs)
    REQUIRE(must(b.engine.result(id, patience)).outcome == job_outcome::success);
  const auto count = jobs.size();
  CHECK(static_cast<std::size_t>(a.runs + b.runs + c.runs) == count);
  CHECK(a.runs > 0);
  REQUIRE(eventually([&] { return is_applied_everywhere({&a.engine, &b.engine, &c.engine}); }));
  CHECK(count_of(all_events(a.engine), "job_finished") == count);
}

TEST_CASE("shared log: each fire is recorded once, and runs on some node") {
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a"};
  node b{log, "b"};
  for (int i = 0; i < 20; ++i) {
    schedule_spec spec;
    spec.id = schedule_id{"s" + std::to_string(i)};
    spec.task = work;
    spec.trigger = trigger_spec{interval{100ms}};
    must((i % 2 == 0 ? a : b).engine.ask(add_schedule{std::move(spec)}));
  }
  REQUIRE(eventually([&] { return a.runs + b.runs >= 400 && a.runs > 0 && b.runs > 0; }));
  std::map<std::pair<std::string, time_point>, int> fires;
  for (const auto& e : all_events(a.engine))
    if (const auto* job = std::get_if<job_added>(&e.what))
      ++fires[{job->schedule.value, *job->fire_time}];
  for (const auto& [fire, times] : fires)
    REQUIRE(times == 1);
}

TEST_CASE("shared log: a limit of running jobs holds over all nodes") {
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a"};
  node b{log, "b"};
  must(a.engine.ask(configure_task{work, {.max_running_jobs = std::optional<std::uint32_t>{2}}}));
  for (int i = 0; i < 60; ++i)
    must((i % 2 == 0 ? a : b).engine.add_job({.task = work}));
  REQUIRE(eventually([&] { return a.runs + b.runs == 60; }));
  REQUIRE(eventually([&] { return count_of(all_events(a.engine), "job_finished") == 60; }));
  int running = 0;
  for (const auto& e : all_events(a.engine)) {
    running += std::holds_alternative<job_acquired>(e.what);
    running -= std::holds_alternative<job_finished>(e.what);
    REQUIRE(running <= 2);
  }
}

TEST_CASE("shared log: a task that demands labels runs only where they are") {
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a", {"zone=a"}};
  node b{log, "b", {"gpu", "zone=b"}};
  const auto demand = [&](std::map<std::string, std::string> labels) {
    must(a.engine.ask(configure_task{work, {.required_labels = std::move(labels)}}));
    std::vector<job_id> jobs;
    for (int i = 0; i < 20; ++i)
      jobs.push_back(must(a.engine.add_job({.task = work})));
    return jobs;
  };
  for (const auto& id : demand({{"gpu", ""}, {"zone", "b"}}))
    CHECK(must(a.engine.result(id, patience)).outcome == job_outcome::success);
  CHECK(a.runs == 0);
  CHECK(b.runs == 20);
  const auto waiting = demand({{"zone", "c"}});
  CHECK_FALSE(must(a.engine.task(work)).claimable);
  for (const auto& id : demand({{"zone", "a"}}))
    CHECK(must(a.engine.result(id, patience)).outcome == job_outcome::success);
  for (const auto& id : waiting) // what had waited for zone c
    CHECK(must(a.engine.result(id, patience)).outcome == job_outcome::success);
  CHECK(a.runs == 40);
  CHECK(b.runs == 20);
}

TEST_CASE("shared log: a cancel reaches the node that runs the job") {
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a"};
  node b{log, "b"};
  a.is_blocked = b.is_blocked = true;
  const auto id = must(a.engine.add_job({.task = work}));
  REQUIRE(eventually([&] { return a.runs + b.runs == 1; }));
  auto& other = a.runs == 1 ? b : a;
  REQUIRE(eventually([&] { return other.engine.ask(cancel_job{id, "enough"}).has_value(); }));
  CHECK(must(other.engine.result(id, patience)).outcome == job_outcome::cancelled);
}

TEST_CASE("shared log: a node that drains gives its work away, and leaves") {
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a"};
  {
    node b{log, "b"};
    REQUIRE(eventually([&] { return must(a.engine.nodes()).size() == 2; }));
    b.engine.stop();
    std::vector<job_id> jobs;
    for (int i = 0; i < 20; ++i)
      jobs.push_back(must(b.engine.add_job({.task = work})));
    for (const auto& id : jobs)
      CHECK(must(b.engine.result(id, patience)).outcome == job_outcome::success);
    CHECK(b.runs == 0);
  }
  CHECK(must(a.engine.nodes()).size() == 1);
}

TEST_CASE("shared log: a name that a live node holds is refused, with what to do") {
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a"};
  const auto second = scheduler::open(node_options(log, "a"));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::conflict);
  CHECK(second.error().field == "node");
}

TEST_CASE("shared log: the database goes and comes back, and everything goes on") {
  carillon::testing::postgres_server server;
  const auto log = server.url("away");
  must(stores::migrate_postgres(log));
  node a{log, "a"};
  must(a.engine.add_job({.task = work}));
  REQUIRE(eventually([&] { return a.runs == 1; }));
  server.kill();
  REQUIRE(eventually([&] {
    const auto refused = a.engine.add_job({.task = work});
    return !refused && refused.error().code == errc::unavailable;
  }));
  std::this_thread::sleep_for(3s); // the session is lost meanwhile
  server.start();
  REQUIRE(eventually([&] { return a.engine.add_job({.task = work}).has_value(); }));
  REQUIRE(eventually([&] { return a.runs >= 2; }));
}

TEST_CASE("shared log: a calendar that one node sets is followed on all of them") {
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a"};
  node b{log, "b"};
  const auto next_day = wall_clock().now() + 48h;
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(next_day)};
  const civil_date day{static_cast<int>(date.year()),
                       static_cast<std::uint8_t>(unsigned{date.month()}),
                       static_cast<std::uint8_t>(unsigned{date.day()})};
  const time_point due{std::chrono::floor<std::chrono::days>(next_day) + 12h};
  must(a.engine.ask(set_calendar{calendar_id{"de"}, {{{2026, 1, 1}, {2026, 1, 1}}}}));
  const trigger_spec noon{filtered{{{interval{24h}, "", when{due}}}, {{.calendar = "de"}}}, "UTC"};
  REQUIRE(eventually([&] { return b.engine.calendar(calendar_id{"de"}).has_value(); }));
  for (int i = 0; i < 10; ++i)
    must(b.engine.ask(
        add_schedule{{.id = schedule_id{"s" + std::to_string(i)}, .task = work, .trigger = noon}}));
  REQUIRE(eventually([&] { return a.engine.schedule(schedule_id{"s9"}).has_value(); }));
  must(a.engine.ask(set_calendar{calendar_id{"de"}, {{day, day}}}));
  CHECK(must(a.engine.schedule(schedule_id{"s3"})).next_fire_time == due + 24h);
  CHECK(refusal(a.engine.ask(remove_calendar{calendar_id{"de"}})) == "conflict");
  REQUIRE(eventually([&] { return is_applied_everywhere({&a.engine, &b.engine}); }));
  CHECK(must(b.engine.schedule(schedule_id{"s3"})).next_fire_time == due + 24h);
  CHECK(count_of(all_events(a.engine), "schedule_recomputed") == 10);
}

TEST_CASE("shared log: a task is not removed while another node begins to use it") { // TSK-12
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a"};
  node b{log, "b"};
  const trigger_spec daily{interval{24h}};
  constexpr int rounds = 60;
  int removed = 0;
  for (int round = 0; round < rounds; ++round) {
    // From 12 ms before the other node to 12 ms after it.
    const auto ahead = 400us * (rounds / 2 - round);
    const task_id task{"t" + std::to_string(round)};
    const schedule_id schedule{"s" + std::to_string(round)};
    must(a.engine.ask(configure_task{task, {}}));
    REQUIRE(eventually([&] { return b.engine.task(task).has_value(); }));
    bool is_used = false;
    std::thread user{[&] {
      std::this_thread::sleep_for(ahead);
      const command use =
          round % 2 == 0 ? command{add_schedule{{.id = schedule, .task = task, .trigger = daily}}}
                         : command{add_jobs{{{.task = task}}}};
      is_used = b.engine.ask(use).has_value();
    }};
    std::this_thread::sleep_for(-ahead);
    const bool is_removed = a.engine.ask(remove_task{task}).has_value();
    user.join();
    INFO("round " << round);
    CHECK(is_used != is_removed);
    removed += is_removed ? 1 : 0;
  }
  CHECK(removed > 0);
  CHECK(removed < rounds);
}

TEST_CASE("shared log: what a node that died left behind a calendar, the others do") {
  const auto log = carillon::testing::fresh_postgres_log();
  node a{log, "a"};
  node b{log, "b"};
  const auto later = std::chrono::floor<std::chrono::days>(wall_clock().now()) + 30 * 24h;
  const time_point due{later};
  const trigger_spec daily{filtered{{{interval{24h}, "", when{due}}}, {{.calendar = "de"}}}, "UTC"};
  const date_range far{{2200, 1, 1}, {2200, 1, 1}};
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(later)};
  const civil_date day{static_cast<int>(date.year()),
                       static_cast<std::uint8_t>(unsigned{date.month()}),
                       static_cast<std::uint8_t>(unsigned{date.day()})};
  must(a.engine.ask(set_calendar{calendar_id{"de"}, {far}}));
  must(a.engine.ask(add_schedule{{.id = schedule_id{"s"}, .task = work, .trigger = daily}}));
  // Someone else sets the days, and does nothing more.
  forge(log, {calendar_set{calendar_id{"de"}, {{day, day}}}});
  const auto next = [&](node& of) {
    return must(of.engine.schedule(schedule_id{"s"})).next_fire_time;
  };
  REQUIRE(eventually([&] { return next(a) == due + 24h && next(b) == due + 24h; }));
  REQUIRE(eventually([&] { return is_applied_everywhere({&a.engine, &b.engine}); }));
  CHECK(count_of(all_events(a.engine), "schedule_recomputed") == 1);
}

TEST_CASE("shared log: other zone rules move a fire time once, whichever nodes find them") {
  const auto log = carillon::testing::fresh_postgres_log();
  cron nine_o_clock;
  nine_o_clock.hour = "9";
  const auto start = std::chrono::floor<std::chrono::days>(wall_clock().now()) + 30 * 24h;
  const auto in_tokyo = resolved({nine_o_clock, "Asia/Tokyo", when{time_point{start}}});
  // Some zone table had Tokyo five hours further west.
  forge(log, {task_added{work, {}}, stored(in_tokyo, time_point{start} + 5h)});
  {
    node a{log, "a"};
    node b{log, "b"};
    const auto next = [&](node& of) { return must(of.engine.schedule(forged)).next_fire_time; };
    REQUIRE(eventually([&] { return next(a) == time_point{start} && next(b) == next(a); }));
    REQUIRE(eventually([&] { return is_applied_everywhere({&a.engine, &b.engine}); }));
    const auto events = all_events(a.engine);
    CHECK(count_of(events, "schedule_recomputed") == 1);
    CHECK(count_of(events, "tzdb_changed") == 2); // each records its own table
  }
  node a{log, "a"};
  CHECK(count_of(all_events(a.engine), "tzdb_changed") == 2);
}
