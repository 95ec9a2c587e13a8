#include "actors/engine.hpp"

/// What a started engine does from time to time.
namespace carillon {

using namespace actors;

namespace {

/// How often the housekeeper looks whether a snapshot is due.
constexpr std::chrono::seconds housekeeping_period{1};

/// Least time between two snapshots: a burst of records is replayed faster than it is saved.
constexpr std::chrono::seconds snapshot_pause{10};

/// How long after a calendar changed this node looks whether the schedules have followed: the node
/// that was asked may have died meanwhile.
constexpr std::chrono::seconds calendar_patience{5};

} // namespace

void scheduler::implementation::housekeeping() {
  using steady = std::chrono::steady_clock;
  std::optional<steady::time_point> last_clean_up; // none: the first comes at once (ENG-08)
  auto last_snapshot = steady::now();
  auto calendar_changes = node_->rules.calendar_changes();
  // None: the schedules have followed. At first nobody knows.
  std::optional<steady::time_point> calendar_changed = steady::now();
  std::unique_lock hold{mutex_};
  while (!closing_) {
    changed_.wait_for(hold, housekeeping_period);
    if (closing_ || state_ != scheduler_state::started)
      continue;
    const auto now = steady::now();
    const bool wants_snapshot =
        node_->applied - snapshot_at_ >= node_->options.snapshot_every &&
        now - last_snapshot >= snapshot_pause &&
        (node_->sharing == nullptr || node_->sharing->rank_for("snapshot") == 0);
    hold.unlock();
    const auto every = node_->options.cleanup_interval.value_or(duration::zero());
    if (every > duration::zero() && (!last_clean_up || now - *last_clean_up >= every)) {
      last_clean_up = now;
      ask_async(clean_up{}, {.meta = {.who = "engine", .from = "housekeeping"}}, [](auto) {});
    }
    if (const auto changes = node_->rules.calendar_changes(); changes != calendar_changes) {
      calendar_changes = changes;
      calendar_changed = now;
    }
    if (calendar_changed && now - *calendar_changed >= calendar_patience && node_->is_active()) {
      if (renew_calendars())
        calendar_changed.reset();
      else
        calendar_changed = now;
    }
    if (wants_snapshot && !node_->log_broken) {
      last_snapshot = now;
      (void)store_snapshot_now();
    }
    hold.lock();
  }
}

} // namespace carillon
