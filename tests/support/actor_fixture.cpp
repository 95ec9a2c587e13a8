#include "support/actor_fixture.hpp"

#include "actors/interfaces.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

namespace carillon::test {

using namespace actors;

namespace {

constexpr std::size_t all_bytes = 1 << 30;

struct test_config : caf::actor_system_config {
  test_config() { set("scheduler.policy", caf::atom("testing")); }
};

template <class T> T must(expected<T> result) {
  if (!result)
    FAIL(result.error().message);
  return std::move(*result);
}

/// The live state, over `owners`, as the log tells it.
projections::live_state replay(stores::event_log& log, std::size_t owners) {
  projections::live_state state{owners};
  for (const auto& block : must(log.read(0, all_bytes)))
    for (const auto& commit : block.commits) {
      auto at = commit.first;
      for (const auto& e : commit.events)
        state.apply(e, {at++, block.time});
    }
  return state;
}

projections::job_queue queue_of(const projections::live_state& state) {
  projections::job_queue queue;
  for (const auto& task : state.tasks.page({}, 1000))
    queue.set_task(task->id, task->settings.max_running_jobs, true);
  for (const auto& table : state.jobs)
    table.for_each([&](const domain::job_state& job) {
      if (job.status == job_status::running)
        queue.add_running(domain::waiting(job), job.added_at);
      else
        queue.add(domain::waiting(job), job.added_at, job.run_at);
    });
  return queue;
}

} // namespace

watched_log::watched_log() : log_{must(stores::open_log("memory:"))} {}

expected<stores::session> watched_log::open_session(const node_id& node) {
  return log_->open_session(node);
}
expected<stores::append_result> watched_log::append(const stores::session& who, time_point now,
                                                    std::span<const stores::commit> commits) {
  ++appends;
  if (before_append)
    before_append();
  if (failure)
    return unexpected<error>{*std::exchange(failure, std::nullopt)};
  return log_->append(who, now, commits);
}
expected<std::vector<stores::block>> watched_log::read(position after, std::size_t bytes_max) {
  return log_->read(after, bytes_max);
}
expected<stores::head> watched_log::head() { return log_->head(); }
expected<stores::base> watched_log::base() { return log_->base(); }
expected<blob_ref> watched_log::put_blob(std::string_view bytes) { return log_->put_blob(bytes); }
expected<std::string> watched_log::get_blob(const blob_ref& ref) { return log_->get_blob(ref); }
expected<void> watched_log::put_snapshot(const stores::snapshot& s) {
  return log_->put_snapshot(s);
}
expected<std::optional<stores::snapshot>> watched_log::load_snapshot() {
  return log_->load_snapshot();
}
expected<void> watched_log::drop_before(position at) { return log_->drop_before(at); }
expected<std::vector<stores::raw_block>> watched_log::read_raw(position after,
                                                               std::size_t bytes_max) {
  return log_->read_raw(after, bytes_max);
}
stores::log_stats watched_log::stats() const { return log_->stats(); }

struct actor_fixture::implementation {
  test_config config;
  caf::actor_system system{config};
  handles_ptr peers = std::make_shared<handles>();
  std::vector<std::shared_ptr<outbox>> outboxes;

  caf::scheduler::test_coordinator& coordinator() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }

  template <class State, class Handle> void look(const Handle& owner, auto reader) {
    caf::anon_send(owner, actors::look<State>{std::move(reader)});
    while (coordinator().try_run_once()) {
    }
  }
};

