#include "actors/engine.hpp"

#include "actors/local_zone.hpp"
#include "carillon/actor.hpp"
#include "triggers/civil_time.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <unistd.h>

namespace carillon {

using namespace actors;

namespace {

/// Owners of schedules, and of jobs. More than cores brings nothing: owners only decide.
constexpr std::size_t owners_of_each = 2;

/// Longest wait for a shared log when this node starts or stops.
constexpr std::chrono::seconds record_wait{15};

/// How often a clock that is not the wall clock is looked at while something waits for it.
constexpr std::chrono::milliseconds own_clock_period{10};

/// When to look, on the wall clock, whether `when` has come on the node's clock.
std::optional<time_point> on_wall(const node_context& node, std::optional<time_point> when) {
  if (!when || node.time == &wall_clock())
    return when;
  const auto now = wall_clock().now();
  return *when <= node.now() ? now : now + own_clock_period;
}

commit_meta life_meta() { return {.who = "engine", .from = "life"}; }

/// Where a commit of the node itself stands in the log.
expected<position> position_of(const stores::outcome& outcome) {
  switch (outcome.kind) {
  case stores::outcome_kind::appended:
  case stores::outcome_kind::duplicate: return outcome.at;
  case stores::outcome_kind::conflict:
    return refuse(errc::conflict,
                  "touched at " + std::to_string(outcome.at) + " meanwhile: look, and ask again");
  case stores::outcome_kind::fenced:
    return refuse(errc::unavailable, "another process has taken over this log");
  case stores::outcome_kind::too_early:
  case stores::outcome_kind::full: break;
  }
  return refuse(errc::unavailable, "the log takes no more for now");
}

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
    return "node";
  return name;
}

std::string directory_of(std::string_view url) {
  constexpr std::string_view scheme = "rocksdb:";
  return url.starts_with(scheme) ? std::string{url.substr(scheme.size())} : std::string{};
}

} // namespace

scheduler::implementation::implementation(scheduler_options options)
    : node_{std::make_shared<node_context>()} {
  node_->options = std::move(options);
  node_->time = node_->options.time != nullptr ? node_->options.time : &wall_clock();
  node_->opened_at = node_->now();
  node_->node = node_id{node_->options.node.empty() ? host_name() : node_->options.node};
}

expected<std::unique_ptr<scheduler::implementation>>
scheduler::implementation::open(scheduler_options options, caf::actor_system* system) {
  std::unique_ptr<implementation> self{new implementation{std::move(options)}};
  if (auto named = check_name(self->node_->node.value, "node"); !named)
    return unexpected<error>{std::move(named).error()};
  auto& zone = self->node_->options.default_zone;
  if (zone.empty() || zone == "local")
    zone = local_zone_name();
  self->node_->zone = zone;
  if (auto found = triggers::find_zone(self->node_->zone); !found)
    return refuse(errc::invalid_argument, found.error().message, "default_zone");
  if (auto assembled = self->assemble(system); !assembled)
    return unexpected<error>{std::move(assembled).error()};
  return self;
}

expected<void> scheduler::implementation::assemble(caf::actor_system* system) {
  const auto& options = node_->options;
  stores::log_options how{.accept_data_loss = options.accept_data_loss};
  if (stores::is_shared(options.log)) {
    auto directory = node_directory::open(options.data_directory, node_->node, options.log);
    if (!directory)
      return unexpected<error>{std::move(directory).error()};
    directory_ = std::move(*directory);
    how.history_directory = directory_->history();
  } else if (!options.broker.url.empty()) {
    return refuse(errc::invalid_argument, "a broker is for nodes that share a log: postgres://...",
                  "broker");
  }
  auto recovered = recover(options.log, how, owners_of_each);
  if (!recovered)
    return unexpected<error>{std::move(recovered).error()};
  if (system == nullptr) {
    config_ = std::make_unique<caf::actor_system_config>();
    // Work stealing polls, with sleeps of up to 10 ms; sharing waits on a condition.
    config_->set("scheduler.policy", caf::atom("sharing"));
    config_->set("scheduler.max-throughput", std::size_t{64});
    // Whatever blocks has a thread of its own, so more workers than cores only contend.
    config_->set("scheduler.max-threads",
                 std::max<std::size_t>(2, std::thread::hardware_concurrency()));
    own_system_ = std::make_unique<caf::actor_system>(*config_);
    system = own_system_.get();
  }
  system_ = system;
  log_ = recovered->log;
  if (directory_ != nullptr) {
    node_->sharing = std::make_shared<log_sharing>(node_->node);
    node_->lease_file = directory_->lease_file();
  }
  add_executors(*recovered);
  auto rang = [peers = peers_](std::int64_t step) {
    caf::anon_send(peers->trigger, alarm_rang{step});
  };
  auto made = alarm::make(rang);
  if (!made)
    return unexpected<error>{std::move(made).error()};
  alarm_ = std::move(*made);
  auto session = open_session();
  if (!session)
    return unexpected<error>{std::move(session).error()};
  if (auto opened = open_broker(); !opened)
    return opened;
  spawn(std::move(*recovered), *session);
  if (keeper_ != nullptr)
    keeper_->start();
  if (auto started = start_broker(); !started)
    return started;
  housekeeper_ = std::thread{[this] { housekeeping(); }};
  return {};
}

