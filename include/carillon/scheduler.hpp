#pragma once

#include "carillon/command.hpp"
#include "carillon/event.hpp"
#include "carillon/typed_task.hpp"
#include "carillon/view.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// ENG-02: what a node does. A scheduler that is not started does neither: it is a client.
enum class node_role : std::uint8_t {
  both,
  scheduler, ///< Fires schedules, runs nothing.
  worker,    ///< Runs jobs, fires nothing.
};

/// How urgent a log line is.
enum class log_level : std::uint8_t { debug, info, warning, error };

/// Receives one line per fact. Called from any thread.
using log_sink = std::function<void(log_level, std::string_view)>;

/// How the nodes of a shared log tell each other what happens: quicker than by asking the log. See
/// docs/mqtt.md.
struct broker_settings {
  /// "mqtt://HOST[:PORT]", "mqtts://", "ws://" or "wss://"; empty = no broker.
  std::string url = {};
  std::string cluster = "carillon"; ///< Its name in topics; see `check_name`.
  std::string topic_prefix = {};    ///< Empty = "carillon/v1".
  /// Key of the cluster, 16 bytes or more: nodes that have it believe only those that do. Empty =
  /// blocks from the broker are hints to read the log. Never printed.
  std::string key = {};
  std::string username = {};
  std::string password = {};         ///< Never printed.
  std::string ca_file = {};          ///< PEM; empty = the system's authorities.
  std::string certificate_file = {}; ///< PEM; this node's own.
  std::string key_file = {};         ///< PEM; its private key.
  /// Publishes this node's events as CloudEvents, for programs outside.
  bool publish_events = false;
  std::vector<std::string> event_types = {}; ///< Wire names of those; empty = all.
};

struct scheduler_options {
  /// "memory:" (lost at the end), "rocksdb:DIRECTORY", or "postgres://...": a log that many nodes
  /// share.
  std::string log = "memory:";
  /// Name of this node in the log. Default: the host's name.
  std::string node = {};
  node_role role = node_role::both;
  /// Runs at once on this node; 0 = runs nothing.
  std::uint32_t max_concurrent_jobs = 100;
  /// Threads for C++ handlers; 0 = 4 per core, at most 40.
  std::uint32_t handler_threads = 0;
  /// What a new task gets for settings it does not give.
  task_settings task_defaults = {};
  /// IANA zone of cron and calendar triggers that name none; "local" = the machine's.
  std::string default_zone = "local";
  /// Between purges of finished schedules; none or 0 = only when asked.
  std::optional<duration> cleanup_interval = std::chrono::minutes{15};
  /// Records between two snapshots.
  std::uint64_t snapshot_every = 100'000;
  /// Commands waiting for the log are refused as `overloaded` beyond this many bytes.
  std::uint64_t waiting_bytes_max = 64ULL << 20;
  /// The supervisor program for `process` tasks; empty = looked for beside this program and in
  /// libexec.
  std::filesystem::path supervisor = {};
  /// Where supervised runs are kept; empty = "runs" beside the log, or a temporary folder for
  /// memory:.
  std::filesystem::path runs_directory = {};
  /// How long a run that was told to stop may go on before it is killed.
  duration kill_grace = std::chrono::seconds{5};
  /// Open a log that ends before its durable mark.
  bool accept_data_loss = false;
  /// Shared logs: where this node keeps what is its own: history, runs, the token of its session.
  /// No two processes can use it at once. Empty = a temporary folder; then a node that was killed
  /// can come back under its name only once its session has expired, and without its runs.
  std::filesystem::path data_directory = {};
  /// Shared logs: how long the others wait for this node when it falls silent; 1 s to 1 day.
  duration session_ttl = std::chrono::seconds{10};
  /// "name=value" or "name": what tasks can demand of a node (`task_settings::required_labels`).
  std::vector<std::string> labels = {};
  broker_settings broker = {};
  /// Where log lines go; none = nowhere.
  log_sink sink = {};
  /// Where "now" comes from; nullptr = the wall clock. Must outlive the scheduler.
  const clock* time = nullptr;
};

