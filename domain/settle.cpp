#include "domain/settle.hpp"

#include "domain/outside_rules.hpp"
#include "triggers/due.hpp"
#include "triggers/next.hpp"

#include <utility>

namespace carillon::domain {
namespace {

constexpr duration tick{1};

bool is_due(const std::optional<time_point>& next_fire, time_point now) {
  return next_fire && *next_fire <= now;
}

job_added make_job(const schedule_state& state, const triggers::due_job& due) {
  const auto& settings = state.settings;
  const auto jitter_max = settings.max_jitter.value_or(duration::zero());
  const auto jitter =
      settings.jitter == jitter_mode::stable
          ? stable_jitter(state.id, due.fire_time, jitter_max, due.following)
          : derived_jitter(state.id, state.incarnation, due.fire_time, jitter_max, due.following);
  job_added job{.id = derived_job_id(state.id, state.incarnation, due.fire_time),
                .task = settings.task,
                .schedule = state.id,
                .fire_time = due.fire_time,
                .jitter = jitter,
                .args = settings.args,
                .executor = settings.executor,
                .result_expiration = settings.result_expiration,
                .meta = settings.meta};
  if (jitter > duration::zero())
    job.run_at = due.fire_time + jitter;
  if (settings.misfire_grace_time)
    job.deadline = due.fire_time + jitter + *settings.misfire_grace_time;
  return job;
}

/// How late a fire may be settled and still become a job. The deadline counts from the jittered
/// time (PRC-11), which differs from fire to fire: what could be in time becomes a job, and is
/// missed at its claim if it is not.
std::optional<duration> grace_of(const schedule_settings& settings) {
  if (!settings.misfire_grace_time)
    return std::nullopt;
  return *settings.misfire_grace_time + settings.max_jitter.value_or(duration::zero());
}

/// Collects rounds into one schedule_fired with its jobs.
class settler {
public:
  settler(const schedule_state& state, const decision_context& ctx, time_point now)
      : state_{state}, ctx_{ctx}, now_{now} {
    result_.next_fire = state.next_fire;
    result_.cursor = state.cursor;
    result_.faulted = !state.fault.empty();
    if (!is_outdated(state, ctx))
      return;
    // A trigger that breaks here does so again below, once its next fire time is due.
    if (auto fresh = recompute(state, {recompute_cause::calendar}, ctx); fresh && *fresh) {
      result_.next_fire = (*fresh)->next_fire;
      result_.cursor = (*fresh)->cursor;
      recomputed_ = std::move(*fresh);
    }
  }

  bool can_settle() const {
    return !result_.faulted && result_.left_alone.empty() && is_due(result_.next_fire, now_);
  }

  void rounds(int most) {
    const triggers::due_policy policy{.coalesce = state_.settings.coalesce,
                                      .misfire_grace = grace_of(state_.settings)};
    const auto trigger = compiled();
    for (int i = 0; trigger && i < most && can_settle(); ++i) {
      auto due = triggers::take_due(*trigger, *result_.next_fire, result_.cursor, now_, policy);
      if (!due)
        return break_down(due.error());
      keep(std::move(*due));
    }
  }

  void skip(time_point until, std::string_view reason) {
    const auto trigger = compiled();
    if (!trigger)
      return;
    auto skipped = triggers::skip_until(*trigger, result_.next_fire, result_.cursor, until,
                                        std::string{reason});
    if (!skipped)
      return break_down(skipped.error());
    keep(std::move(*skipped));
  }

  settlement finish() && {
    result_.more = can_settle();
    std::vector<event> events;
    if (recomputed_)
      events.push_back(std::move(*recomputed_));
    if (!fates_.empty())
      events.push_back(schedule_fired{.id = state_.id,
                                      .fates = std::move(fates_),
                                      .next_fire = result_.next_fire,
                                      .cursor = result_.cursor});
    std::move(jobs_.begin(), jobs_.end(), std::back_inserter(events));
    std::move(result_.events.begin(), result_.events.end(), std::back_inserter(events));
    result_.events = std::move(events);
    return std::move(result_);
  }

private:
  std::optional<triggers::compiled_trigger> compiled() {
    if (!can_settle())
      return std::nullopt;
    auto trigger = compile_stored(state_.settings.trigger, ctx_);
    if (trigger)
      return std::move(*trigger);
    // Other nodes may know what this one does not: it is no fault of the schedule (CMB-07).
    if (trigger.error().code == errc::unsupported)
      result_.left_alone = trigger.error().message;
    else
      break_down(trigger.error());
    return std::nullopt;
  }

  void keep(triggers::due_result&& due) {
    std::move(due.fates.begin(), due.fates.end(), std::back_inserter(fates_));
    for (const auto& job : due.jobs)
      add_job(job);
    result_.next_fire = due.next_fire;
    result_.cursor = std::move(due.cursor);
  }

  /// The trigger cannot say what follows, but the fire time that it has named is settled.
  void break_down(const error& why) {
    const auto known = *result_.next_fire;
    const auto grace = grace_of(state_.settings);
    fate f{.first = known, .last = known};
    if (state_.paused) {
      f.what = fate_kind::skipped;
      f.reason = "paused";
    } else if (grace && known + *grace < now_) {
      f.what = fate_kind::missed;
    } else {
      add_job({.fire_time = known});
    }
    fates_.push_back(std::move(f));
    result_.next_fire.reset();
    result_.faulted = true;
    result_.events.push_back(fault_of(state_.id, why));
  }

  void add_job(const triggers::due_job& due) {
    jobs_.push_back(make_job(state_, due));
    result_.jobs.push_back(std::get<job_added>(jobs_.back()).id);
  }

  const schedule_state& state_;
  const decision_context& ctx_;
  time_point now_;
  std::optional<schedule_recomputed> recomputed_;
  std::vector<fate> fates_;
  std::vector<event> jobs_;
  settlement result_;
};

} // namespace

settlement settle_round(const schedule_state& state, const decision_context& ctx) {
  settler work{state, ctx, ctx.now};
  if (!state.paused)
    work.rounds(1);
  auto result = std::move(work).finish();
  result.more = result.more && !state.paused;
  return result;
}

settlement settle_all(const schedule_state& state, const decision_context& ctx, leave_out rest) {
  settler work{state, ctx, ctx.now};
  if (state.paused)
    work.skip(ctx.now + tick, "paused");
  else
    work.rounds(settle_rounds_max);
  if (rest && work.can_settle())
    work.skip(ctx.now + tick, *rest);
  return std::move(work).finish();
}

settlement settle_nothing(const schedule_state& state, const decision_context& ctx) {
  return settler{state, ctx, ctx.now}.finish();
}

settlement skip_paused(const schedule_state& state, const decision_context& ctx, time_point until) {
  // A fire time at `until` itself is kept (SCH-12).
  settler work{state, ctx, until - tick};
  work.skip(until, "paused");
  return std::move(work).finish();
}

schedule_faulted fault_of(const schedule_id& id, const error& why) {
  return {.id = id, .message = std::string{to_string(why.code)} + ": " + why.message};
}

} // namespace carillon::domain