std::filesystem::path scheduler::implementation::runs_directory() const {
  if (!node_->options.runs_directory.empty())
    return node_->options.runs_directory;
  if (directory_ != nullptr)
    return directory_->runs();
  if (const auto directory = directory_of(node_->options.log); !directory.empty())
    return std::filesystem::path{directory} / "runs";
  return temporary_runs_;
}

void scheduler::implementation::add_executors(const recovered& from) {
  for (std::size_t owner = 0; owner < owners_of_each; ++owner)
    outboxes_.push_back(std::make_shared<outbox>(
        [peers = peers_, owner] { caf::anon_send(peers->jobs[owner], reports_ready{}); }));
  const auto sink = [boxes = outboxes_](domain::run_report report) {
    boxes[projections::share_of(report.id) % boxes.size()]->put(std::move(report));
  };
  executors_->add(executor_threads, make_thread_executor(node_, from.log, sink));
  actor_tasks_ = make_actor_executor(*system_, node_, from.log, sink);
  executors_->add(executor_actor, actor_tasks_);
  if (directory_of(node_->options.log).empty() && directory_ == nullptr &&
      node_->options.runs_directory.empty()) {
    auto pattern = (std::filesystem::temp_directory_path() / "carillon-runs-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr)
      temporary_runs_ = pattern;
  }
  if (auto process = make_process_executor(node_, from.log, runs_directory(), sink); process)
    executors_->add(executor_process, std::move(*process));
  else
    node_->log(log_level::warning, "commands cannot be run here: " + process.error().message);
  node_->can_run = [runs = executors_, labels = cluster::parse_labels(node_->options.labels)](
                       const domain::task_state& task) {
    const auto* runner = runs->find(task.settings.executor);
    return cluster::has_labels(labels, task.settings.required_labels) && runner != nullptr &&
           runner->can_run(task.id);
  };
}

/// No handler throws, so an actor that ends by itself has met a bug: nothing more fires or is
/// accepted by this node, and what was acknowledged stays in the log. A restart goes on from there.
void scheduler::implementation::watch_actors() {
  const auto watch = [node = node_](const auto& actor, std::string name) {
    caf::actor_cast<caf::abstract_actor*>(actor)->attach_functor(
        [node, name = std::move(name)](const caf::error& reason) {
          if (reason == caf::exit_reason::user_shutdown)
            return;
          node->break_log();
          node->log(log_level::error, "the " + name + " actor ended by itself; restart this node");
        });
  };
  watch(peers_->log, "log");
  watch(peers_->trigger, "trigger");
  watch(peers_->dispatch, "dispatch");
  for (const auto& actor : peers_->schedules)
    watch(actor, "schedules");
  for (const auto& actor : peers_->jobs)
    watch(actor, "jobs");
  watch(peers_->history, "history");
  watch(peers_->subscriptions, "subscriptions");
}

void scheduler::implementation::spawn(recovered from, const stores::session& session) {
  const auto applied = from.head.at;
  auto queue = queue_of(from.state, *node_);
  node_->tasks.reset(std::move(from.state.tasks));
  node_->rules.reset(std::move(from.state.calendars), std::move(from.state.zones));
  node_->applied = applied;
  node_->level = from.state.level;
  snapshot_at_ = from.snapshot_at;
  peers_->trigger =
      spawn_trigger(*system_, node_, peers_, [alarm = alarm_.get(), node = node_](auto when) {
        alarm->set(on_wall(*node, when));
      });
  for (std::size_t owner = 0; owner < owners_of_each; ++owner) {
    const ownership mine{owner, owners_of_each};
    peers_->schedules.push_back(spawn_schedules(*system_, node_, peers_, mine,
                                                std::move(from.state.schedules[owner]), applied));
    peers_->jobs.push_back(spawn_jobs(*system_, node_, peers_, mine,
                                      std::move(from.state.jobs[owner]), applied, executors_,
                                      outboxes_[owner]));
  }
  peers_->dispatch = spawn_dispatch(*system_, node_, peers_, std::move(queue), applied);
  peers_->history = spawn_history(*system_, node_, owners_of_each, applied, from.history);
  peers_->subscriptions = spawn_subscriptions(*system_, node_, log_);
  peers_->log = spawn_log(*system_, node_, peers_, {log_, session, from.head});
  watch_actors();
}

scheduler::implementation::~implementation() {
  stop(std::chrono::seconds{0});
  {
    const std::lock_guard hold{mutex_};
    closing_ = true;
  }
  changed_.notify_all();
  if (housekeeper_.joinable())
    housekeeper_.join();
  if (link_ != nullptr)
    link_->close();
  if (keeper_ != nullptr)
    keeper_->close(!has_living_runs());
  end_actors();
  node_->can_run = nullptr; // it holds the executors, too
  executors_.reset();
  actor_tasks_.reset();
  *peers_ = {}; // not before: runs may have reported until now, to actors that are gone
  own_system_.reset();
  if (!temporary_runs_.empty()) {
    std::error_code ignored; // not empty: a command is still running there
    std::filesystem::remove(temporary_runs_, ignored);
  }
}

/// Ends every actor, those that others send to last, and waits until they are gone.
void scheduler::implementation::end_actors() {
  if (!peers_->log)
    return; // never assembled
  caf::scoped_actor self{*system_};
  const auto end = [&](const auto& actor) {
    self->send_exit(actor, caf::exit_reason::user_shutdown);
    self->wait_for(actor);
  };
  end(peers_->trigger);
  alarm_.reset(); // the trigger actor set it until now
  end(peers_->dispatch);
  for (const auto& actor : peers_->schedules)
    end(actor);
  for (const auto& actor : peers_->jobs)
    end(actor);
  end(peers_->subscriptions);
  end(peers_->log);
  end(peers_->history);
}

expected<position> scheduler::implementation::record(event e, commit_meta meta,
                                                     std::optional<stores::key> relied_on) {
  auto commits = std::make_shared<std::vector<stores::commit>>(1);
  commits->front().id = ids_.commit();
  commits->front().known = node_->applied;
  commits->front().meta = std::move(meta);
  commits->front().events.push_back(std::move(e));
  if (relied_on)
    commits->front().guards = commits->front().touches = {*relied_on};
  caf::scoped_actor self{*system_};
  expected<position> out = refuse(errc::unavailable, "the log does not answer");
  const auto limit = keeper_ != nullptr ? caf::duration{record_wait} : caf::duration{caf::infinite};
  self->request(peers_->log, limit, append_request{lane::command, commits})
      .receive(
          [&](const append_reply& reply) {
            if (reply.failure)
              out = unexpected<error>{*reply.failure};
            else
              out = position_of(reply.outcomes.front());
          },
          [](const caf::error&) {});
  return out;
}

expected<void> scheduler::implementation::start() {
  {
    const std::lock_guard hold{mutex_};
    if (state_ != scheduler_state::stopped)
      return refuse(errc::already_running,
                    "the scheduler is " + std::string{to_string(state_)} + " already");
    state_ = scheduler_state::starting;
  }
  const auto session = record(node_started{node_->node, CARILLON_VERSION}, life_meta());
  if (!session) {
    const std::lock_guard hold{mutex_};
    state_ = scheduler_state::stopped;
    return unexpected<error>{session.error()};
  }
  (void)renew_calendars(); // what it could not do, the housekeeper and each fire will
  if (auto renewed = renew_zones(); !renewed) {
    const std::lock_guard hold{mutex_};
    state_ = scheduler_state::stopped;
    return renewed;
  }
  adopt_runs adopted;
  const bool is_first = !std::exchange(has_adopted_, true);
  if (is_first)
    for (const auto& [name, runner] : executors_->all())
      for (auto& run : runner->adopt())
        adopted.runs.push_back(std::move(run));
  node_->draining = false;
  node_->session_start = *session;
  announce();
  if (is_first)
    for (const auto& owner : peers_->jobs)
      caf::anon_send(owner, adopted);
  for (const auto& owner : peers_->schedules)
    caf::anon_send(owner, fire_due{node_->now()});
  caf::anon_send(peers_->dispatch, dispatch_due{});
  {
    const std::lock_guard hold{mutex_};
    state_ = scheduler_state::started;
  }
  changed_.notify_all();
  node_->log(log_level::info, "scheduler '" + node_->node.value + "' started at position " +
                                  std::to_string(*session));
  return {};
}

expected<collector_ptr> scheduler::implementation::gather(bool with_chunks) {
  auto into = std::make_shared<collector>();
  auto promise = std::make_shared<std::promise<void>>();
  auto future = promise->get_future();
  into->with_chunks = with_chunks;
  into->done = [promise](collector&) { promise->set_value(); };
  promise.reset();
  caf::anon_send(peers_->log, actors::gather{into});
  try {
    future.get();
  } catch (const std::future_error&) {
    return refuse(errc::unavailable, "the scheduler is stopped");
  }
  return into;
}

void scheduler::implementation::finish_handlers(duration drain) {
  std::vector<std::pair<job_id, position>> unbegun;
  for (const auto& [name, runner] : executors_->all())
    for (auto& run : runner->take_back())
      unbegun.push_back(std::move(run));
  for (const auto& owner : peers_->jobs)
    caf::anon_send(owner, give_back{unbegun});
  const auto wait = [this](duration limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
      const bool is_idle =
          std::all_of(executors_->all().begin(), executors_->all().end(), [](const auto& entry) {
            return entry.second->outlives_process() || entry.second->running() == 0;
          });
      if (is_idle || std::chrono::steady_clock::now() >= until)
        return is_idle;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  };
  if (!wait(drain)) {
    for (const auto& [name, runner] : executors_->all())
      runner->stop_all(stop_reason::drain);
    wait(node_->options.kill_grace);
  }
}

void scheduler::implementation::stop(duration drain) {
  {
    std::unique_lock hold{mutex_};
    changed_.wait(hold, [this] { return state_ != scheduler_state::starting; });
    if (state_ != scheduler_state::started)
      return;
    state_ = scheduler_state::draining;
  }
  changed_.notify_all();
  node_->draining = true;
  announce(); // others fire and claim from now on what was this node's to do first
  // The dispatcher has sent on its way whatever it was claiming when `draining` was set.
  (void)read<look_queue, bool>(peers_->dispatch, [](const auto&) { return true; });
  (void)gather(false); // whatever was claimed before has reached its executor
  (void)gather(false);
  finish_handlers(drain);
  {
    const std::lock_guard hold{mutex_};
    state_ = scheduler_state::stopping;
  }
  (void)gather(false); // endings are on their way to the log
  (void)gather(false);
  if (!node_->log_broken) {
    if (const auto stopped = record(node_stopped{node_->node, "stop"}, life_meta()); !stopped)
      node_->log(log_level::warning, "stop not recorded: " + stopped.error().message);
    (void)store_snapshot_now();
  }
  node_->session_start = 0;
  {
    const std::lock_guard hold{mutex_};
    state_ = scheduler_state::stopped;
  }
  changed_.notify_all();
  node_->log(log_level::info, "scheduler '" + node_->node.value + "' stopped");
}

expected<position> scheduler::implementation::store_snapshot_now() {
  auto gathered = gather(true);
  if (!gathered)
    return unexpected<error>{std::move(gathered).error()};
  const auto at = (*gathered)->at;
  caf::anon_send(peers_->log, store_snapshot{*gathered});
  // Behind it in the log's mailbox: when this is answered, the snapshot is stored.
  if (auto stored = read<look_log, bool>(peers_->log, [](const auto&) { return true; }); !stored)
    return unexpected<error>{std::move(stored).error()};
  {
    const std::lock_guard hold{mutex_};
    snapshot_at_ = at;
  }
  return at;
}

void scheduler::implementation::wait_until_stopped() {
  std::unique_lock hold{mutex_};
  changed_.wait(hold, [this] {
    return state_ == scheduler_state::stopped || state_ == scheduler_state::stopping;
  });
}

expected<void> scheduler::implementation::ready() const {
  if (const auto now = state(); now != scheduler_state::started)
    return refuse(errc::unavailable, std::string{to_string(now)});
  if (node_->log_broken)
    return refuse(errc::unavailable, "the log takes no more; see the node's log lines");
  if (node_->sharing != nullptr && node_->sharing->away)
    return refuse(errc::unavailable, "the log is away");
  if (!node_->holds_lease())
    return refuse(errc::unavailable, "the session is lost");
  return {};
}

scheduler_state scheduler::implementation::state() const {
  const std::lock_guard hold{mutex_};
  return state_;
}

} // namespace carillon
