#include "tests/sim/simulator.hpp"

#include "tests/sim/node.hpp"
#include "tests/sim/workload.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace carillon::sim {
namespace {

constexpr std::size_t nodes_max = 5;
constexpr duration snapshot_every = 20s;
constexpr duration calm_look_every = 1s;

/// What goes wrong, how often: for each seed other things.
class nemesis {
public:
  nemesis(surroundings& around, std::vector<std::unique_ptr<machine>>& machines, time_point until)
      : around_{around}, machines_{machines}, until_{until} {
    auto& random = around_.w.random;
    const auto some = [&](double most) {
      return random.chance(0.5) ? 0.0 : most * static_cast<double>(random.below(100)) / 100;
    };
    around_.quality = {.slow = some(0.1),
                       .very_slow = some(0.02),
                       .answers_lost = some(0.15),
                       .messages_lost = some(0.5),
                       .messages_twice = some(0.3),
                       .messages_late = some(0.3)};
    for (auto& does : does_)
      does = random.chance(0.5);
    does_[random.below(does_.size())] = true;
    every_ = random.between(2s, 15s);
  }

  void start() {
    around_.w.after(around_.w.random.between(1s, 8s), [this] { strike(); });
  }

private:
  static constexpr std::size_t faults = 11;

  void strike() {
    auto& random = around_.w.random;
    if (around_.w.now() >= until_)
      return;
    const auto fault = random.below(faults);
    if (does_[fault])
      strike(fault, *machines_[random.below(machines_.size())]);
    around_.w.after(random.between(every_ / 4, every_), [this] { strike(); });
  }

  void strike(std::size_t fault, machine& at) {
    auto& random = around_.w.random;
    const auto ends_after = [&](duration least, duration most, auto undo) {
      around_.w.at(std::min(around_.w.now() + random.between(least, most), until_), undo);
    };
    const auto shortly_or_long = random.chance(0.5) ? 5s : 30s;
    switch (fault) {
    case 0:
    case 1: {
      const bool power = fault == 1;
      if (!power && at.is_frozen())
        return; // a frozen machine kills nobody
      at.crash(power);
      return ends_after(100ms, shortly_or_long, [&at] { at.start(); });
    }
    case 2: // in order
      if (!at.is_up() || at.is_frozen())
        return;
      at.daemon()->drain(random.between(1s, 40s));
      return ends_after(1s, shortly_or_long, [&at] { restart(at); });
    case 3: return at.freeze(false, random.between(100ms, shortly_or_long));
    case 4: return at.freeze(true, random.between(100ms, shortly_or_long));
    case 5:
      note(at, "is cut off the store");
      at.to_store = false;
      return ends_after(200ms, shortly_or_long, [&at] { at.to_store = true; });
    case 6:
      note(at, "is cut off the broker");
      at.to_broker = false;
      return ends_after(200ms, shortly_or_long, [&at] { at.to_broker = true; });
    case 7:
      note(at, "is cut off from everything");
      at.to_store = at.to_broker = false;
      return ends_after(200ms, shortly_or_long, [&at] { at.to_store = at.to_broker = true; });
    case 8:
      around_.w.note([] { return "the store is away"; });
      around_.store.is_away = true;
      return ends_after(200ms, 20s, [this] { around_.store.is_away = false; });
    case 9:
      around_.broker_is_away = true;
      return ends_after(1s, 30s, [this] { around_.broker_is_away = false; });
    default: return at.step_clock(random.between(-20s, 20s));
    }
  }

  /// Once the old daemon has gone.
  static void restart(machine& at) {
    if (at.is_up())
      at.around().w.after(500ms, [&at] { restart(at); });
    else
      at.start();
  }

  void note(const machine& at, const char* what) {
    around_.w.note([&] { return at.name().value + ' ' + what; });
  }

