// Random histories of a whole node, made with the rules themselves: what is decided is applied, so
// every history is one that could stand in a log.

#include "projections/live_state.hpp"

#include "domain/task_aggregate.hpp"
#include "support/builders.hpp"
#include "triggers/outside_rules.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>

using namespace carillon;
using namespace carillon::test;
using projections::live_state;

namespace {

struct record {
  event what;
  domain::record_info info;
};

/// A node's history as it grows, with the state that it leads to.
class history {
public:
  explicit history(std::size_t owners) : state{owners} {}

  live_state state;
  std::vector<record> records;
  std::vector<job_id> ended;

  void step() {
    now_ += *rc::gen::inRange(0, 90) * 1s;
    switch (*rc::gen::inRange(0, 13)) {
    case 0: configure(); break;
    case 1: add_or_update(); break;
    case 2: pause_or_resume(); break;
    case 3: remove(); break;
    case 4: add_job(); break;
    case 5:
    case 6: fire(); break;
    case 7: set_or_remove_calendar(); break;
    case 8: compute_again(); break;
    case 9: record_zones(); break;
    default: move_job();
    }
  }

private:
  domain::decision_context context() const {
    return {now_, node_id{"n1"}, "UTC", state.calendars.all()};
  }

  void append(const expected<domain::decision>& decided) {
    if (!decided)
      return;
    for (const auto& e : decided->events) {
      records.push_back({e, {records.size() + 1, now_}});
      state.apply(e, records.back().info,
                  [this](const projections::ended_job& job) { ended.push_back(job.state.id); });
    }
  }

  static std::string any_name() { return *rc::gen::element<std::string>("a", "b", "c"); }

  void configure() {
    const task_id id{any_name()};
    task_options options;
    options.max_running_jobs = *rc::gen::element<std::optional<std::uint32_t>>(1, 2, std::nullopt);
    options.on_lease_lost = *rc::gen::element(lease_lost_policy::retry, lease_lost_policy::fail);
    append(decide(state.tasks.find(id).get(), configure_task{id, options}, task_settings{}));
  }

  void add_or_update() {
    add_schedule command;
    command.spec.id = schedule_id{any_name()};
    command.spec.task = task_id{any_name()};
    command.spec.trigger = every(*rc::gen::inRange(1, 60) * 1s, now_);
    if (*rc::gen::arbitrary<bool>())
      command.spec.trigger = {filtered{{command.spec.trigger}, {{.calendar = any_name()}}}};
    command.spec.coalesce = *rc::gen::element(coalesce_policy::latest, coalesce_policy::all);
    command.spec.on_conflict = *rc::gen::element(conflict_policy::replace, conflict_policy::update);
    command.spec.args.text = "{\"args\":[1,2]}";
    const auto current = state.owner_of(command.spec.id).find(command.spec.id);
    append(decide(current ? &*current : nullptr, command, task_settings{}, context()));
  }

  void pause_or_resume() {
    const schedule_id id{any_name()};
    const auto current = state.owner_of(id).find(id);
    if (*rc::gen::arbitrary<bool>())
      append(decide(current ? &*current : nullptr, pause_schedule{id}, context()));
    else
      append(decide(current ? &*current : nullptr, resume_schedule{id, resume_schedule::from::now},
                    context()));
  }

  void remove() {
    const schedule_id id{any_name()};
    const auto current = state.owner_of(id).find(id);
    append(decide(current ? &*current : nullptr, remove_schedule{id}, context()));
  }

  void add_job() {
    job_spec job{.id = job_number(++last_job_), .task = task_id{any_name()}};
    job.id.bytes[0] = static_cast<std::uint8_t>(last_job_);
    if (*rc::gen::arbitrary<bool>())
      job.deadline = now_ + 30s;
    append(decide(add_jobs{{job}}, context()));
  }

  void fire() {
    const schedule_id id{any_name()};
    if (const auto current = state.owner_of(id).find(id))
      append(decide(*current, domain::fire_schedule{id}, context()));
  }

