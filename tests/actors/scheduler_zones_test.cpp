// A zone table with other rules than those that a log's fire times came from (DST-10).

#include "forged_log.hpp"
#include "triggers/civil_time.hpp"

using namespace carillon;
using namespace carillon::test;

namespace {

const std::string berlin = "Europe/Berlin";
const node_id test_node{"test"};

/// The number that stands for what this machine knows of Berlin, whatever that is.
std::uint64_t berlin_here() { return triggers::find_zone(berlin).value()->digest(); }

trigger_spec at_nine_in(std::string zone) {
  cron spec;
  spec.hour = "9";
  return resolved({spec, std::move(zone), when{day_one}});
}

/// A log in which another zone table had Berlin at UTC+2 on 2026-01-01.
std::vector<event> log_of_other_rules(std::vector<event> then = {}) {
  std::vector<event> out{task_added{task_id{"work"}, {}}, stored(at_nine_in(berlin), day_one + 7h)};
  std::move(then.begin(), then.end(), std::back_inserter(out));
  return out;
}

/// Starts, and gives the names of what that wrote after node_started.
std::string written_by_start(scheduler& engine) {
  const auto before = engine.status().at;
  must(engine.start());
  std::string out;
  for (const auto& e : must(engine.events(before + 1, 100)))
    out += (out.empty() ? "" : " ") + std::string{listener::name_of(e.what)};
  return out;
}

} // namespace

TEST_CASE("scheduler: a start under other zone rules computes fire times again, once") {
  temp_dir dir;
  const auto url = "rocksdb:" + (dir.path() / "log").string();
  const auto history = GENERATE(
      log_of_other_rules(),                                                  // recorded nothing
      log_of_other_rules({tzdb_changed{test_node, "1970a", {{berlin, 1}}}}), // recorded others
      // Another node knows the rules of now, and has not computed what this one did.
      log_of_other_rules({tzdb_changed{node_id{"other"}, "", {{berlin, berlin_here()}}}}));
  forge(url, history);
  fake_clock clock{day_one};
  std::string hash;
  {
    auto engine = must(scheduler::open(on(clock, url)));
    CHECK(written_by_start(engine) == "schedule_recomputed tzdb_changed");
    CHECK(must(engine.schedule(forged)).next_fire_time == day_one + 8h);
    const auto all = must(engine.events(history.size() + 1, 2));
    const auto& recomputed = std::get<schedule_recomputed>(all[0].what);
    CHECK(recomputed.cause == recompute_cause::zone_rules);
    CHECK(recomputed.previous == day_one + 7h);
    const auto& changed = std::get<tzdb_changed>(all[1].what);
    CHECK(changed.node == test_node);
    CHECK(changed.version == recomputed.rules);
    CHECK(changed.zones == std::vector{zone_rules{berlin, berlin_here()}});
    hash = engine.status().state_hash;
  }
  // The next start has nothing to do.
  auto engine = must(scheduler::open(on(clock, url)));
  CHECK(engine.status().state_hash == hash);
  CHECK(written_by_start(engine).empty());
  CHECK(must(engine.schedule(forged)).next_fire_time == day_one + 8h);
}

TEST_CASE("scheduler: under the same zone rules a start writes nothing of them") {
  temp_dir dir;
  const auto url = "rocksdb:" + (dir.path() / "log").string();
  const auto history = GENERATE(
      std::vector<event>{task_added{task_id{"work"}, {}}, stored(at_nine_in(berlin), day_one + 8h),
                         tzdb_changed{test_node, "x", {{berlin, berlin_here()}}}},
      // Elapsed time and UTC depend on no zone.
      std::vector<event>{task_added{task_id{"work"}, {}}, stored(every(1h), day_one + 1h)},
      std::vector<event>{task_added{task_id{"work"}, {}}, stored(at_nine_in("UTC"), day_one + 9h)});
  forge(url, history);
  fake_clock clock{day_one};
  auto engine = must(scheduler::open(on(clock, url)));
  CHECK(written_by_start(engine).empty());
}

TEST_CASE("scheduler: fire times that a zone's rules did not move are not touched") {
  temp_dir dir;
  const auto url = "rocksdb:" + (dir.path() / "log").string();
  forge(url, {task_added{task_id{"work"}, {}}, stored(at_nine_in(berlin), day_one + 8h),
              tzdb_changed{test_node, "1970a", {{berlin, 1}}}});
  fake_clock clock{day_one};
  auto engine = must(scheduler::open(on(clock, url)));
  CHECK(written_by_start(engine) == "tzdb_changed");
}

TEST_CASE("scheduler: what other rules called late fires once, at the hour of now") {
  temp_dir dir;
  const auto url = "rocksdb:" + (dir.path() / "log").string();
  forge(url, log_of_other_rules());
  fake_clock clock{day_one + 7h + 30min}; // due by the old rules, in half an hour by the new ones
  auto engine = must(scheduler::open(on(clock, url)));
  must(engine.register_task(task_id{"work"}, [] {}));
  listener events{engine};
  must(engine.start());
  CHECK(must(engine.schedule(forged)).next_fire_time == day_one + 8h);
  clock.set(day_one + 8h);
  events.wait("job_finished");
  const auto jobs = must(engine.jobs()).items;
  REQUIRE(jobs.size() == 1);
  CHECK(jobs.front().scheduled_fire_time == day_one + 8h);
}