  surroundings& around_;
  std::vector<std::unique_ptr<machine>>& machines_;
  time_point until_;
  std::array<bool, faults> does_{};
  duration every_{};
};

/// Everything in one place, from the first fault to the last answer.
class simulation {
public:
  explicit simulation(const sim_options& options)
      : w_{options}, log_{w_}, runs_{w_, log_}, store_{w_, log_, runs_}, around_{w_, store_, log_,
                                                                                 runs_},
        until_{beginning + std::chrono::minutes{options.minutes}} {
    const auto count = options.nodes != 0 ? options.nodes : 2 + w_.random.below(nodes_max - 1);
    for (std::size_t i = 0; i < count; ++i)
      machines_.push_back(
          std::make_unique<machine>(around_, node_id{"node" + std::to_string(i + 1)}));
  }

  sim_report run() {
    workload clients{around_, machines_, until_};
    nemesis fate{around_, machines_, until_};
    for (auto& m : machines_)
      m->start();
    clients.start();
    fate.start();
    w_.after(snapshot_every, [this] { save_snapshots(); });
    w_.run_until(until_);
    around_.quality = {};
    for (auto& m : machines_)
      keep_up(*m);
    auto calm_at = until_;
    while (w_.failure().empty() && !is_calm(clients) && calm_at < until_ + calm_within)
      w_.run_until(calm_at += calm_look_every);
    if (w_.failure().empty())
      finish();
    return {.failure = w_.failure(),
            .nodes = machines_.size(),
            .positions = log_.at(),
            .jobs = log_.jobs(),
            .acknowledged = clients.acknowledged(),
            .overlaps = runs_.overlaps(),
            .calmed_after = calm_at - until_,
            .chain = hex(log_.chain())};
  }

private:
  void save_snapshots() {
    auto& m = *machines_[w_.random.below(machines_.size())];
    if (m.is_up() && !m.is_frozen())
      m.daemon()->save_snapshot();
    w_.after(snapshot_every, [this] { save_snapshots(); });
  }

  /// Whoever is down by now, or goes down in order, comes back.
  void keep_up(machine& m) {
    m.start();
    if (w_.now() < until_ + calm_within)
      w_.after(1s, [this, &m] { keep_up(m); });
  }

  bool is_calm(const workload& clients) const {
    return clients.is_done() && log_.open_jobs() == 0 && runs_.are_over() &&
           std::all_of(machines_.begin(), machines_.end(), [&](const auto& m) {
             return m->is_up() && !m->is_frozen() && m->daemon()->at() == log_.at() &&
                    m->daemon()->is_idle();
           });
  }

  void finish() {
    for (const auto& m : machines_)
      w_.note([&] {
        const auto& d = *m->daemon();
        return m->name().value + " stands at " + std::to_string(d.at()) + ", " +
               std::to_string(d.waiting()) + " jobs wait, " + std::to_string(d.slots_in_use()) +
               " hold slots";
      });
    log_.finish();
    runs_.finish();
    for (const auto& m : machines_) {
      const auto& d = *m->daemon();
      if (d.at() != log_.at())
        w_.fail("G7: " + m->name().value + " stands at " + std::to_string(d.at()) + " of " +
                std::to_string(log_.at()));
      if (!d.is_idle())
        w_.fail(m->name().value + " is not done: " + std::to_string(d.waiting()) + " jobs wait, " +
                std::to_string(d.slots_in_use()) + " hold slots");
      log_.check_state(m->name(), d.hash());
    }
  }

  static std::string hex(const stores::digest& hash) {
    std::string out;
    for (const auto byte : hash) {
      char text[3];
      std::snprintf(text, sizeof text, "%02x", byte);
      out += text;
    }
    return out;
  }

  world w_;
  log_checker log_;
  run_checker runs_;
  sim_store store_;
  surroundings around_;
  time_point until_;
  std::vector<std::unique_ptr<machine>> machines_;
};

} // namespace

sim_report simulate(const sim_options& options) { return simulation{options}.run(); }

std::string replay_command(const sim_options& options) {
  auto out = "carillon_sim --seed " + std::to_string(options.seed) + " --minutes " +
             std::to_string(options.minutes);
  if (options.nodes != 0)
    out += " --nodes " + std::to_string(options.nodes);
  if (options.broken != rule::none)
    out += " --break " + std::string{name_of(options.broken)};
  return out;
}

} // namespace carillon::sim
