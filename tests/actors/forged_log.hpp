#pragma once

#include "engine_fixture.hpp"
#include "stores/event_log.hpp"
#include "triggers/next.hpp"
#include "triggers/resolve.hpp"

#include <string>
#include <vector>

/// Logs that an engine of other times could have left behind.
namespace carillon::test {

inline const schedule_id forged{"forged"};

/// Writes `events` into the log at `url`, each in a commit of its own, at `day_one`.
inline void forge(const std::string& url, const std::vector<event>& events) {
  auto log = must(stores::open_log(url));
  const auto session = must(log->open_session(node_id{"forger"}));
  for (const auto& e : events) {
    stores::commit commit;
    commit.known = must(log->head()).at;
    commit.events = {e};
    const auto done = must(log->append(session, day_one, std::vector{commit}));
    REQUIRE(done.outcomes.front().kind == stores::outcome_kind::appended);
  }
}

inline trigger_spec resolved(const trigger_spec& spec) {
  return triggers::resolve(spec, {.now = day_one}).value();
}

/// Each day at nine, UTC, but not on the days of the calendar "de".
inline trigger_spec working_days() {
  cron nine_o_clock;
  nine_o_clock.hour = "9";
  return {filtered{{resolved({nine_o_clock, "UTC", when{day_one}})}, {{.calendar = "de"}}}, "UTC"};
}

/// The schedule `forged` of task `work`, whose next fire time is said to be `next`.
inline schedule_added stored(trigger_spec trigger, time_point next) {
  schedule_settings settings{.task = task_id{"work"}, .trigger = std::move(trigger)};
  return {.id = forged, .settings = settings, .next_fire = next, .cursor = {next, {}}};
}

} // namespace carillon::test
