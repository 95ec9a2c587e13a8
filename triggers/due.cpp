#include "triggers/due.hpp"

#include "triggers/civil_time.hpp"
#include "triggers/preview.hpp"

#include <algorithm>

namespace carillon::triggers {
namespace {

constexpr duration tick{1};

unexpected<error> pass_on(expected<fire>&& failed) {
  return unexpected<error>{std::move(failed).error()};
}

/// A run of neighbouring fire times.
struct stretch {
  fire last;
  std::uint64_t count = 0; ///< 0 = not counted.
};

/// The fire times from `first` up to `bound`, inclusive; `first` is not after it.
expected<stretch> measure(const compiled_trigger& trigger, const fire& first, time_point bound) {
  if (const auto step = fixed_step(trigger)) {
    auto last = last_until(trigger, first, bound);
    if (!last)
      return pass_on(std::move(last));
    const auto count = static_cast<std::uint64_t>((*last->at - *first.at) / *step) + 1;
    return stretch{std::move(*last), count};
  }
  stretch out{first, 1};
  while (out.count <= counted_max) {
    auto following = next(trigger, out.last.cursor);
    if (!following)
      return pass_on(std::move(following));
    if (!following->at || *following->at > bound)
      return out;
    out.last = std::move(*following);
    ++out.count;
  }
  auto last = last_until(trigger, std::move(out.last), bound);
  if (!last)
    return pass_on(std::move(last));
  return stretch{std::move(*last), 0};
}

fate fate_of(fate_kind what, time_point first, const stretch& run) {
  fate out;
  out.first = first;
  out.last = *run.last.at;
  out.count = run.count;
  out.what = what;
  return out;
}

/// Settles what is due, from `at` on; `out` is complete but for where the trigger stands.
class settlement {
public:
  settlement(const compiled_trigger& trigger, time_point now, const due_policy& policy)
      : trigger_{trigger}, now_{now}, policy_{policy} {}

  expected<due_result> run(fire at) {
    at_ = std::move(at);
    if (is_due())
      if (auto ok = drop_missed(); !ok)
        return unexpected<error>{std::move(ok).error()};
    if (is_due()) {
      auto ok = policy_.coalesce == coalesce_policy::all        ? each()
                : policy_.coalesce == coalesce_policy::earliest ? earliest()
                                                                : latest();
      if (!ok)
        return unexpected<error>{std::move(ok).error()};
    }
    out_.next_fire = at_.at;
    out_.cursor = std::move(at_.cursor);
    out_.more = out_.next_fire && *out_.next_fire <= now_;
    return std::move(out_);
  }

private:
  bool is_due() const { return at_.at && *at_.at <= now_; }

  expected<void> step_past(const fire& last) {
    auto following = next(trigger_, last.cursor);
    if (!following)
      return unexpected<error>{std::move(following).error()};
    at_ = std::move(*following);
    return {};
  }

  expected<void> drop_missed() {
    if (!policy_.misfire_grace || *policy_.misfire_grace > now_ - instant_min)
      return {};
    // A fire time exactly at its deadline still runs (PRC-11).
    const auto first_in_time = now_ - *policy_.misfire_grace;
    if (*at_.at >= first_in_time)
      return {};
    auto run = measure(trigger_, at_, std::min(now_, first_in_time - tick));
    if (!run)
      return unexpected<error>{std::move(run).error()};
    out_.fates.push_back(fate_of(fate_kind::missed, *at_.at, *run));
    return step_past(run->last);
  }

  expected<void> latest() {
    auto last = last_until(trigger_, at_, now_);
    if (!last)
      return unexpected<error>{std::move(last).error()};
    if (*last->at > *at_.at) {
      auto run = measure(trigger_, at_, *last->at - tick);
      if (!run)
        return unexpected<error>{std::move(run).error()};
      out_.fates.push_back(fate_of(fate_kind::coalesced, *at_.at, *run));
      out_.fates.back().into = last->at;
    }
    return one_job(*last, *last);
  }

  expected<void> earliest() {
    const auto first = at_;
    if (auto ok = step_past(first); !ok)
      return ok;
    if (!is_due()) {
      make_job(first);
      return {};
    }
    const auto second = *at_.at;
    auto run = measure(trigger_, at_, now_);
    if (!run)
      return unexpected<error>{std::move(run).error()};
    if (auto ok = one_job(first, run->last); !ok)
      return ok;
    out_.fates.push_back(fate_of(fate_kind::coalesced, second, *run));
    out_.fates.back().into = first.at;
    return {};
  }

  expected<void> each() {
    const auto first = *at_.at;
    stretch run{at_, 0};
    const auto most = std::max<std::size_t>(policy_.fires_max, 1);
    while (is_due() && run.count < most) {
      run.last = at_;
      ++run.count;
      if (auto ok = step_past(run.last); !ok)
        return ok;
      out_.jobs.push_back({*run.last.at, at_.at});
    }
    out_.fates.push_back(fate_of(fate_kind::job, first, run));
    return {};
  }

  /// One job for `of`; the trigger goes on after `last`.
  expected<void> one_job(const fire& of, const fire& last) {
    if (auto ok = step_past(last); !ok)
      return ok;
    make_job(of);
    return {};
  }

  void make_job(const fire& of) {
    out_.jobs.push_back({*of.at, at_.at});
    out_.fates.push_back(fate_of(fate_kind::job, *of.at, stretch{of, 1}));
  }

  const compiled_trigger& trigger_;
  time_point now_;
  const due_policy& policy_;
  fire at_; // the first fire time that is not settled
  due_result out_;
};

} // namespace

expected<due_result> take_due(const compiled_trigger& trigger, time_point next_fire,
                              const trigger_cursor& cursor, time_point now,
                              const due_policy& policy) {
  return settlement{trigger, now, policy}.run({next_fire, cursor});
}

expected<due_result> skip_until(const compiled_trigger& trigger,
                                std::optional<time_point> next_fire, const trigger_cursor& cursor,
                                time_point until, std::string reason) {
  due_result out;
  out.next_fire = next_fire;
  out.cursor = cursor;
  if (!next_fire || *next_fire >= until)
    return out;
  auto run = measure(trigger, {next_fire, cursor}, until - tick);
  if (!run)
    return unexpected<error>{std::move(run).error()};
  out.fates.push_back(fate_of(fate_kind::skipped, *next_fire, *run));
  out.fates.back().reason = std::move(reason);
  auto following = next(trigger, run->last.cursor);
  if (!following)
    return pass_on(std::move(following));
  out.next_fire = following->at;
  out.cursor = std::move(following->cursor);
  return out;
}

} // namespace carillon::triggers
