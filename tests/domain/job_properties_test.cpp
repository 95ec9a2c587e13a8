// Random lives of one job: executors, checkers of leases and users act in any order, with current
// and with stale fences.

#include "domain/job_aggregate.hpp"

#include "support/given_when_then.hpp"

#include <rapidcheck.h>

#include <set>

using namespace carillon;
using namespace carillon::test;
using domain::job_state;

namespace {

const task_id mail{"mail"};
const job_id job = job_number(1);

/// What the independent checker of histories demands of a job's records.
class checker {
public:
  void note(const event& e, position at) {
    std::visit([&](const auto& x) { note(x, at); }, e);
  }

private:
  template <class Event> void note(const Event&, position) { RC_ASSERT(!finished_); }

  void note(const job_acquired&, position at) {
    RC_ASSERT(!finished_);
    RC_ASSERT((claim_ == 0 || closed_.contains(claim_)));
    RC_ASSERT(at > claim_);
    claim_ = at;
  }
  void note(const job_released& e, position) { close(e.fence); }
  void note(const lease_lost& e, position) {
    close(e.fence);
    lost_.insert(e.fence);
  }
  void note(const job_finished& e, position) {
    RC_ASSERT(!finished_);
    finished_ = true;
    if (e.fence == 0) {
      RC_ASSERT((claim_ == 0 || closed_.contains(claim_)));
      RC_ASSERT((e.outcome != job_outcome::success && e.outcome != job_outcome::abandoned));
      return;
    }
    RC_ASSERT(e.fence == claim_);
    RC_ASSERT(lost_.contains(e.fence) == (e.outcome == job_outcome::abandoned));
    RC_ASSERT((lost_.contains(e.fence) || !closed_.contains(e.fence)));
  }

  void close(position fence) {
    RC_ASSERT(!finished_);
    RC_ASSERT(fence == claim_);
    RC_ASSERT(closed_.insert(fence).second);
  }

  position claim_ = 0;
  std::set<position> closed_;
  std::set<position> lost_;
  bool finished_ = false;
};

/// A job that lives through random events around it.
class life {
public:
  life() {
    job_spec spec{.id = job, .task = mail};
    if (*rc::gen::arbitrary<bool>())
      spec.deadline = day_one + *rc::gen::inRange(0, 60) * 1s;
    policy_ = *rc::gen::element(lease_lost_policy::retry, lease_lost_policy::retry,
                                lease_lost_policy::fail);
    s_.when(add_jobs{{spec}});
    keep();
  }

  void step() {
    now_ += *rc::gen::inRange(0, 10) * 1s;
    s_.at(now_);
    const auto before = *s_.state();
    act(before);
    if (s_.was_refused())
      return;
    const bool silent = s_.accepted().events.empty();
    keep();
    RC_ASSERT(silent == (*s_.state() == before));
    if (before.status == job_status::finished)
      RC_ASSERT(*s_.state() == before);
  }

private:
  void act(const job_state& before) {
    const auto fence = *rc::gen::weightedOneOf<position>(
        {{3, rc::gen::just(before.fence)}, {1, rc::gen::inRange<position>(0, 12)}});
    const auto outcome =
        *rc::gen::element(job_outcome::success, job_outcome::error, job_outcome::timed_out);
    switch (*rc::gen::inRange(0, 6)) {
    case 0: s_.when(cancel_job{job, "why"}); break;
    case 1:
      s_.when_rule([&](const job_state* s, const domain::decision_context&) {
        return domain::finish(s, {.id = job, .fence = fence, .outcome = outcome});
      });
      break;
    case 2:
      s_.when_rule([&](const job_state* s, const domain::decision_context&) {
        return domain::lose_lease(*s, fence, policy_);
      });
      break;
    case 3:
      s_.when_rule([&](const job_state* s, const domain::decision_context&) {
        return domain::release(*s, fence);
      });
      break;
    default:
      // Only the queue claims, and it holds waiting jobs only.
      if (before.status != job_status::queued && before.status != job_status::retrying)
        return s_.when_rule(nothing), void();
      s_.when_rule([](const job_state* s, const domain::decision_context& ctx) {
        return domain::acquire(domain::waiting(*s), ctx);
      });
    }
  }

  static domain::decision nothing(const job_state*, const domain::decision_context&) { return {}; }

  void keep() {
    auto at = s_.last_position();
    for (const auto& e : s_.accepted().events)
      checker_.note(e, ++at);
    s_.then_accepted();
    RC_ASSERT(s_.state()->losses <= lost_leases_max);
    RC_ASSERT(((s_.state()->status == job_status::running) == (s_.state()->fence != 0) ||
               s_.state()->status == job_status::finished));
  }

  scenario<job_state> s_{{}};
  checker checker_;
  lease_lost_policy policy_{};
  time_point now_ = day_one;
};

} // namespace

TEST_CASE("job properties: fences rise, one ending, and nothing after it, whatever happens") {
  CHECK(rc::check([] {
    life one;
    const auto steps = *rc::gen::inRange(1, 40);
    for (int i = 0; i < steps; ++i)
      one.step();
  }));
}
