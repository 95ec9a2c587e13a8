#pragma once

#include "actors/actor_executor.hpp"
#include "actors/alarm.hpp"
#include "actors/broker_link.hpp"
#include "actors/id_source.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_directory.hpp"
#include "actors/recovery.hpp"
#include "actors/session_keeper.hpp"
#include "carillon/scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace carillon {

/// The engine behind the facade: the actor system of a node and its life.
class scheduler::implementation {
public:
  /// `system` is the application's own actor system, or nullptr for one of our own.
  static expected<std::unique_ptr<implementation>> open(scheduler_options options,
                                                        caf::actor_system* system);
  ~implementation();

  expected<void> start();
  void stop(duration drain);
  void wait_until_stopped();
  scheduler_state state() const;
  expected<void> ready() const;

  expected<void> register_task(const task_id& id, task_handler handler, task_options options);
  void ask_async(command c, request_info info, std::function<void(expected<answer>)> done);

  /// Starts a gathering over all owners at the present position; with `chunks` it is stored.
  expected<actors::collector_ptr> gather(bool with_chunks);

  /// Stores a snapshot of the live state as of now. Errors: unavailable.
  expected<position> store_snapshot_now();

  /// See `scheduler::subscribe`.
  subscription subscribe(event_filter filter, std::function<void(const recorded_event&)> callback,
                         std::optional<position> after);

  /// Shared logs: tells the other nodes what this one can do, as it is now.
  void announce();
  expected<std::vector<node_view>> nodes() const;
  /// See `scheduler::raise_level`.
  expected<position> raise_level(std::uint32_t level, const commit_meta& meta);
  /// What a shared log adds to the status of this node.
  void add_sharing(status_view& out) const;

  actors::node_context& node() { return *node_; }
  actors::handles& peers() { return *peers_; }
  actors::actor_executor& actor_tasks() { return *actor_tasks_; }

  /// Sends `Message`, which runs `look` on its owner's state, and answers what that returns: in
  /// order with all that was sent before. Errors: unavailable when the engine is gone.
  template <class Message, class Result, class Handle, class Look>
  static expected<Result> read(const Handle& owner, Look look) {
    auto promise = std::make_shared<std::promise<Result>>();
    auto future = promise->get_future();
    caf::anon_send(owner, Message{[promise, look = std::move(look)](auto& state) {
                     promise->set_value(look(state));
                   }});
    promise.reset();
    try {
      return future.get();
    } catch (const std::future_error&) { // the actor is gone and the message with it
      return refuse(errc::unavailable, "the scheduler is stopped");
    }
  }

private:
  explicit implementation(scheduler_options options);

  expected<void> assemble(caf::actor_system* system);
  expected<stores::session> open_session();
  expected<stores::session> open_shared_session();
  expected<void> open_broker();
  expected<void> start_broker();
  stores::announcement announcement() const;
  void say_presence();
  void on_session_opened(const stores::session& who);
  void on_session_lost();
  void on_members();
  void on_looked();
  void add_executors(const actors::recovered& from);
  void spawn(actors::recovered from, const stores::session& session);
  void watch_actors();
  void housekeeping();
  void end_actors();
  bool has_living_runs() const;
  /// Writes what the node itself says. `relied_on` is guarded, and touched.
  /// Errors: those of an append; conflict, when it was touched.
  expected<position> record(event e, commit_meta meta, std::optional<stores::key> relied_on = {});
  void finish_handlers(duration drain);
  std::filesystem::path runs_directory() const;
  void route(std::shared_ptr<actors::pending_command> command);
  void route_to_all(std::shared_ptr<actors::pending_command> command);
  /// Fills in what uses the task that `command` removes. Errors: unavailable.
  expected<void> count_usage(actors::pending_command& command, const task_id& id);
  void follow_calendar(actors::pending_command& command);
  /// Answers how many schedules have another next fire time. Errors: those of an append.
  expected<std::uint64_t> recompute(std::shared_ptr<actors::recompute_request> request);
  /// Schedules that a calendar has left behind follow it. False: not all of them, try again.
  bool renew_calendars();
  /// Compares the zones in use with what this node recorded of them, and records what is new.
  expected<void> renew_zones();

  actors::node_context_ptr node_;
  actors::handles_ptr peers_ = std::make_shared<actors::handles>();
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> own_system_;
  caf::actor_system* system_ = nullptr;
  std::shared_ptr<actors::executors> executors_ = std::make_shared<actors::executors>();
  std::shared_ptr<actors::actor_executor> actor_tasks_;
  std::vector<std::shared_ptr<actors::outbox>> outboxes_;
  std::unique_ptr<actors::node_directory> directory_; ///< Shared logs only.
  std::shared_ptr<stores::event_log> log_;
  std::unique_ptr<actors::session_keeper> keeper_; ///< Shared logs only.
  std::unique_ptr<actors::broker_link> link_;      ///< Null = there is no broker.
  std::unique_ptr<actors::alarm> alarm_;
  std::filesystem::path temporary_runs_; ///< Removed at the end; empty = none.
  std::atomic<std::size_t> next_job_owner_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  scheduler_state state_ = scheduler_state::stopped;
  bool has_adopted_ = false;
  bool closing_ = false;
  position snapshot_at_ = 0;
  actors::id_source ids_;
  std::thread housekeeper_;
};

} // namespace carillon
