#pragma once

#include "carillon/command.hpp"
#include "cluster/block_gate.hpp"
#include "cluster/clock_skew.hpp"
#include "cluster/ownership.hpp"
#include "cluster/succession.hpp"
#include "projections/job_queue.hpp"
#include "projections/live_state.hpp"
#include "tests/sim/machine.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace carillon::sim {

/// How a session of a simulated node is kept.
inline constexpr cluster::lease_options lease_rules{};
/// How long the others leave the first a head start.
inline constexpr cluster::stand_in_options stand_in{.overdue = 1500ms, .stagger = 150ms};
/// Who is not in the list of sessions yet steps in last.
inline constexpr std::uint32_t rank_of_strangers = 9;

/// One daemon: the deciding core as the actors drive it, with one thing at a time. All it knows
/// comes from blocks of the log, applied in order; all it wants goes through `submit`.
///
/// follow.cpp: the log and its blocks. session.cpp: session, appends, losses. decide.cpp: fires,
/// claims, commands. runs.cpp: what runs here.
class node {
public:
  explicit node(machine& on);

  void start();
  /// Stands up after a standstill; what came meanwhile follows.
  void woke();
  void clock_stepped();
  /// Stops in order: no new work, the end of what runs, good-bye.
  void drain(duration patience);
  /// Killed: what ran in the process is gone.
  void die();

  void hear(const cluster::block_message& block);
  void supervisor_reports(const run_key& key);
  /// Answers once, with the position of the commit, 0 when there was nothing to do.
  void handle(const command& what, const commit_id& id,
              std::function<void(expected<position>)> reply);
  void save_snapshot();

  position at() const { return head_.at; }
  bool is_idle() const;
  projections::state_hash hash() const { return live_.hash(); }
  std::size_t slots_in_use() const { return queue_.slots_in_use(); }
  std::size_t waiting() const { return queue_.waiting(); }

private:
  using answer_to = std::function<void(const stores::outcome&)>;

  struct pending_append {
    stores::commit commit;
    answer_to done;
  };
  /// A timer that is only ever moved forward.
  struct alarm {
    std::optional<time_point> when;
    std::uint64_t generation = 0;
  };
  struct thread_run {
    bool is_stopping = false;
  };
  struct pending_command {
    command what;
    commit_id id;
    std::function<void(expected<position>)> reply;
    int tries = 0;
  };
  struct decided {
    domain::decision decision;
    std::vector<stores::key> guards = {};
  };

  // follow.cpp
  void recover();
  void rebuild_queue();
  void poll();
  void fetch();
  void read_log();
  void apply_bytes(const std::string& bytes, position last);
  void apply(const stores::block& block);
  void note(const event& e, position at);
  void note_job(const job_added& job, position at);
  void drain_gate();
  void when_applied(position at, std::function<void()> what);

  // session.cpp
  void open_session();
  void begin_session(const stores::session& who, cluster::boot_time sent);
  void renew();
  void on_renewed(cluster::boot_time sent, time_point sent_wall,
                  const expected<time_point>& store_time);
  void watch_deadline();
  bool holds_lease();
  void lose_session();
  void look_at_sessions();
  void judge_again(stores::session_list list, std::uint64_t look);
  void give_up_lost(const stores::session_list& list, position known);
  void submit(stores::commit c, answer_to done);
  void send_batch();
  void offer_batch();
  void on_answer(expected<stores::append_result> answer);
  void finish_batch(const std::vector<stores::outcome>& outcomes);
  void say_before_commit();

  // decide.cpp
  std::optional<time_point> agreed() const;
  bool may_decide();
  stores::commit new_commit(time_point decided_at);
  void add_claim(stores::commit& c, const task_id& task, const job_acquired& claim);
  void wake_at(alarm& of, time_point when, std::function<void()> what);
  std::size_t free_workers() const;
  void fire_due();
  void fire(const domain::schedule_state& schedule, time_point now);
  void claim();
  void claim(const domain::waiting_job& job, time_point now);
  void try_command(std::shared_ptr<pending_command> command);
  expected<decided> decide(const command& what, const domain::decision_context& context);
  expected<decided> decide_jobs(add_jobs jobs, const domain::decision_context& context);
  void on_command_answered(const std::shared_ptr<pending_command>& command,
                           const stores::outcome& outcome);

  // runs.cpp
  void begin_run(const domain::job_state& job, std::uint64_t session);
  void begin_thread(const run_key& key, duration takes, job_outcome outcome);
  void end_thread(const run_key& key, std::optional<job_outcome> outcome);
  void stop_thread(const run_key& key, job_outcome because);
  void cancel_run(const job_id& id);
  void forget_run(const run_key& key);
  void settle_own_claims();
  void report(const run_key& key, job_outcome outcome);
  void offer(const run_key& key);
  void give_back(const domain::job_state& job);
  void finish_drain(time_point give_up_at);

  world& w();
  const node_id& name() const { return machine_.name(); }
  std::vector<const domain::job_state*> running_jobs() const;

  machine& machine_;

  // What the log says.
  projections::live_state live_;
  projections::job_queue queue_;
  cluster::log_head head_;
  cluster::block_gate gate_;
  bool is_recovered_ = false; ///< The snapshot is loaded: blocks may come.
  std::vector<std::pair<position, std::function<void()>>> when_applied_;

  // The session.
  stores::session session_;
  std::optional<cluster::lease_deadline> lease_;
  bool is_opening_ = false;
  std::uint64_t renewals_ = 0; ///< Only the last one goes on.
  position session_start_ = 0; ///< Of this session's node_started; 0 = it is not in the log yet.
  cluster::clock_skew skew_;
  std::vector<cluster::live_session> peers_;
  cluster::absent_nodes absent_;
  std::set<run_key> giving_up_;
  std::uint64_t looks_ = 0; ///< Only while a rule is broken.

  // The way into the log: one append at a time.
  std::deque<pending_append> waiting_;
  std::vector<pending_append> in_flight_;
  bool is_answered_ = false; ///< Its outcomes are known, the blocks before are still to come.
  std::uint64_t offers_ = 0; ///< Only the last one's answer counts.

  // What is due, and what runs.
  alarm fire_alarm_;
  alarm claim_alarm_;
  bool draining_ = false;
  bool has_stopped_renewing_ = false; ///< Only while a rule is broken.
  std::map<run_key, thread_run> threads_;
  std::map<run_key, job_outcome> reports_; ///< Until they are in the log. `abandoned` = lost.
  std::set<run_key> offering_;             ///< Reports and releases on their way.
};

} // namespace carillon::sim
