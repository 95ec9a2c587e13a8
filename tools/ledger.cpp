#include "tools/ledger.hpp"

#include "events/stream.hpp"
#include "http/json_writer.hpp"
#include "triggers/outside_rules.hpp"

namespace carillon::tools {
namespace {

std::string milliseconds(time_point t) {
  return std::to_string(
      std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count());
}

/// The checker's word for an outcome.
std::string_view outcome_word(job_outcome outcome) {
  return outcome == job_outcome::timed_out ? "timeout" : to_string(outcome);
}

std::string job_stream(const job_id& id) { return "job/" + to_string(id); }

} // namespace

expected<void> ledger::apply(const recorded_event& recorded, const line_sink& emit) {
  const auto& what = recorded.what;
  if (calendars_.apply(what, {recorded.at, recorded.time}))
    forget_days(what);
  if (const auto* e = std::get_if<schedule_added>(&what)) {
    rules_[e->id] = {e->settings->trigger, {}};
  } else if (const auto* e = std::get_if<schedule_updated>(&what)) {
    rules_[e->id] = {e->settings->trigger, {}};
  } else if (const auto* e = std::get_if<schedule_removed>(&what)) {
    rules_.erase(e->id);
  } else if (const auto* e = std::get_if<schedule_fired>(&what)) {
    return add_fates(recorded, e->id, e->fates, emit);
  } else if (const auto* e = std::get_if<schedule_resumed>(&what)) {
    return add_fates(recorded, e->id, e->fates, emit);
  } else if (const auto* e = std::get_if<job_added>(&what)) {
    add_job(recorded, *e, emit);
    return {};
  } else if (const auto* e = std::get_if<job_acquired>(&what)) {
    ++claims_[e->id];
    add_claim_line(recorded, "JobClaimed", e->id, recorded.at, emit);
    return {};
  } else if (const auto* e = std::get_if<job_released>(&what)) {
    add_claim_line(recorded, "JobReleased", e->id, e->fence, emit);
    return {};
  } else if (const auto* e = std::get_if<lease_lost>(&what)) {
    add_claim_line(recorded, "LeaseLost", e->id, e->fence, emit);
    return {};
  } else if (const auto* e = std::get_if<job_finished>(&what)) {
    add_finish(recorded, *e, emit);
    return {};
  }
  // Everything else is a line of its own, so that nothing of the log is missing.
  auto stream = events::stream_of(what);
  if (const auto dash = stream.find('-'); dash != std::string::npos)
    stream[dash] = '/';
  add_line(recorded, stream, events::type_name(what), "{}", emit);
  return {};
}

expected<void> ledger::add_fates(const recorded_event& recorded, const schedule_id& id,
                                 const std::vector<fate>& fates, const line_sink& emit) {
  for (const auto& what : fates) {
    if (what.first == what.last) {
      add_fate(recorded, id, what, what.first, emit);
      continue;
    }
    const auto trigger = trigger_of(id);
    if (!trigger)
      return unexpected<error>{trigger.error()};
    auto found = triggers::seek(**trigger, {}, what.first);
    // It was due before its calendar got the days of now.
    if (found && found->at != what.first)
      add_fate(recorded, id, what, what.first, emit);
    for (std::uint64_t count = 0; found && found->at && *found->at <= what.last; ++count) {
      if (count == ledger_range_max)
        return refuse(errc::limit_exceeded, "position " + std::to_string(recorded.at) +
                                                ": a range of schedule '" + id.value +
                                                "' has more than " +
                                                std::to_string(ledger_range_max) + " fire times");
      add_fate(recorded, id, what, *found->at, emit);
      found = triggers::next(**trigger, found->cursor);
    }
    if (!found)
      return unexpected<error>{found.error()};
  }
  return {};
}

void ledger::add_fate(const recorded_event& recorded, const schedule_id& id, const fate& what,
                      time_point due, const line_sink& emit) {
  if (what.what == fate_kind::job) {
    // Its line names the job, which the same commit adds.
    expected_jobs_.emplace(id, due);
    return;
  }
  http::json_object data;
  data.text("schedule", id.value).raw("due", milliseconds(due));
  switch (what.what) {
  case fate_kind::coalesced:
    data.text("outcome", "coalesced").raw("into", milliseconds(what.into.value_or(due)));
    break;
  case fate_kind::missed: data.text("outcome", "missed"); break;
  default: data.text("outcome", "skipped").text("reason", what.reason); break;
  }
  add_line(recorded, "schedule/" + id.value, "FireRecorded", data.done(), emit);
}

void ledger::add_job(const recorded_event& recorded, const job_added& job, const line_sink& emit) {
  if (job.fire_time && expected_jobs_.erase({job.schedule, *job.fire_time}) > 0)
    add_line(recorded, "schedule/" + job.schedule.value, "FireRecorded",
             http::json_object{}
                 .text("schedule", job.schedule.value)
                 .raw("due", milliseconds(*job.fire_time))
                 .text("outcome", "job")
                 .text("job", to_string(job.id))
                 .done(),
             emit);
  http::json_object data;
  data.text("job", to_string(job.id)).text("task", job.task.value);
  if (!job.schedule.empty())
    data.text("schedule", job.schedule.value);
  add_line(recorded, job_stream(job.id), "JobAdded", data.done(), emit);
}

void ledger::add_finish(const recorded_event& recorded, const job_finished& job,
                        const line_sink& emit) {
  http::json_object data;
  data.text("job", to_string(job.id));
  if (job.fence != 0)
    data.number("attempt", claims_[job.id]).number("fence", job.fence);
  data.text("outcome", outcome_word(job.outcome));
  add_line(recorded, job_stream(job.id), "JobFinished", data.done(), emit);
  // It ended: neither counts any more.
  claims_.erase(job.id);
  versions_.erase(job_stream(job.id));
}

void ledger::add_claim_line(const recorded_event& recorded, std::string_view type, const job_id& id,
                            position fence, const line_sink& emit) {
  http::json_object data;
  data.text("job", to_string(id)).number("attempt", claims_[id]);
  if (type == "JobClaimed")
    data.text("node", std::get<job_acquired>(recorded.what).node.value);
  add_line(recorded, job_stream(id), type, data.number("fence", fence).done(), emit);
}

void ledger::add_line(const recorded_event& recorded, const std::string& stream,
                      std::string_view type, const std::string& data, const line_sink& emit) {
  emit(http::json_object{}
           .number("pos", ++lines_)
           .text("stream", stream)
           .number("version", ++versions_[stream])
           .text("type", type)
           .raw("at", milliseconds(recorded.time))
           .text("node", recorded.node.value)
           .raw("data", data)
           .number("position", recorded.at)
           .done());
}

trigger_spec ledger::with_days(const trigger_spec& spec) const {
  return triggers::with_days(spec, [this](std::string_view name) -> const std::vector<date_range>* {
    const auto found = calendars_.all()->find(name);
    return found == calendars_.all()->end() ? nullptr : &found->second->days;
  });
}

/// The schedules that name the calendar of `e` are compiled again when they are asked.
void ledger::forget_days(const event& e) {
  const auto* set = std::get_if<calendar_set>(&e);
  if (set == nullptr)
    return;
  for (const auto& id : calendars_.users_of(set->id))
    if (const auto user = rules_.find(id); user != rules_.end())
      user->second.compiled.reset();
}

expected<const triggers::compiled_trigger*> ledger::trigger_of(const schedule_id& id) {
  const auto found = rules_.find(id);
  if (found == rules_.end())
    return refuse(errc::invalid_argument,
                  "schedule '" + id.value +
                      "' was added before the first record read: the ledger "
                      "needs the log from its beginning");
  if (!found->second.compiled) {
    auto compiled = triggers::compile(with_days(found->second.spec));
    if (!compiled)
      return unexpected<error>{std::move(compiled).error()};
    found->second.compiled = *std::move(compiled);
  }
  return &*found->second.compiled;
}

} // namespace carillon::tools