  void set_or_remove_calendar() {
    const calendar_id id{any_name()};
    const auto current = state.calendars.find(id);
    if (*rc::gen::inRange(0, 3) == 0)
      return append(decide(current.get(), remove_calendar{id}, state.calendars.users_of(id)));
    const auto day = *rc::gen::inRange<std::uint8_t>(1, 4);
    append(decide(current.get(), set_calendar{id, {{{2026, 1, day}, {2026, 1, day}}}}));
  }

  void compute_again() {
    for (const auto& id : state.calendars.users()) {
      const auto current = state.owner_of(id).find(id);
      append(decide(*current, domain::recompute_schedule{id}, context()));
    }
  }

  void record_zones() {
    const auto digest = *rc::gen::inRange<std::uint64_t>(0, 3);
    append(domain::decision{
        {tzdb_changed{node_id{any_name()}, "2026a", {{any_name(), digest}, {"Asia/Tokyo", 1}}}}});
  }

  /// Something happens to one of the live jobs.
  void move_job() {
    std::vector<job_id> ids;
    for (const auto& table : state.jobs)
      table.for_each([&](const domain::job_state& job) { ids.push_back(job.id); });
    if (ids.empty())
      return;
    std::sort(ids.begin(), ids.end());
    const auto id = *rc::gen::elementOf(ids);
    move(domain::job_state{*state.owner_of(id).find(id)});
  }

  void move(const domain::job_state& job) {
    if (job.status != job_status::running) {
      if (*rc::gen::inRange(0, 5) == 0)
        return append(decide(&job, cancel_job{job.id, "no more"}, context()));
      return append(acquire(domain::waiting(job), context()));
    }
    switch (*rc::gen::inRange(0, 4)) {
    case 0: return append(domain::release(job, job.fence));
    case 1: return append(domain::lose_lease(job, job.fence, lease_lost_policy::retry));
    case 2: return append(decide(&job, cancel_job{job.id}, context()));
    default: return append(domain::finish(&job, {.id = job.id, .fence = job.fence}));
    }
  }

  time_point now_ = day_one;
  std::uint64_t last_job_ = 0;
};

void replay(live_state& state, const std::vector<record>& records, std::size_t from) {
  for (std::size_t i = from; i < records.size(); ++i)
    state.apply(records[i].what, records[i].info);
}

/// What a snapshot of `state` holds.
std::vector<std::pair<std::string, std::string>> save(const live_state& state) {
  std::vector<std::pair<std::string, std::string>> chunks;
  chunks.emplace_back(projections::task_chunk_name(), state.tasks.save());
  chunks.emplace_back(projections::calendar_chunk_name(), state.calendars.save());
  chunks.emplace_back(projections::calendar_user_chunk_name(), state.calendars.save_users());
  chunks.emplace_back(projections::zone_chunk_name(), state.zones.save());
  for (std::size_t share = 0; share < projections::share_count; ++share) {
    const auto& schedules = state.schedules[share % state.schedules.size()];
    chunks.emplace_back(projections::schedule_chunk_name(share), schedules.save(share));
    const auto& jobs = state.jobs[share % state.jobs.size()];
    chunks.emplace_back(projections::job_chunk_name(share), jobs.save(share));
  }
  return chunks;
}

} // namespace