actor_fixture::actor_fixture(fixture_options options) : self_{std::make_unique<implementation>()} {
  node->options = std::move(options.options);
  node->node = node_id{"n1"};
  node->zone = "UTC";
  node->time = &clock;
  node->detached = false;
  node->can_run = [runs = runs](const domain::task_state& task) { return runs->can_run(task.id); };
  if (!options.history.empty()) {
    const auto earlier = must(log->open_session(node_id{"n1"}));
    stores::commit commit;
    commit.events = std::move(options.history);
    must(log->append(earlier, clock.now(), {&commit, 1}));
  }
  const auto session = must(log->open_session(node->node));
  const auto head = must(log->head());
  log->appends = 0;
  node->applied = head.at;
  auto executors = std::make_shared<actors::executors>();
  executors->add(executor_threads, runs);

  auto& system = self_->system;
  auto& peers = self_->peers;
  peers->trigger =
      spawn_trigger(system, node, peers, [this](std::optional<time_point> when) { alarm = when; });
  auto parts = replay(*log, options.owners);
  auto queue = queue_of(parts);
  node->tasks.reset(std::move(parts.tasks));
  for (std::size_t owner = 0; owner < options.owners; ++owner) {
    self_->outboxes.push_back(std::make_shared<outbox>(
        [peers, owner] { caf::anon_send(peers->jobs[owner], reports_ready{}); }));
    const ownership mine{owner, options.owners};
    peers->schedules.push_back(
        spawn_schedules(system, node, peers, mine, std::move(parts.schedules[owner]), head.at));
    peers->jobs.push_back(spawn_jobs(system, node, peers, mine, std::move(parts.jobs[owner]),
                                     head.at, executors, self_->outboxes[owner]));
  }
  peers->dispatch = spawn_dispatch(system, node, peers, std::move(queue), head.at);
  peers->history =
      spawn_history(system, node, options.owners, head.at, must(stores::open_history("memory:")));
  peers->subscriptions = spawn_subscriptions(system, node, log);
  peers->log = spawn_log(system, node, peers, {log, session, head});
  if (options.started)
    node->session_start = head.at + 1;
  run();
}

actor_fixture::~actor_fixture() {
  auto& peers = *self_->peers;
  const auto end = [](const auto& actor) {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  };
  end(peers.trigger);
  end(peers.dispatch);
  for (const auto& actor : peers.schedules)
    end(actor);
  for (const auto& actor : peers.jobs)
    end(actor);
  end(peers.subscriptions);
  end(peers.log);
  end(peers.history);
  peers = {};
  run_timers();
}

pending<expected<answer>> actor_fixture::ask(command c, request_info info) {
  auto out = std::make_shared<std::optional<expected<answer>>>();
  auto command = std::make_shared<pending_command>();
  command->info = std::move(info);
  command->done = [out](expected<answer> a) { *out = std::move(a); };
  command->what = std::move(c);
  const auto& peers = *self_->peers;
  std::visit(
      [&](const auto& what) {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, add_jobs>)
          caf::anon_send(peers.jobs.front(), actors::ask{command});
        else if constexpr (std::is_same_v<What, clean_up>)
          caf::anon_send(peers.schedules.front(), actors::ask{command});
        else if constexpr (std::is_same_v<What, add_schedule>)
          caf::anon_send(peers.owner_of(what.spec.id), actors::ask{command});
        else
          caf::anon_send(peers.owner_of(what.id), actors::ask{command});
      },
      command->what);
  return out;
}

pending<append_reply> actor_fixture::append(lane where, std::vector<stores::commit> commits) {
  auto out = std::make_shared<std::optional<append_reply>>();
  auto moved = std::make_shared<std::vector<stores::commit>>(std::move(commits));
  // The request goes in as an argument: CAF's start of an actor without arguments dereferences a
  // null pointer to an empty tuple, which the library's assertions take amiss.
  self_->system.spawn(
      [out, log = self_->peers->log](caf::event_based_actor* self, const append_request& request) {
        self->request(log, caf::infinite, request)
            .then([out](append_reply& reply) { *out = std::move(reply); },
                  [](const caf::error&) {});
      },
      append_request{where, std::move(moved)});
  return out;
}

void actor_fixture::report(domain::run_report report) {
  const auto owner = projections::share_of(report.id) % self_->outboxes.size();
  self_->outboxes[owner]->put(std::move(report));
}

void actor_fixture::ring(std::int64_t step) {
  caf::anon_send(self_->peers->trigger, alarm_rang{step});
}

