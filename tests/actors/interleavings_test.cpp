// One schedule and everything that may happen to it, with the actors' messages handled in random
// orders. Whatever the order: each fire time has one fate, each job one end, a paused schedule does
// not fire, no command goes unanswered, and what the actors hold is what replay builds.

#include "cases.hpp"

#include <rapidcheck.h>

#include <map>
#include <set>

// RC_ASSERT takes its expression apart and evaluates both sides of || and &&: hence (( )).
using namespace carillon;
using namespace carillon::test;

namespace {

/// Reads the log as an outsider and complains.
class checker {
public:
  void read(const std::vector<event>& events) {
    for (const auto& e : events) {
      ++at_;
      std::visit([this](const auto& what) { check(what); }, e);
    }
    RC_ASSERT(claims_.size() >= ended_.size());
  }

private:
  template <class Event> void check(const Event&) {}
  void check(const schedule_added&) { settled_.clear(), exists_ = true, paused_ = false; }
  void check(const schedule_paused&) { paused_ = true; }
  void check(const schedule_resumed& e) { paused_ = false, settle(e.fates); }
  void check(const schedule_removed&) { exists_ = false; }
  void check(const schedule_fired& e) {
    RC_ASSERT(exists_);
    for (const auto& f : e.fates)
      RC_ASSERT((!paused_ || f.what == fate_kind::skipped));
    settle(e.fates);
  }
  void check(const job_added& e) { RC_ASSERT(added_.insert(e.id).second); }
  void check(const job_acquired& e) {
    RC_ASSERT(added_.contains(e.id));
    RC_ASSERT(!ended_.contains(e.id));
    RC_ASSERT(claims_.try_emplace(e.id, at_).second); // nothing is lost or given back here
  }
  void check(const job_finished& e) {
    RC_ASSERT(added_.contains(e.id));
    RC_ASSERT(ended_.insert(e.id).second);
    if (e.fence != 0)
      RC_ASSERT(claims_.at(e.id) == e.fence);
  }

  void settle(const std::vector<fate>& fates) {
    for (const auto& f : fates)
      for (auto t = f.first; t <= f.last; t += 1min)
        RC_ASSERT(settled_.insert(t).second);
  }

  position at_ = 0;
  bool exists_ = false;
  bool paused_ = false;
  std::set<time_point> settled_;
  std::set<job_id> added_;
  std::set<job_id> ended_;
  std::map<job_id, position> claims_;
};

/// Something is asked of the node, or happens to it.
void act(actor_fixture& f, std::vector<pending<expected<answer>>>& replies, std::size_t& reported) {
  switch (*rc::gen::inRange(0, 10)) {
  case 0: replies.push_back(f.ask(pause_schedule{tick})); break;
  case 1: replies.push_back(f.ask(resume_schedule{tick})); break;
  case 2: replies.push_back(f.ask(resume_schedule{tick, resume_schedule::from::now})); break;
  case 3: replies.push_back(f.ask(remove_schedule{tick})); break;
  case 4: replies.push_back(f.ask(trigger_schedule{tick})); break;
  case 5: replies.push_back(f.ask(every_minute())); break;
  case 6:
    if (const auto count = f.runs->started.size(); count > 0) {
      const auto chosen = *rc::gen::inRange<std::size_t>(0, count);
      replies.push_back(f.ask(cancel_job{f.runs->started[chosen].job.id}));
    }
    break;
  case 7:
    if (reported < f.runs->started.size()) {
      const auto& job = f.runs->started[reported++].job;
      f.report({.id = job.id, .fence = job.fence});
    }
    break;
  default: f.clock.advance(*rc::gen::inRange(1, 90) * 1s); f.ring();
  }
}

} // namespace

TEST_CASE("interleavings: pauses, removals, cancels and fires in any order keep every promise") {
  CHECK(rc::check([] {
    actor_fixture f{{.owners = *rc::gen::inRange<std::size_t>(1, 3)}};
    f.done(mail_task(*rc::gen::element<std::optional<std::uint32_t>>(1, std::nullopt)));
    f.done(every_minute());
    std::vector<pending<expected<answer>>> replies;
    std::size_t reported = 0;
    const auto steps = *rc::gen::inRange(1, 25);
    for (int i = 0; i < steps; ++i) {
      act(f, replies, reported);
      for (int n = *rc::gen::inRange(0, 12); n > 0; --n)
        f.run_one([](std::size_t count) { return *rc::gen::inRange<std::size_t>(0, count); });
    }
    f.run_timers();
    for (const auto& reply : replies)
      RC_ASSERT(reply->has_value());
    checker{}.read(f.events());
    RC_ASSERT(f.hash() == f.replayed().hash());
    // Nothing is stuck: whatever is due fires at the next alarm.
    const auto schedule = f.schedule(tick);
    if (schedule && !schedule->paused && schedule->next_fire)
      RC_ASSERT((f.alarm && *f.alarm <= std::max(*schedule->next_fire, f.clock.now())));
  }));
}