TEST_CASE("live_state: a snapshot and the tail lead to what the whole log leads to") {
  CHECK(rc::check([] {
    history lived{*rc::gen::inRange<std::size_t>(1, 4)};
    const auto steps = *rc::gen::inRange(1, 80);
    const auto snapshot_after = *rc::gen::inRange(0, steps);
    std::vector<std::pair<std::string, std::string>> chunks;
    std::size_t snapshot_at = 0;
    for (int i = 0; i < steps; ++i) {
      lived.step();
      if (i == snapshot_after) {
        chunks = save(lived.state);
        snapshot_at = lived.records.size();
      }
    }

    // Every schedule that names a calendar is among its users, and the calendar is there.
    std::vector<schedule_id> users;
    for (const auto& table : lived.state.schedules)
      table.for_each([&](const domain::schedule_state& schedule) {
        const auto names = triggers::calendars_of(schedule.settings.trigger);
        for (const auto& name : names)
          RC_ASSERT(lived.state.calendars.find(calendar_id{name}) != nullptr);
        if (!names.empty())
          users.push_back(schedule.id);
      });
    std::sort(users.begin(), users.end());
    RC_ASSERT(users == lived.state.calendars.users());

    live_state whole{*rc::gen::inRange<std::size_t>(1, 4)};
    replay(whole, lived.records, 0);
    RC_ASSERT(whole.hash() == lived.state.hash());

    live_state resumed{*rc::gen::inRange<std::size_t>(1, 4)};
    for (const auto& [name, bytes] : chunks)
      RC_ASSERT(projections::load_chunk(resumed, name, bytes).has_value());
    replay(resumed, lived.records, snapshot_at);
    RC_ASSERT(resumed.hash() == lived.state.hash());
    RC_ASSERT(save(resumed) == save(whole));
  }));
}

TEST_CASE("live_state: one more record gives another hash") {
  live_state state;
  const auto empty = state.hash();
  state.apply(task_added{task_id{"a"}, {}}, {1, day_one});
  const auto with_task = state.hash();
  CHECK_FALSE(with_task == empty);
  state.apply(job_added{.id = job_number(1), .task = task_id{"a"}}, {2, day_one});
  CHECK_FALSE(state.hash() == with_task);
  state.apply(job_finished{.id = job_number(1), .task = task_id{"a"}}, {3, day_one});
  CHECK(state.hash() == with_task);
}

TEST_CASE("live_state: each end of a job is told once, with what the job was") {
  live_state state{3};
  std::vector<projections::ended_job> ended;
  const auto keep = [&](projections::ended_job job) { ended.push_back(std::move(job)); };
  const schedule_id nightly{"nightly"};
  state.apply(schedule_added{.id = nightly, .settings = schedule_settings{.task = task_id{"a"}}},
              {1, day_one});
  state.apply(job_added{.id = job_number(1), .task = task_id{"a"}, .schedule = nightly},
              {2, day_one}, keep);
  CHECK(state.owner_of(nightly).find(nightly)->open_jobs == 1);
  state.apply(job_finished{.id = job_number(1), .task = task_id{"a"}, .schedule = nightly},
              {3, day_one}, keep);
  state.apply(job_finished{.id = job_number(1), .task = task_id{"a"}, .schedule = nightly},
              {4, day_one}, keep);
  REQUIRE(ended.size() == 1);
  CHECK(ended.front().info.at == 3);
  CHECK(ended.front().state.schedule == nightly);
}

TEST_CASE("live_state: a chunk of another format is refused, so that all is replayed") {
  live_state state;
  const auto loaded = projections::load_chunk(state, "jobs/999/0", "");
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == errc::unsupported);
  CHECK_FALSE(projections::load_chunk(state, projections::task_chunk_name(), "abc"));
}

TEST_CASE("live_state: the log's level rises with its records, and a snapshot keeps it") {
  live_state state;
  CHECK(state.level == events::first_level);
  const auto hash = state.hash();
  state.apply(level_raised{node_id{"a"}, 3}, {1, day_one});
  state.apply(level_raised{node_id{"b"}, 2}, {2, day_one});
  CHECK(state.level == 3);
  CHECK(state.hash() == hash);
  live_state other;
  CHECK(projections::load_chunk(other, projections::level_chunk_name(),
                                projections::save_level(events::first_level)));
  const auto newer = projections::load_chunk(other, projections::level_chunk_name(),
                                             projections::save_level(events::format_level() + 1));
  REQUIRE_FALSE(newer);
  CHECK(newer.error().code == errc::unsupported);
  for (const char* bytes : {"", "one", "1 ", "99999999999999999999"})
    CHECK(projections::load_chunk(other, projections::level_chunk_name(), bytes).error().code ==
          errc::corrupt);
}