/// What a subscription wants to see; empty = everything.
struct event_filter {
  std::vector<std::string> types = {}; ///< Wire names such as "job_finished".
  /// All events of one kind of thing (DEV-26).
  std::optional<stream_category> category = {};
  std::string stream = {}; ///< One stream, such as "schedule-nightly".
};

/// Ends its subscription when destroyed. Movable. Once it has ended, the callback is not running
/// and will not be called: do not end it under a lock that the callback takes, other than from
/// inside it.
class subscription {
public:
  subscription() = default;
  explicit subscription(std::shared_ptr<void> token) : token_{std::move(token)} {}
  void unsubscribe() { token_.reset(); }

private:
  std::shared_ptr<void> token_;
};

/// A scheduling engine in this process: its log, its clock, its workers.
///
/// Thread-safe: every member may be called from any thread, except from inside a task handler or
/// event callback for the blocking ones that wait for a job (`run_job`, `result` with a wait).
/// Every command comes as three twins: blocking, future, callback.
/// The library installs no signal handlers. The destructor stops the engine.
class scheduler {
public:
  /// Opens the log, replays it and stands ready as a client: commands and reads work, nothing fires
  /// or runs until `start`. Errors: invalid_argument, conflict (log held by another process),
  /// corrupt.
  static expected<scheduler> open(scheduler_options options = {});

  scheduler(scheduler&&) noexcept;
  scheduler& operator=(scheduler&&) noexcept;
  ~scheduler();

  // --- life -----------------------------------------------------------------------------------

  /// Starts firing and running, by role. Errors: already_running, unavailable.
  expected<void> start();
  /// Stops claiming, waits up to `drain` for running handlers, then sets their stop tokens;
  /// commands run by a supervisor go on and are adopted at the next start. Idempotent.
  void stop(duration drain = std::chrono::seconds{30});
  /// Returns when the scheduler is stopped or stopping.
  void wait_until_stopped();
  scheduler_state state() const;
  /// Whether commands are accepted and jobs run here. Errors: unavailable, and why: it is not
  /// started, or drains; its log is away or takes no more; its session is lost.
  expected<void> ready() const;

  // --- tasks ----------------------------------------------------------------------------------

  /// Makes `handler` what this process runs for task `id`, and configures the task.
  /// Errors: conflict (registered before in this process), invalid_argument.
  expected<void> register_task(const task_id& id, task_handler handler, task_options options = {});

  /// The same for any function: arguments and result follow from its signature (see
  /// typed_task.hpp).
  template <TypedHandler Function>
  expected<void> register_task(const task_id& id, Function function, task_options options = {}) {
    return register_task(id, make_handler(std::move(function)), std::move(options));
  }

  // --- ask ------------------------------------------------------------------------------------

  /// Does what `c` says. When it returns, the change is durable and visible to reads on this node.
  expected<answer> ask(command c, request_info info = {});
  /// The future twin of `ask`.
  std::future<expected<answer>> ask_future(command c, request_info info = {});
  /// The callback twin of `ask`; `done` is called once, on a thread of the engine, and must not
  /// block.
  void ask_async(command c, request_info info, std::function<void(expected<answer>)> done);

  /// Runs `function` every `period`, first now; the schedule and its task are named `id`.
  template <class Function>
  expected<answer> every(std::string id, duration period, Function function) {
    return on(std::move(id), trigger_spec{interval{period}}, std::move(function));
  }
  /// Runs `function` whenever the 5-field `expression` matches in `zone` (empty = the node's).
  template <class Function>
  expected<answer> cron(std::string id, std::string_view expression, Function function,
                        std::string zone = {}) {
    auto trigger = from_crontab(expression, std::move(zone));
    if (!trigger)
      return unexpected<error>{std::move(trigger).error()};
    return on(std::move(id), std::move(*trigger), std::move(function));
  }
  /// Runs `function` once, at `instant`.
  template <class Function>
  expected<answer> at(std::string id, time_point instant, Function function) {
    return on(std::move(id), trigger_spec{once{when{instant}}}, std::move(function));
  }
  /// Runs `function` when `trigger` fires.
  template <class Function>
  expected<answer> on(std::string id, trigger_spec trigger, Function function) {
    if (auto registered = register_task(task_id{id}, std::move(function)); !registered)
      return unexpected<error>{std::move(registered).error()};
    schedule_spec spec{.id = schedule_id{id}, .task = task_id{id}, .trigger = std::move(trigger)};
    spec.on_conflict = conflict_policy::update;
    return ask(add_schedule{std::move(spec)});
  }

