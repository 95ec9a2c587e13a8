// Named calendars on a whole engine: schedules follow them, whatever happens in between.

#include "forged_log.hpp"

using namespace carillon;
using namespace carillon::test;

namespace {

constexpr auto day = 24h;
constexpr time_point nine = day_one + 9h;
const calendar_id de{"de"};

std::vector<date_range> january(std::uint8_t first, std::uint8_t last) {
  return {{{2026, 1, first}, {2026, 1, last}}};
}

/// A client with task `work` and a calendar that has nothing before the 31st.
struct calendar_client : engine_fixture {
  calendar_client() : engine_fixture{false} {
    must(engine.ask(configure_task{task_id{"work"}}));
    set(january(31, 31));
  }

  answer set(std::vector<date_range> days) {
    return must(engine.ask(set_calendar{de, std::move(days)}));
  }
  answer add(const std::string& id) {
    return must(engine.ask(
        add_schedule{{.id = schedule_id{id}, .task = task_id{"work"}, .trigger = working_days()}}));
  }
  std::optional<time_point> next_of(const std::string& id) {
    return must(engine.schedule(schedule_id{id})).next_fire_time;
  }
};

} // namespace

TEST_CASE("scheduler: a calendar is made, shown, changed and removed") {
  calendar_client f;
  f.clock.set(day_one + 1h);
  CHECK(f.set(january(31, 31)).what == change::none);
  CHECK(f.set(january(6, 6)).what == change::updated);
  CHECK(must(f.engine.ask(set_calendar{calendar_id{"at"}, january(6, 6)})).what == change::created);
  const auto seen = must(f.engine.calendar(de));
  CHECK(seen.days == january(6, 6));
  CHECK(seen.created_at == day_one);
  CHECK(seen.changed_at == day_one + 1h);
  CHECK(seen.schedule_count == 0);
  const auto first = must(f.engine.calendars({.limit = 1}));
  REQUIRE(first.items.size() == 1);
  CHECK(first.items.front().id == calendar_id{"at"});
  CHECK(must(f.engine.calendars({.cursor = first.next})).items.front().id == de);
  CHECK(must(f.engine.ask(remove_calendar{de})).what == change::removed);
  CHECK(refusal(f.engine.calendar(de)) == "not_found");
  CHECK(refusal(f.engine.ask(remove_calendar{de})) == "not_found");
  CHECK(refusal(f.engine.ask(set_calendar{de, {}})) == "invalid_argument");
}

TEST_CASE("scheduler: the answer to new days comes when the schedules have followed") {
  calendar_client f;
  for (int i = 0; i < 40; ++i) // so many that both owners have some
    CHECK(f.add("s" + std::to_string(i)).next_fire == nine);
  const auto set = f.set(january(1, 2));
  for (int i = 0; i < 40; ++i)
    CHECK(f.next_of("s" + std::to_string(i)) == nine + 2 * day);
  std::size_t moved = 0;
  position calendar_at = 0;
  for (const auto& e : f.log()) {
    if (std::holds_alternative<calendar_set>(e.what))
      calendar_at = e.at;
    if (const auto* recomputed = std::get_if<schedule_recomputed>(&e.what)) {
      ++moved;
      CHECK(recomputed->previous == nine);
      CHECK(recomputed->next_fire == nine + 2 * day);
      CHECK(recomputed->rules == "de");
      CHECK(e.commit->causation == calendar_at);
      CHECK(e.at <= set.at);
    }
  }
  CHECK(moved == 40);
  const auto before = f.engine.status().at;
  f.set(january(1, 2));
  CHECK(f.engine.status().at == before);
}

TEST_CASE("scheduler: a calendar in use stays, and a schedule needs one that exists") {
  calendar_client f;
  f.add("nightly");
  const auto refused = f.engine.ask(remove_calendar{de});
  REQUIRE(refusal(refused) == "conflict");
  CHECK(refused.error().message == "calendar 'de' is used by schedule 'nightly'");
  CHECK(must(f.engine.calendar(de)).schedules == std::vector{schedule_id{"nightly"}});
  must(f.engine.ask(remove_schedule{schedule_id{"nightly"}}));
  must(f.engine.ask(remove_calendar{de}));
  const auto unknown = f.engine.ask(
      add_schedule{{.id = schedule_id{"s"}, .task = task_id{"work"}, .trigger = working_days()}});
  REQUIRE(refusal(unknown) == "invalid_argument");
  CHECK(unknown.error().message.find("calendar 'de' does not exist") == 0);
  CHECK(refusal(f.engine.with_calendars(working_days())) == "invalid_argument");
}

TEST_CASE("scheduler: calendars and who names them come back after a restart") {
  temp_dir dir;
  fake_clock clock{day_one};
  const auto url = "rocksdb:" + (dir.path() / "log").string();
  std::string hash;
  const bool with_snapshot = GENERATE(true, false);
  {
    auto engine = must(scheduler::open(on(clock, url)));
    must(engine.ask(configure_task{task_id{"work"}}));
    must(engine.ask(set_calendar{de, january(1, 1)}));
    must(engine.ask(add_schedule{
        {.id = schedule_id{"s"}, .task = task_id{"work"}, .trigger = working_days()}}));
    if (with_snapshot)
      must(engine.take_snapshot());
    must(engine.ask(set_calendar{calendar_id{"at"}, january(6, 6)}));
    hash = engine.status().state_hash;
  }
  auto engine = must(scheduler::open(on(clock, url)));
  CHECK(engine.status().state_hash == hash);
  CHECK(refusal(engine.ask(remove_calendar{de})) == "conflict");
  must(engine.ask(set_calendar{de, january(1, 2)}));
  CHECK(must(engine.schedule(schedule_id{"s"})).next_fire_time == nine + 2 * day);
}

TEST_CASE("scheduler: schedules follow a calendar whose node died before they could") {
  temp_dir dir;
  const auto url = "rocksdb:" + (dir.path() / "log").string();
  // The day that would have fired next has been left out, and nobody told the schedule; a day
  // further back has come in again, so that it fires earlier.
  forge(url, {task_added{task_id{"work"}, {}}, calendar_set{de, january(1, 3)},
              stored(working_days(), nine + 3 * day), calendar_set{de, january(1, 1)}});
  fake_clock clock{day_one + 2h};
  auto engine = must(scheduler::open(on(clock, url)));
  CHECK(must(engine.schedule(forged)).next_fire_time == nine + 3 * day);
  must(engine.start());
  CHECK(must(engine.schedule(forged)).next_fire_time == nine + day);
}

TEST_CASE("scheduler: a fire meets the days of now, even before its schedule has followed") {
  temp_dir dir;
  const auto url = "rocksdb:" + (dir.path() / "log").string();
  forge(url, {task_added{task_id{"work"}, {}}, calendar_set{de, january(31, 31)},
              stored(working_days(), nine), calendar_set{de, january(1, 1)}});
  fake_clock clock{nine};
  auto engine = must(scheduler::open(on(clock, url)));
  must(engine.start());
  CHECK(must(engine.schedule(forged)).next_fire_time == nine + day);
  CHECK(must(engine.jobs()).items.empty());
}
