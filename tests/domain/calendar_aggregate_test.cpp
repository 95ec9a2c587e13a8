#include "domain/calendar_aggregate.hpp"

#include "support/given_when_then.hpp"
#include "triggers/day_list.hpp"

namespace carillon::test {

template <> inline constexpr bool starts_aggregate<calendar_set> = true;
template <> inline constexpr bool ends_aggregate<calendar_removed> = true;

} // namespace carillon::test

using namespace carillon;
using namespace carillon::test;

namespace {

const calendar_id de{"de"};

constexpr civil_date may_day{2026, 5, 1};
constexpr civil_date eve{2026, 12, 24};
constexpr civil_date boxing_day{2026, 12, 26};

scenario<domain::calendar_state> given(const std::vector<event>& history) {
  return scenario<domain::calendar_state>{history};
}

std::vector<schedule_id> schedules(int count) {
  std::vector<schedule_id> out;
  for (int i = 1; i <= count; ++i)
    out.emplace_back("s" + std::to_string(i));
  return out;
}

} // namespace

TEST_CASE("calendar_aggregate: a calendar is made with its days in their one form") {
  auto s = given({}).when(set_calendar{de, {{eve, eve}, {may_day, may_day}, {eve, boxing_day}}});
  s.then({calendar_set{de, {{may_day, may_day}, {eve, boxing_day}}}});
  CHECK(s.reply().what == change::created);
  CHECK(s.reply().id == "de");
  CHECK(s.state()->revision == 1);
}

TEST_CASE("calendar_aggregate: setting replaces all days, and the same days change nothing") {
  const std::vector<date_range> christmas{{eve, boxing_day}};
  auto s = given({calendar_set{de, christmas}}).at(day_one + 1h);
  s.when(set_calendar{de, {{{2026, 12, 25}, boxing_day}, {eve, eve}}}).nothing();
  CHECK(s.reply().what == change::none);
  s.when(set_calendar{de, {{may_day, may_day}}}).then({calendar_set{de, {{may_day, may_day}}}});
  CHECK(s.reply().what == change::updated);
  CHECK(s.state()->created_at == day_one);
  CHECK(s.state()->changed_at == day_one + 1h);
}

TEST_CASE("calendar_aggregate: what is no list of days is refused, and where") {
  struct refusal {
    std::string name;
    std::vector<date_range> days;
    errc code;
    std::string field;
  };
  const std::vector<date_range> many(triggers::day_ranges_max + 1, {eve, eve});
  for (const auto& [name, days, code, field] : std::vector<refusal>{
           {"d e", {{eve, eve}}, errc::invalid_argument, "id"},
           {"de", {}, errc::invalid_argument, "days"},
           {"de", {{eve, eve}, {{2026, 2, 29}, {2026, 3, 1}}}, errc::invalid_argument, "days[1]"},
           {"de", {{boxing_day, eve}}, errc::invalid_argument, "days[0]"},
           {"de", many, errc::limit_exceeded, "days"}}) {
    INFO(name << ' ' << field);
    given({}).when(set_calendar{calendar_id{name}, days}).refused(code, field);
  }
}

TEST_CASE("calendar_aggregate: a calendar goes only when no schedule names it") {
  auto s = given({calendar_set{de, {{eve, eve}}}});
  s.when(remove_calendar{de}, schedules(1)).refused(errc::conflict, "id");
  const auto refused = decide(s.state(), remove_calendar{de}, schedules(7));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "calendar 'de' is used by the schedules 's1', 's2', 's3', 's4', 's5' and 2 more");
  s.when(remove_calendar{de}, schedules(0)).then({calendar_removed{de}});
  CHECK(s.reply().what == change::removed);
  s.when(remove_calendar{de}, schedules(0)).refused(errc::not_found, "id");
}
