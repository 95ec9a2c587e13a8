#pragma once

#include "stores/event_log.hpp"
#include "tests/sim/world.hpp"
#include "triggers/next.hpp"

#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace carillon::sim {

/// When a node decided a commit, by its idea of the store's clock: nodes of a simulation write it
/// where others write where a request came from.
std::string decided_at_text(time_point now);

/// G2: every due fire of every schedule has exactly one fate, and those that became jobs have one
/// job each. Enumerates the fire times itself, step by step, and lets nothing be left out or
/// settled twice or early.
class fire_checker {
public:
  explicit fire_checker(world& w) : world_{w} {}

  void check(const stores::block& block, const stores::recorded_commit& commit);
  /// Nothing that was due by `due` may be without a fate now.
  void finish(time_point due);

private:
  /// A schedule's own enumeration.
  struct plan {
    std::optional<triggers::compiled_trigger> trigger;
    std::optional<time_point> next;
    trigger_cursor cursor = {};
    position incarnation = 0;
    bool paused = false;
    bool has_grace = false;
  };

  void start(const schedule_id& id, const schedule_settings& settings, position at);
  void step(plan& of);
  void settle(const schedule_id& id, plan& of, const std::vector<fate>& fates, bool is_resume);
  void expect_next(const schedule_id& id, std::optional<time_point> next);
  void expect_settled(const schedule_id& id, const std::string& what);
  void check_job(const job_added& job);
  void fail(const schedule_id& id, const std::string& what);

  world& world_;
  std::map<schedule_id, plan> plans_;
  // Of the commit that is being checked.
  position at_ = 0;
  time_point block_time_{};
  time_point decided_{};
  std::set<std::pair<schedule_id, time_point>> jobs_due_;
};

} // namespace carillon::sim
