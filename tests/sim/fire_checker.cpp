#include "tests/sim/fire_checker.hpp"

#include "domain/schedule_aggregate.hpp"

namespace carillon::sim {
namespace {

/// Fire times that one fate may stand for in a simulation of minutes.
constexpr std::uint64_t fires_max = 100'000;

std::string text_of(std::optional<time_point> t) { return t ? to_rfc3339(*t) : "none"; }

} // namespace

std::string decided_at_text(time_point now) {
  return std::to_string(now.time_since_epoch().count());
}

void fire_checker::fail(const schedule_id& id, const std::string& what) {
  world_.fail("G2: position " + std::to_string(at_) + ", schedule " + id.value + ": " + what);
}

void fire_checker::start(const schedule_id& id, const schedule_settings& settings, position at) {
  auto& made = plans_[id];
  made = {};
  auto compiled = triggers::compile(settings.trigger);
  if (!compiled)
    return fail(id, "its trigger does not compile");
  made.trigger = std::move(*compiled);
  made.incarnation = at;
  made.has_grace = settings.misfire_grace_time.has_value();
  step(made);
}

void fire_checker::step(plan& of) {
  auto found = triggers::next(*of.trigger, of.cursor);
  of.next = found ? found->at : std::nullopt;
  if (found)
    of.cursor = std::move(found->cursor);
}

void fire_checker::settle(const schedule_id& id, plan& of, const std::vector<fate>& fates,
                          bool is_resume) {
  for (const auto& f : fates) {
    if (of.next != f.first)
      return fail(id, "a fate begins at " + to_rfc3339(f.first) +
                          ", the first fire time without one is " + text_of(of.next));
    if (!is_resume && f.last > block_time_)
      return fail(id, "the fire of " + to_rfc3339(f.last) + " was settled early");
    if (f.what == fate_kind::missed && !of.has_grace)
      return fail(id, to_rfc3339(f.first) + " was missed, but may run however late");
    std::uint64_t count = 0;
    time_point last{};
    while (of.next && *of.next <= f.last && count < fires_max) {
      last = *of.next;
      if (f.what == fate_kind::job)
        jobs_due_.emplace(id, last);
      ++count;
      step(of);
    }
    if (last != f.last || (f.count != 0 && f.count != count))
      return fail(id, "a fate names " + std::to_string(f.count) + " fire times up to " +
                          to_rfc3339(f.last) + ", there are " + std::to_string(count) + " up to " +
                          to_rfc3339(last));
  }
}

void fire_checker::expect_next(const schedule_id& id, std::optional<time_point> next) {
  if (const auto& mine = plans_[id].next; mine != next)
    fail(id, "is said to fire next at " + text_of(next) + ", it is " + text_of(mine));
}

void fire_checker::expect_settled(const schedule_id& id, const std::string& what) {
  if (const auto& next = plans_[id].next; next && *next <= decided_)
    fail(id, what + " although the fire of " + to_rfc3339(*next) + " has no fate");
}

void fire_checker::check_job(const job_added& job) {
  if (job.schedule.empty() || !job.fire_time)
    return; // somebody asked for it
  if (jobs_due_.erase({job.schedule, *job.fire_time}) == 0)
    return fail(job.schedule, "a job for " + to_rfc3339(*job.fire_time) + ", whose fate it is not");
  const auto incarnation = plans_[job.schedule].incarnation;
  if (job.id != domain::derived_job_id(job.schedule, incarnation, *job.fire_time))
    fail(job.schedule,
         "the job of " + to_rfc3339(*job.fire_time) + " has an id that is not derived");
}

void fire_checker::check(const stores::block& block, const stores::recorded_commit& commit) {
  at_ = commit.first;
  block_time_ = block.time;
  decided_ = time_point{duration{std::atoll(commit.meta->from.c_str())}};
  for (const auto& e : commit.events) {
    if (const auto* added = std::get_if<schedule_added>(&e)) {
      start(added->id, added->settings, at_);
      plans_[added->id].paused = added->paused;
      expect_next(added->id, added->next_fire);
    } else if (const auto* updated = std::get_if<schedule_updated>(&e)) {
      if (updated->trigger_reset) {
        expect_settled(updated->id, "replaced");
        start(updated->id, updated->settings, at_);
      }
      plans_[updated->id].paused = updated->paused;
      plans_[updated->id].has_grace = updated->settings->misfire_grace_time.has_value();
      expect_next(updated->id, updated->next_fire);
    } else if (const auto* fired = std::get_if<schedule_fired>(&e)) {
      settle(fired->id, plans_[fired->id], fired->fates, false);
      expect_next(fired->id, fired->next_fire);
    } else if (const auto* resumed = std::get_if<schedule_resumed>(&e)) {
      settle(resumed->id, plans_[resumed->id], resumed->fates, true);
      plans_[resumed->id].paused = false;
      expect_next(resumed->id, resumed->next_fire);
    } else if (const auto* paused = std::get_if<schedule_paused>(&e)) {
      expect_settled(paused->id, "paused");
      plans_[paused->id].paused = true;
    } else if (const auto* removed = std::get_if<schedule_removed>(&e)) {
      expect_settled(removed->id, "removed");
      plans_.erase(removed->id);
    } else if (const auto* job = std::get_if<job_added>(&e)) {
      check_job(*job);
    }
    ++at_;
  }
  for (const auto& [id, due] : jobs_due_)
    fail(id, "the fate of " + to_rfc3339(due) + " is a job, but there is none");
  jobs_due_.clear();
}

void fire_checker::finish(time_point due) {
  for (const auto& [id, of] : plans_)
    if (!of.paused && of.next && *of.next <= due)
      fail(id, "the fire of " + to_rfc3339(*of.next) + " is without a fate");
}

} // namespace carillon::sim