void actor_fixture::wake_at(std::size_t source, std::optional<time_point> when) {
  caf::anon_send(self_->peers->trigger, actors::wake_at{source, when});
}

void actor_fixture::adopt(std::vector<std::pair<job_id, position>> runs) {
  for (const auto& owner : self_->peers->jobs)
    caf::anon_send(owner, adopt_runs{runs});
}

void actor_fixture::give_back(std::vector<std::pair<job_id, position>> unbegun) {
  for (const auto& owner : self_->peers->jobs)
    caf::anon_send(owner, actors::give_back{unbegun});
}

void actor_fixture::capability_added(const task_id& id) {
  caf::anon_send(self_->peers->dispatch, actors::capability_added{id});
}

void actor_fixture::watch(const job_id& id, std::function<void()> done) {
  caf::anon_send(self_->peers->owner_of(id), watch_job{id, std::move(done)});
}

void actor_fixture::run() {
  while (self_->coordinator().try_run_once()) {
  }
}

bool actor_fixture::run_one(const std::function<std::size_t(std::size_t)>& choose) {
  auto& jobs = self_->coordinator().jobs;
  if (jobs.empty())
    return false;
  const auto chosen = jobs.begin() + static_cast<std::ptrdiff_t>(choose(jobs.size()));
  std::rotate(jobs.begin(), chosen, chosen + 1);
  return self_->coordinator().try_run_once();
}

void actor_fixture::at(time_point t) {
  clock.set(t);
  while (alarm && *alarm <= t) {
    ring();
    run();
  }
  run();
}

void actor_fixture::run_timers() {
  do
    run();
  while (self_->coordinator().trigger_timeouts() != 0);
  run();
}

expected<answer> actor_fixture::asked(command c, request_info info) {
  const auto reply = ask(std::move(c), std::move(info));
  run();
  REQUIRE(*reply);
  return **reply;
}

answer actor_fixture::done(command c, request_info info) {
  return must(asked(std::move(c), std::move(info)));
}

std::vector<event> actor_fixture::events() const {
  std::vector<event> out;
  for (auto& block : must(log->read(0, all_bytes)))
    for (auto& commit : block.commits)
      std::move(commit.events.begin(), commit.events.end(), std::back_inserter(out));
  return out;
}

std::string actor_fixture::names(position from) const {
  auto text = commits(from);
  for (auto at = text.find(" | "); at != std::string::npos; at = text.find(" | "))
    text.replace(at, 3, " ");
  return text;
}

std::string actor_fixture::commits(position from) const {
  std::string out;
  for (const auto& block : must(log->read(0, all_bytes)))
    for (const auto& commit : block.commits) {
      auto at = commit.first;
      bool is_first = true;
      for (const auto& e : commit.events) {
        if (at++ < from)
          continue;
        out += out.empty() ? "" : (is_first ? " | " : " ");
        is_first = false;
        out += std::visit([](const auto& what) { return what.name; }, e);
      }
    }
  return out;
}

projections::live_state actor_fixture::replayed() const { return replay(*log, 1); }

projections::state_hash actor_fixture::hash() {
  auto sum = node->tasks.read([](const auto& tasks) { return tasks.hash(); });
  for (const auto& owner : self_->peers->schedules)
    self_->look<projections::schedule_table>(owner, [&](const auto& t) { sum += t.hash(); });
  for (const auto& owner : self_->peers->jobs)
    self_->look<projections::job_table>(owner, [&](const auto& t) { sum += t.hash(); });
  return sum;
}

std::optional<domain::schedule_state> actor_fixture::schedule(const schedule_id& id) {
  std::optional<domain::schedule_state> out;
  self_->look<projections::schedule_table>(self_->peers->owner_of(id),
                                           [&](const auto& t) { out = t.find(id); });
  return out;
}

std::optional<domain::job_state> actor_fixture::job(const job_id& id) {
  std::optional<domain::job_state> out;
  self_->look<projections::job_table>(self_->peers->owner_of(id), [&](const auto& t) {
    if (const auto* found = t.find(id))
      out = *found;
  });
  return out;
}

} // namespace carillon::test
