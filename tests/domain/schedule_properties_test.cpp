// Random lives of one schedule: whatever is asked of it and whenever, each fire time that its
// trigger names gets exactly one fate. The fire times come from a plain loop here, not from
// triggers/.

#include "schedule_cases.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <set>

// RC_ASSERT takes its expression apart and evaluates both sides of || and &&: hence (( )).
using namespace carillon;
using namespace carillon::test;
using domain::fire_schedule;
using domain::schedule_state;

namespace {

/// Two interleaved intervals; the second one may be missing. Times in seconds after day_one.
struct plan {
  int start = 0;
  int step = 1;
  int other_step = 0; ///< 0 = no second interval.
  int end = 0;        ///< 0 = for ever.
};

time_point second(int n) { return day_one + n * 1s; }

trigger_spec leg(int start, int step, int end) {
  auto spec = every(step * 1s, second(start));
  if (end > 0)
    spec.end_time = when{.at = second(std::max(end, start))};
  return spec;
}

trigger_spec trigger_of(const plan& p) {
  if (p.other_step == 0)
    return leg(p.start, p.step, p.end);
  return {.kind =
              any_of{.triggers = {leg(p.start, p.step, p.end), leg(p.start, p.other_step, p.end)}}};
}

/// The fire times of `p` up to `until`, by counting.
std::set<time_point> fires_of(const plan& p, time_point until) {
  std::set<time_point> times;
  for (int t = p.start; second(t) <= until && (p.end == 0 || t <= std::max(p.end, p.start)); ++t)
    if ((t - p.start) % p.step == 0 || (p.other_step > 0 && (t - p.start) % p.other_step == 0))
      times.insert(second(t));
  return times;
}

rc::Gen<plan> plans(int from) {
  return rc::gen::map(rc::gen::tuple(rc::gen::inRange(-20, 20), rc::gen::inRange(1, 12),
                                     rc::gen::inRange(0, 9), rc::gen::inRange(0, 4)),
                      [from](const std::tuple<int, int, int, int>& t) {
                        const auto [start, step, other, end] = t;
                        return plan{.start = from + start,
                                    .step = step,
                                    .other_step = other > 5 ? other : 0,
                                    .end = end == 0 ? std::max(1, from + 60) : 0};
                      });
}

schedule_spec random_spec(const plan& p) {
  auto spec = minutely();
  spec.trigger = trigger_of(p);
  spec.coalesce =
      *rc::gen::element(coalesce_policy::earliest, coalesce_policy::latest, coalesce_policy::all);
  spec.misfire_grace_time =
      *rc::gen::element<std::optional<duration>>(std::nullopt, duration{0}, duration{7s});
  spec.max_jitter = *rc::gen::element<std::optional<duration>>(std::nullopt, duration{3s});
  spec.paused = *rc::gen::inRange(0, 5) == 0;
  spec.on_conflict = *rc::gen::element(conflict_policy::replace, conflict_policy::update,
                                       conflict_policy::do_nothing);
  return spec;
}

/// Keeps the account of one schedule's life, event by event.
class account {
public:
  /// `d` was decided at `now` on `before`; `p` is the plan of its spec, if it had one.
  void note(const domain::decision& d, const schedule_state* before, time_point now,
            const plan& p) {
    std::set<time_point> made;
    for (const auto& e : d.events) {
      if (const auto* x = std::get_if<schedule_fired>(&e))
        note(x->fates, before, now, made);
      else if (const auto* y = std::get_if<schedule_resumed>(&e))
        note(y->fates, before, now, made);
      else if (const auto* job = std::get_if<job_added>(&e))
        note(*job, made);
      else if (std::holds_alternative<schedule_added>(e))
        open(p);
      else if (const auto* z = std::get_if<schedule_updated>(&e); z && z->trigger_reset)
        close(now), open(p);
      else if (std::holds_alternative<schedule_removed>(e))
        close(now);
    }
    RC_ASSERT(made.empty()); // each fate `job` has its job in the same commit
  }

  /// Everything that the current trigger named up to `now` has a fate.
  void close(time_point now) {
    if (!plan_)
      return;
    const auto bound = settled_.empty() ? now : std::max(now, *settled_.rbegin());
    RC_ASSERT(settled_ == fires_of(*plan_, bound));
    plan_.reset();
  }

private:
  void open(const plan& p) {
    plan_ = p;
    settled_.clear();
  }

