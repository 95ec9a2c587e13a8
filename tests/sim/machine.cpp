#include "tests/sim/machine.hpp"

#include "tests/sim/node.hpp"

namespace carillon::sim {
namespace {

/// How long a supervisor may take to see that the lease is over, and to kill.
constexpr duration kill_takes_max = 2s;

} // namespace

machine::machine(surroundings& around, node_id name) : around_{around}, name_{std::move(name)} {
  auto& random = around_.w.random;
  const auto off = random.below(10);
  const auto most = off < 6 ? 20ms : off < 9 ? 500ms : 20'000ms;
  clock_offset_ = random.between(-most, most);
  around_.machines[name_] = this;
}

machine::~machine() = default;

void machine::start() {
  if (daemon_)
    return;
  if (machine_still_)
    return waiting_here_.push_back([this] { start(); });
  around_.w.note([&] { return name_.value + " starts"; });
  ++life_;
  daemon_ = std::make_unique<node>(*this);
  daemon_->start();
}

void machine::exit() {
  around_.w.note([&] { return name_.value + " has stopped"; });
  daemon_->die();
  ++life_;
  daemon_.reset();
}

void machine::crash(bool power) {
  around_.w.note([&] { return name_.value + (power ? " loses its power" : " is killed"); });
  if (daemon_)
    daemon_->die();
  ++life_;
  daemon_.reset();
  daemon_still_ = false;
  around_.runs.stands_still(name_, false, false);
  waiting_.clear();
  if (!power)
    return;
  machine_still_ = false;
  around_.runs.stands_still(name_, true, false);
  ++power_;
  waiting_here_.clear();
  for (auto& [key, run] : runs)
    if (!run.is_over) {
      run.is_over = true;
      run.is_known = false;
      around_.runs.ended(key, std::nullopt);
    }
}

void machine::freeze(bool whole_machine, duration how_long) {
  auto& still = whole_machine ? machine_still_ : daemon_still_;
  if (still || (!whole_machine && !daemon_))
    return;
  still = true;
  around_.runs.stands_still(name_, whole_machine, true);
  around_.w.note([&] {
    return name_.value + (whole_machine ? "'s machine" : "") + " stands still for " +
           to_string(how_long);
  });
  around_.w.after(how_long, [this, whole_machine, life = life_, power = power_] {
    if (whole_machine ? power != power_ : life != life_)
      return;
    (whole_machine ? machine_still_ : daemon_still_) = false;
    around_.runs.stands_still(name_, whole_machine, false);
    go_on();
  });
}

void machine::go_on() {
  if (machine_still_)
    return;
  around_.w.note([&] { return name_.value + " goes on"; });
  for (auto here = std::exchange(waiting_here_, {}); auto& what : here)
    what();
  if (daemon_still_)
    return;
  if (daemon_)
    daemon_->woke();
  for (auto waiting = std::exchange(waiting_, {}); auto& [life, what] : waiting)
    deliver(life, std::move(what));
}

void machine::step_clock(duration by) {
  around_.w.note(
      [&] { return name_.value + "'s clock is set by " + std::to_string(by.count()) + " us"; });
  clock_offset_ += by;
  if (daemon_ && !is_frozen())
    daemon_->clock_stepped();
}

void machine::post(duration wait, std::function<void()> what) {
  around_.w.after(wait, [this, life = life_, what = std::move(what)]() mutable {
    deliver(life, std::move(what));
  });
}

void machine::deliver(std::uint64_t life, std::function<void()> what) {
  if (life != life_ || !daemon_)
    return;
  if (is_frozen())
    waiting_.emplace_back(life, std::move(what));
  else
    what();
}

void machine::on_machine(duration wait, std::function<void()> what) {
  around_.w.after(wait, [this, power = power_, what = std::move(what)]() mutable {
    if (power != power_)
      return;
    if (machine_still_)
      waiting_here_.push_back(std::move(what));
    else
      what();
  });
}

duration machine::way_to_store() {
  auto& random = around_.w.random;
  if (random.chance(around_.quality.very_slow))
    return random.between(1s, 15s);
  if (random.chance(around_.quality.slow))
    return random.between(20ms, 3s);
  return random.between(300us, 4ms);
}

void machine::publish(const cluster::block_message& block) {
  auto& random = around_.w.random;
  if (!to_broker || around_.broker_is_away)
    return;
  for (const auto& [name, other] : around_.machines) {
    if (other == this)
      continue;
    for (auto copies = random.chance(around_.quality.messages_twice) ? 2 : 1; copies > 0;
         --copies) {
      if (random.chance(around_.quality.messages_lost))
        continue;
      const auto way = random.chance(around_.quality.messages_late) ? random.between(10ms, 3s)
                                                                    : random.between(500us, 8ms);
      around_.w.after(way, [this, other = other, block] {
        if (other->to_broker && !around_.broker_is_away)
          other->post(0us, [other, block] { other->daemon_->hear(block); });
      });
    }
  }
}

void machine::supervise(const run_key& key, supervised_run run, duration takes,
                        job_outcome outcome) {
  runs.emplace(key, std::move(run));
  around_.runs.began(key, name_, true);
  on_machine(takes, [this, key, outcome] { end_run(key, outcome); });
  watch_lease(key);
}

void machine::kill(const run_key& key, std::optional<job_outcome> outcome) {
  on_machine(around_.w.random.between(0us, 500ms), [this, key, outcome] { end_run(key, outcome); });
}

void machine::watch_lease(const run_key& key) {
  const auto found = runs.find(key);
  if (found == runs.end() || found->second.is_over || around_.w.breaks(rule::supervisor_deadline))
    return;
  const auto left = lease_until + found->second.disconnect_grace - boot();
  if (left > duration::zero())
    return on_machine(left, [this, key] { watch_lease(key); });
  around_.w.note([&] { return name_.value + ": a supervisor kills its run"; });
  on_machine(around_.w.random.between(0us, kill_takes_max),
             [this, key] { end_run(key, std::nullopt); });
}

void machine::end_run(const run_key& key, std::optional<job_outcome> outcome) {
  const auto found = runs.find(key);
  if (found == runs.end() || found->second.is_over)
    return;
  found->second.is_over = true;
  found->second.outcome = outcome;
  around_.runs.ended(key, outcome);
  post(1ms, [this, key] { daemon_->supervisor_reports(key); });
}

} // namespace carillon::sim
