#include "projections/schedule_table.hpp"

#include "support/builders.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;
using projections::schedule_table;

namespace {

const task_id mail{"mail"};

/// A table that counts positions by itself.
struct table_at_position {
  schedule_table table;
  position at = 0;

  void apply(const event& e) { table.apply(e, {++at, day_one}); }

  void add(const std::string& id, std::optional<time_point> next, bool paused = false) {
    apply(schedule_added{.id = schedule_id{id},
                         .settings = schedule_settings{.task = mail, .trigger = every(1min)},
                         .paused = paused,
                         .next_fire = next});
  }
  void fired(const std::string& id, std::optional<time_point> next) {
    apply(schedule_fired{.id = schedule_id{id}, .next_fire = next});
  }
};

std::vector<schedule_id> ids(std::initializer_list<const char*> names) {
  return {names.begin(), names.end()};
}

} // namespace

TEST_CASE("schedule_table: what is due comes out earliest first, and only up to the limit") {
  table_at_position t;
  t.add("c", day_one + 3s);
  t.add("a", day_one + 1s);
  t.add("b", day_one + 2s);
  t.add("later", day_one + 1h);
  CHECK(t.table.next_due() == day_one + 1s);
  CHECK(t.table.take_due(day_one, 10).empty());
  CHECK(t.table.take_due(day_one + 1s, 10) == ids({"a"})); // due is <= now
  CHECK(t.table.take_due(day_one + 1min, 1) == ids({"b"}));
  CHECK(t.table.take_due(day_one + 1min, 10) == ids({"c"}));
  CHECK(t.table.next_due() == day_one + 1h);
}

TEST_CASE("schedule_table: what was taken is parked until an event moves it or it is given back") {
  table_at_position t;
  t.add("a", day_one + 1s);
  t.add("b", day_one + 1s);
  CHECK(t.table.take_due(day_one + 1min, 10).size() == 2);
  CHECK_FALSE(t.table.next_due());
  t.fired("a", day_one + 5s);
  CHECK(t.table.next_due() == day_one + 5s);
  t.table.unpark(schedule_id{"b"});
  CHECK(t.table.next_due() == day_one + 1s);
  t.table.unpark(schedule_id{"gone"});
  CHECK(t.table.size() == 2);
}

TEST_CASE("schedule_table: paused, faulted, finished and removed schedules are never due") {
  table_at_position t;
  t.add("paused", day_one, true);
  t.add("finished", std::nullopt);
  t.add("faulted", day_one);
  t.apply(schedule_faulted{schedule_id{"faulted"}, "limit_exceeded"});
  t.add("removed", day_one);
  t.apply(schedule_removed{schedule_id{"removed"}});
  CHECK_FALSE(t.table.next_due());
  CHECK(t.table.size() == 3);
  t.apply(schedule_resumed{.id = schedule_id{"paused"}, .next_fire = day_one});
  CHECK(t.table.take_due(day_one, 10) == ids({"paused"}));
  t.table.unpark(schedule_id{"faulted"});
  CHECK_FALSE(t.table.next_due());
}

TEST_CASE("schedule_table: its jobs move the fields about the last run and the open count") {
  table_at_position t;
  t.add("a", day_one);
  t.apply(job_added{
      .id = job_number(1), .task = mail, .schedule = schedule_id{"a"}, .fire_time = day_one});
  CHECK(t.table.find(schedule_id{"a"})->open_jobs == 1);
  CHECK(t.table.find(schedule_id{"a"})->last_job == job_number(1));
  t.apply(job_finished{.id = job_number(1),
                       .task = mail,
                       .schedule = schedule_id{"a"},
                       .outcome = job_outcome::error});
  CHECK(t.table.find(schedule_id{"a"})->open_jobs == 0);
  CHECK(t.table.find(schedule_id{"a"})->last_outcome == job_outcome::error);
  t.apply(job_added{.id = job_number(2), .task = mail, .schedule = schedule_id{"gone"}});
  CHECK_FALSE(t.table.find(schedule_id{"gone"}));
}

TEST_CASE("schedule_table: pages go by id and follow each other without gaps") {
  table_at_position t;
  for (const auto* id : {"d", "b", "a", "c", "e"})
    t.add(id, day_one);
  std::string seen;
  for (schedule_id after;;) {
    const auto page = t.table.page(after, 2);
    for (const auto& schedule : page)
      seen += schedule.id.value;
    if (page.size() < 2)
      break;
    after = page.back().id;
  }
  CHECK(seen == "abcde");
  CHECK(t.table.page(schedule_id{"e"}, 2).empty());
}

TEST_CASE("schedule_table: the shares it saves give the same table again, due times too") {
  table_at_position t;
  for (int n = 0; n < 40; ++n)
    t.add("s" + std::to_string(n), day_one + n * 1s, n % 4 == 0);
  schedule_table again;
  for (std::size_t share = 0; share < projections::share_count; ++share)
    REQUIRE(again.load(t.table.save(share)));
  CHECK(again.hash() == t.table.hash());
  CHECK(again.next_due() == t.table.next_due());
  CHECK(again.take_due(day_one + 1h, 100) == t.table.take_due(day_one + 1h, 100));
}