  void note(const std::vector<fate>& fates, const schedule_state* before, time_point now,
            std::set<time_point>& made) {
    for (const auto& f : fates) {
      std::uint64_t count = 0;
      for (const auto t : fires_of(*plan_, f.last)) {
        if (t < f.first)
          continue;
        ++count;
        RC_ASSERT(settled_.insert(t).second); // never two fates
        if (f.what == fate_kind::job)
          RC_ASSERT(made.insert(t).second);
      }
      RC_ASSERT((f.count == 0 || f.count == count));
      RC_ASSERT((f.what == fate_kind::skipped || f.last <= now)); // never early
      RC_ASSERT((f.what != fate_kind::skipped || before->paused));
      RC_ASSERT((f.what != fate_kind::job || !before->paused));
      const auto grace = before->settings.misfire_grace_time;
      RC_ASSERT((f.what != fate_kind::missed || (grace && f.last + *grace < now)));
    }
    for (const auto& f : fates)
      if (f.what == fate_kind::coalesced)
        RC_ASSERT(made.contains(f.into.value()));
  }

  void note(const job_added& job, std::set<time_point>& made) {
    RC_ASSERT(jobs_.insert(job.id).second);
    if (job.fire_time)
      RC_ASSERT(made.erase(*job.fire_time) == 1);
  }

  std::optional<plan> plan_;
  std::set<time_point> settled_;
  std::set<job_id> jobs_;
};

/// A schedule that lives through random commands.
class life {
public:
  void step() {
    now_ += *rc::gen::inRange(0, 40) * 1s;
    now_seconds_ = static_cast<int>((now_ - day_one) / 1s);
    s_.at(now_);
    plan p = *plans(now_seconds_);
    switch (*rc::gen::inRange(0, 10)) {
    case 0: ask(p, add_schedule{random_spec(p)}, task_settings{}); break;
    case 1: ask(p, update_schedule{tick, random_changes(p)}, task_settings{}); break;
    case 2: ask(p, remove_schedule{tick}); break;
    case 3: ask(p, pause_schedule{tick}); break;
    case 4: ask(p, random_resume()); break;
    case 5: ask(p, trigger_schedule{tick}, job_number(++manual_)); break;
    default: fire(p); break;
    }
  }

  /// Lets everything due be settled and closes the account.
  void end() {
    const plan none;
    ask(none, resume_schedule{tick});
    fire(none);
    account_.close(now_);
  }

private:
  template <class Command, class... Extra>
  void ask(const plan& p, const Command& command, const Extra&... extra) {
    const auto before = s_.state() ? std::optional{*s_.state()} : std::nullopt;
    s_.when(command, extra...);
    if (s_.was_refused())
      return;
    keep(before, p);
  }

  void fire(const plan& p) {
    do {
      if (!s_.state())
        return;
      const auto before = *s_.state();
      s_.when(fire_schedule{tick});
      keep(before, p);
    } while (s_.accepted().more);
    RC_ASSERT((!s_.state() || s_.state()->paused || !s_.state()->next_fire ||
               *s_.state()->next_fire > now_));
  }

  void keep(const std::optional<schedule_state>& before, const plan& p) {
    account_.note(s_.accepted(), before ? &*before : nullptr, now_, p);
    const auto& events = s_.accepted().events;
    s_.then_accepted();
    for (const auto& e : events)
      history_.push_back({e, now_});
    check_replay();
  }

  /// Folding the whole history gives the state that the steps gave.
  void check_replay() const {
    auto again = given({});
    for (const auto& [e, time] : history_)
      again.at(time).and_given({e});
    RC_ASSERT((again.state() == nullptr) == (s_.state() == nullptr));
    RC_ASSERT((!s_.state() || *again.state() == *s_.state()));
  }

  static schedule_changes random_changes(const plan& p) {
    schedule_changes changes;
    if (*rc::gen::arbitrary<bool>())
      changes.trigger = trigger_of(p);
    changes.args = payload{.text = *rc::gen::element<std::string>("{}", "")};
    return changes;
  }

  resume_schedule random_resume() const {
    using from = resume_schedule::from;
    return {tick, *rc::gen::element(from::next_fire_time, from::now, from::instant),
            now_ + *rc::gen::inRange(-60, 60) * 1s};
  }

  scenario<schedule_state> s_ = given({});
  account account_;
  std::vector<std::pair<event, time_point>> history_;
  time_point now_ = day_one;
  int now_seconds_ = 0;
  std::uint64_t manual_ = 0;
};

} // namespace

TEST_CASE("schedule properties: each fire time of each incarnation gets exactly one fate") {
  CHECK(rc::check([] {
    life schedule;
    const auto steps = *rc::gen::inRange(1, 30);
    for (int i = 0; i < steps; ++i)
      schedule.step();
    schedule.end();
  }));
}
