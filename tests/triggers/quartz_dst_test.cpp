// At clock changes dialect quartz does as java.util.Calendar does.

#include "triggers/trigger_support.hpp"

namespace carillon::triggers {

TEST_CASE("quartz: of a repeated hour only the second pass fires, and none is lost") {
  auto kind = cron_from_quartz("0 0/30 1-3 25 10 ?");
  REQUIRE(kind);
  trigger_spec spec{std::move(*kind), "Europe/Berlin"};
  spec.start_time = test::instant("2026-10-01T00:00:00Z");
  CHECK(test::fires(test::built(spec), 6) ==
        std::vector<std::string>{"2026-10-25T01:00:00+02:00", "2026-10-25T01:30:00+02:00",
                                 "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00",
                                 "2026-10-25T03:00:00+01:00", "2026-10-25T03:30:00+01:00"});
}

} // namespace carillon::triggers
