#include "tools/import_plan.hpp"
#include "tools/import_support.hpp"

using namespace carillon;
using namespace carillon::tools;
using namespace carillon::tools::test;

namespace {

value stored_trigger(const trigger_spec& planned, const char* now) {
  const auto resolved = triggers::resolve(planned, {parse_instant(now).value(), "UTC"}).value();
  return parse_json(events::trigger_to_json(resolved)).value();
}

} // namespace

TEST_CASE("import plan: two imports agree on a trigger whose start was left open") {
  calendar_interval monthly;
  monthly.months = 1;
  const trigger_spec open{filtered{
      {{any_of{
            {{on_calendar{"daily"}, "UTC"}, {interval{std::chrono::hours{1}}}, {monthly, "UTC"}}},
        "UTC"}}}};
  const auto first = stored_trigger(open, "2026-01-01T00:00:00Z");
  const auto second = stored_trigger(open, "2026-02-03T04:05:06Z");
  CHECK(first != second);
  CHECK(without_open_start(open, first) == without_open_start(open, second));
  auto other = open;
  std::get<any_of>(std::get<filtered>(other.kind).triggers.front().kind).triggers.pop_back();
  CHECK(without_open_start(open, stored_trigger(other, "2026-01-01T00:00:00Z")) !=
        without_open_start(open, first));
}

TEST_CASE("import plan: a start that is given counts") {
  trigger_spec given{interval{std::chrono::hours{1}}};
  given.start_time = when{parse_instant("2026-01-01T00:00:00Z").value(), false};
  auto later = given;
  later.start_time->at += std::chrono::minutes{1};
  const auto first = stored_trigger(given, "2026-05-01T00:00:00Z");
  CHECK(without_open_start(given, first) !=
        without_open_start(given, stored_trigger(later, "2026-05-01T00:00:00Z")));
  CHECK(without_open_start(given, value{}) == value{});
}

TEST_CASE("import plan: words are quoted where a shell needs it") {
  CHECK(shell_text({"/bin/x", "", "a b", "it's", "--k=v", "$A", "*"}) ==
        "/bin/x '' 'a b' 'it'\\''s' --k=v '$A' '*'");
}

TEST_CASE("import plan: taken ids are numbered") {
  std::set<std::string> taken;
  CHECK(unique_id("a", taken) == "a");
  CHECK(unique_id("a", taken) == "a-2");
  CHECK(unique_id("a", taken) == "a-3");
  CHECK(name_part("x y/z@1.2_3") == "x-y-z-1.2_3");
}
