#pragma once

#include "cluster/block_channel.hpp"
#include "cluster/lease_deadline.hpp"
#include "tests/sim/sim_store.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace carillon::sim {

class node;

/// How well messages travel; the seed says. Shares are of 1.
struct network_quality {
  double slow = 0;           ///< Share of ways to or from the store that take up to 3 s.
  double very_slow = 0;      ///< ... that take up to 15 s.
  double answers_lost = 0;   ///< Share of the store's answers that get lost.
  double messages_lost = 0;  ///< Share of the broker's messages that get lost ...
  double messages_twice = 0; ///< ... come twice ...
  double messages_late = 0;  ///< ... take up to 3 s.
};

/// A command that runs under a supervisor of its own, which survives the daemon.
struct supervised_run {
  task_id task;
  duration disconnect_grace{};
  bool is_over = false;
  bool is_known = true;                    ///< False: the machine lost its power while it ran.
  std::optional<job_outcome> outcome = {}; ///< Once it is over; none = it was killed.
};

/// What all machines share.
struct surroundings {
  world& w;
  sim_store& store;
  log_checker& log;
  run_checker& runs;
  network_quality quality = {};
  bool broker_is_away = false;
  std::map<node_id, class machine*> machines = {};
};

/// One machine: what outlives its daemon, the ways to the others, and what can happen to it.
class machine {
public:
  machine(surroundings& around, node_id name);
  ~machine();

  const node_id& name() const { return name_; }
  node* daemon() { return daemon_.get(); }

  // What can happen to it.
  void start();
  /// The daemon is gone at once; with `power` everything else is, too.
  void crash(bool power);
  /// The daemon has stopped in order.
  void exit();
  void freeze(bool whole_machine, duration how_long);
  void step_clock(duration by);
  bool is_up() const { return daemon_ != nullptr; }
  bool is_frozen() const { return daemon_still_ || machine_still_; }
  bool to_store = true;  ///< Is there a way to the store?
  bool to_broker = true; ///< ... to the broker?

  // For the daemon. Everything it has asked for is forgotten when it dies.
  surroundings& around() { return around_; }
  time_point wall() const { return around_.w.now() + clock_offset_; }
  cluster::boot_time boot() const { return cluster::boot_time{around_.w.now().time_since_epoch()}; }
  void post(duration wait, std::function<void()> what);
  /// Sends `use` to the store, where it happens, and brings its answer back: once, `unavailable`
  /// when there is none within `patience`. Then it may have happened all the same, or happen yet.
  template <class R>
  void ask(duration patience, std::function<expected<R>(sim_store&)> use,
           std::function<void(expected<R>)> reply);
  /// Tells the other nodes.
  void publish(const cluster::block_message& block);

  // On its disk.
  std::uint64_t last_token = 0;     ///< Of the session opened last.
  cluster::boot_time lease_until{}; ///< What supervisors go by.
  std::map<run_key, supervised_run> runs;
  void supervise(const run_key& key, supervised_run run, duration takes, job_outcome outcome);
  /// Ends the run soon, unless it ends before by itself.
  void kill(const run_key& key, std::optional<job_outcome> outcome);

private:
  void deliver(std::uint64_t life, std::function<void()> what);
  void on_machine(duration wait, std::function<void()> what);
  void go_on();
  void watch_lease(const run_key& key);
  void end_run(const run_key& key, std::optional<job_outcome> outcome);
  duration way_to_store();

  surroundings& around_;
  node_id name_;
  duration clock_offset_{};
  std::unique_ptr<node> daemon_;
  std::uint64_t life_ = 0;  ///< Of the daemon.
  std::uint64_t power_ = 0; ///< Of the machine.
  bool daemon_still_ = false;
  bool machine_still_ = false;
  std::deque<std::pair<std::uint64_t, std::function<void()>>> waiting_; ///< For the daemon.
  std::deque<std::function<void()>> waiting_here_;                      ///< For the machine.
};

template <class R>
void machine::ask(duration patience, std::function<expected<R>(sim_store&)> use,
                  std::function<void(expected<R>)> reply) {
  const auto answered = std::make_shared<bool>(false);
  const auto once = [answered, reply = std::move(reply)](expected<R> r) {
    if (!std::exchange(*answered, true))
      reply(std::move(r));
  };
  post(patience, [once] { once(refuse(errc::unavailable, "no answer in time")); });
  if (!to_store)
    return;
  around_.w.after(way_to_store(), [this, life = life_, use = std::move(use), once] {
    if (!to_store || around_.store.is_away)
      return;
    auto answer = std::make_shared<expected<R>>(use(around_.store));
    if (around_.w.random.chance(around_.quality.answers_lost))
      return;
    around_.w.after(way_to_store(), [this, life, answer, once] {
      if (to_store)
        deliver(life, [answer, once] { once(std::move(*answer)); });
    });
  });
}

} // namespace carillon::sim