  /// Queues one job. Errors: not_found (task), overloaded, invalid_argument.
  expected<job_id> add_job(job_spec job, request_info info = {});
  /// Queues a job and waits for its value. Errors of the job: failed, missed, cancelled, abandoned,
  /// timed_out; timed_out as well when `wait` ends first.
  expected<value> run_job(job_spec job, duration wait = std::chrono::hours{1});
  /// How a job ended; waits up to `wait` for it. Errors: not_found, not_ready, timed_out.
  expected<job_result> result(const job_id& id, duration wait = {});

  // --- see ------------------------------------------------------------------------------------

  /// Returns when everything up to `at` is visible here. Errors: timed_out.
  expected<void> wait_for(position at, duration wait);

  expected<page<task_view>> tasks(const page_request& request = {}) const;
  expected<task_view> task(const task_id& id) const;
  expected<page<schedule_view>> schedules(const page_request& request = {}) const;
  expected<schedule_view> schedule(const schedule_id& id) const;
  expected<page<calendar_view>> calendars(const page_request& request = {}) const;
  expected<calendar_view> calendar(const calendar_id& id) const;
  /// The trigger with the days of the calendars that it names, as they are now: what `fire_times`
  /// can read. Errors: invalid_argument, when one of them does not exist.
  expected<trigger_spec> with_calendars(const trigger_spec& trigger) const;
  /// Live jobs and finished ones, newest first.
  expected<page<job_view>> jobs(const job_filter& filter = {},
                                const page_request& request = {}) const;
  expected<job_view> job(const job_id& id) const;
  /// The bytes of a payload: its own text, or its blob. Errors: not_found, corrupt.
  expected<std::string> text_of(const payload& p) const;

  /// Records after `after`, oldest first, at most `limit`. Errors: gone, corrupt.
  expected<std::vector<recorded_event>> events(position after, std::size_t limit) const;
  /// Calls `callback` for each matching event after `after` (none = from now on), in log order, one
  /// at a time. A callback that throws is logged and called again for the next event.
  subscription subscribe(event_filter filter, std::function<void(const recorded_event&)> callback,
                         std::optional<position> after = {});
  /// The first matching event from now on. Errors: timed_out.
  expected<recorded_event> next_event(event_filter filter, duration wait);

  /// The nodes that share the log, by name; this one alone where it has one writer.
  /// Errors: unavailable (the log is away).
  expected<std::vector<node_view>> nodes() const;
  status_view status() const;
  stats_view stats() const;
  /// As given to `open`; `default_zone` by its name.
  const scheduler_options& options() const;

  /// Writes a snapshot of the live state now. Errors: unavailable, no_space.
  expected<position> take_snapshot();
  /// Lets records of format levels up to `level` into the log, for ever: a build that knows less
  /// can not use it any more. No error when the log is there already. Returns the position up to
  /// which that is visible. Errors: invalid_argument (0), unsupported (this build does not know the
  /// level), conflict (a live node knows less, by name; the log is above it), unavailable.
  expected<position> raise_level(std::uint32_t level, request_info info = {});

  class implementation; ///< Everything that must not show in a header.

private:
  friend struct actor_api; ///< Behind carillon/actor.hpp.
  explicit scheduler(std::unique_ptr<implementation> self);
  static expected<trigger_spec> from_crontab(std::string_view expression, std::string zone);

  std::unique_ptr<implementation> self_;
};

} // namespace carillon
