#include "projections/calendar_table.hpp"

#include "support/builders.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;
using projections::calendar_table;

namespace {

const calendar_id de{"de"};
const calendar_id us{"us"};
const std::vector<date_range> eve{{{2026, 12, 24}, {2026, 12, 24}}};

/// A schedule that leaves out the days of these calendars, each in a trigger of its own.
schedule_settings leaving_out(const std::vector<std::string>& names) {
  any_of either;
  for (const auto& name : names)
    either.triggers.push_back({filtered{{every(1min)}, {{.calendar = name}}}});
  return {.task = task_id{"t"}, .trigger = {either}};
}

std::vector<schedule_id> ids(std::initializer_list<const char*> names) {
  return {names.begin(), names.end()};
}

/// A table that counts positions by itself.
struct table_at_position {
  calendar_table table;
  position at = 0;
  bool apply(const event& e) {
    ++at;
    return table.apply(e, {at, day_one + at * 1s});
  }
};

} // namespace

TEST_CASE("calendar_table: calendars are set, set again and removed") {
  table_at_position t;
  CHECK(t.apply(calendar_set{us, eve}));
  CHECK(t.apply(calendar_set{de, eve}));
  const auto before = t.table.all();
  CHECK(t.apply(calendar_set{de, {{{2026, 5, 1}, {2026, 5, 1}}}}));
  CHECK(t.table.find(de)->revision == 3);
  CHECK(t.table.find(de)->created_at == day_one + 2s);
  CHECK(t.table.find(de)->changed_at == day_one + 3s);
  CHECK(before->at("de")->days == eve); // what was handed out stays as it was
  REQUIRE(t.table.page({}, 10).size() == 2);
  CHECK(t.table.page({}, 1).front()->id == de);
  CHECK(t.table.page(de, 10).front()->id == us);
  CHECK(t.apply(calendar_removed{de}));
  CHECK(t.table.find(de) == nullptr);
  CHECK_FALSE(t.apply(task_removed{task_id{"t"}}));
}

TEST_CASE("calendar_table: who names a calendar follows the schedules' triggers") {
  table_at_position t;
  CHECK_FALSE(t.apply(schedule_added{schedule_id{"b"}, leaving_out({"de", "us"})}));
  t.apply(schedule_added{schedule_id{"a"}, leaving_out({"de", "de"})});
  t.apply(schedule_added{schedule_id{"c"}, leaving_out({})});
  CHECK(t.table.users_of(de) == ids({"a", "b"}));
  CHECK(t.table.users_of(us) == ids({"b"}));
  CHECK(t.table.users() == ids({"a", "b"}));
  t.apply(schedule_updated{schedule_id{"b"}, leaving_out({"us"})});
  CHECK(t.table.users_of(de) == ids({"a"}));
  t.apply(schedule_removed{schedule_id{"a"}});
  CHECK(t.table.users_of(de).empty());
  CHECK(t.table.users() == ids({"b"}));
}

TEST_CASE("calendar_table: only its calendars are in the hash, and none is no hash") {
  table_at_position t;
  t.apply(schedule_added{schedule_id{"a"}, leaving_out({"de"})});
  CHECK(t.table.hash() == projections::state_hash{});
  t.apply(calendar_set{de, eve});
  CHECK_FALSE(t.table.hash() == projections::state_hash{});
  t.apply(calendar_removed{de});
  CHECK(t.table.hash() == projections::state_hash{});
}
