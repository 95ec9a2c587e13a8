#pragma once

#include "actors/executors.hpp"
#include "actors/messages.hpp"
#include "actors/node_context.hpp"
#include "projections/live_state.hpp"
#include "stores/event_log.hpp"
#include "support/fake_clock.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The actors of one node on CAF's test coordinator: nothing moves unless the test says so, no
/// thread, no sleep, no wall clock. No CAF in this header, so that tests compile quickly.
namespace carillon::test {

/// A log in memory that counts its blocks, and fails when told to.
class watched_log final : public stores::event_log {
public:
  watched_log();

  std::size_t appends = 0;                  ///< Calls of `append`, failed ones too.
  std::optional<error> failure = {};        ///< What the next append answers; then it works again.
  std::function<void()> before_append = {}; ///< Called at the begin of each append.

  expected<stores::session> open_session(const node_id& node) override;
  expected<stores::append_result> append(const stores::session& who, time_point now,
                                         std::span<const stores::commit> commits) override;
  expected<std::vector<stores::block>> read(position after, std::size_t bytes_max) override;
  expected<stores::head> head() override;
  expected<stores::base> base() override;
  expected<blob_ref> put_blob(std::string_view bytes) override;
  expected<std::string> get_blob(const blob_ref& ref) override;
  expected<void> put_snapshot(const stores::snapshot& s) override;
  expected<std::optional<stores::snapshot>> load_snapshot() override;
  expected<void> drop_before(position at) override;
  expected<std::vector<stores::raw_block>> read_raw(position after, std::size_t bytes_max) override;
  stores::log_stats stats() const override;

private:
  std::unique_ptr<stores::event_log> log_;
};

/// Runs nothing by itself: the test says how runs end.
class manual_executor final : public actors::executor {
public:
  std::vector<actors::run_request> started;
  std::vector<position> cancelled; ///< Fences.
  std::vector<position> settled_runs;
  bool has_all = true;   ///< False: it can run no task.
  bool outlives = false; ///< Its runs go on without this process.

  bool can_run(const task_id&) const override { return has_all; }
  bool outlives_process() const override { return outlives; }
  void start(std::vector<actors::run_request> runs) override {
    for (auto& run : runs)
      started.push_back(std::move(run));
  }
  void cancel(const job_id&, position fence, duration) override { cancelled.push_back(fence); }
  void settled(const job_id&, position fence) override { settled_runs.push_back(fence); }
  std::size_t running() const override { return 0; }
};

/// An answer that comes when the actors have run.
template <class T> using pending = std::shared_ptr<std::optional<T>>;

struct fixture_options {
  scheduler_options options = {};
  std::size_t owners = 1;          ///< Of schedules, and of jobs.
  std::vector<event> history = {}; ///< In the log before the actors come, from another session.
  bool started = true;
};

class actor_fixture {
public:
  explicit actor_fixture(fixture_options options = {});
  ~actor_fixture();

  fake_clock clock;
  std::shared_ptr<watched_log> log = std::make_shared<watched_log>();
  std::shared_ptr<manual_executor> runs = std::make_shared<manual_executor>();
  actors::node_context_ptr node = std::make_shared<actors::node_context>();
  std::optional<time_point> alarm; ///< What the alarm was set to last.

  // --- putting messages into mailboxes; nothing runs ---

  pending<expected<answer>> ask(command c, request_info info = {});
  pending<actors::append_reply> append(actors::lane where, std::vector<stores::commit> commits);
  /// Tells the jobs' owner how a run ended.
  void report(domain::run_report report);
  /// The alarm rings, whatever it was set to.
  void ring(std::int64_t clock_step_us = 0);
  void wake_at(std::size_t source, std::optional<time_point> when);
  void adopt(std::vector<std::pair<job_id, position>> runs);
  void give_back(std::vector<std::pair<job_id, position>> unbegun);
  void capability_added(const task_id& id);
  void watch(const job_id& id, std::function<void()> done);

  // --- letting them run ---

  /// Lets the actors run until nothing is left to do.
  void run();
  /// Lets one actor handle one message; `choose` picks among `count` actors. False: all are idle.
  bool run_one(const std::function<std::size_t(std::size_t count)>& choose);
  /// Sets the clock, rings when the alarm is due, and lets the actors run.
  void at(time_point t);
  /// Fires what actors have sent to themselves for later, then lets them run.
  void run_timers();

  // --- together ---

  /// Asks, runs, and gives the answer.
  expected<answer> asked(command c, request_info info = {});
  /// Asks and runs; the command must succeed.
  answer done(command c, request_info info = {});

  // --- seeing ---

  /// All events in the log, oldest first; the one at index i has position i + 1.
  std::vector<event> events() const;
  /// Their names, joined by blanks, from position `from` on.
  std::string names(position from = 1) const;
  /// Names of the events of each commit, commits separated by " | ".
  std::string commits(position from = 1) const;
  /// The live state as replay builds it.
  projections::live_state replayed() const;
  /// The hash over what the actors hold.
  projections::state_hash hash();
  std::optional<domain::schedule_state> schedule(const schedule_id& id);
  std::optional<domain::job_state> job(const job_id& id);

private:
  struct implementation;
  std::unique_ptr<implementation> self_;
};

} // namespace carillon::test
