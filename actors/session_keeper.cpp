#include "actors/session_keeper.hpp"

#include "runs/lease_file.hpp"

#include <algorithm>
#include <pthread.h>
#include <string>

namespace carillon::actors {
namespace {

using cluster::boot_time;

/// Longest sleep before the clock since boot is looked at again: it also counts suspend.
constexpr std::chrono::seconds sleep_max{1};

/// Between two attempts to renew, or to open another session.
constexpr std::chrono::milliseconds pause_after_failure{200};

/// How long the record of a session that is over is kept, for people and for those who still wait
/// to give up its jobs.
constexpr std::chrono::hours record_kept{1};

/// A jump of the wall clock against the clock since boot that makes older skews worthless.
constexpr std::chrono::milliseconds clock_step{100};

/// A second sooner than the store, or a tenth of a short life.
cluster::lease_options options_of(duration ttl) {
  return {.ttl = ttl, .margin = std::min<duration>(std::chrono::seconds{1}, ttl / 10)};
}

boot_time boot_now() { return boot_time{runs::boot_now()}; }

cluster::live_session to_live(const stores::session_record& record) {
  cluster::live_session out{.node = record.node, .token = record.token};
  // What a newer version calls its role is none of ours.
  out.says.role = cluster::parse_role(record.what.role).value_or(cluster::node_role::none);
  out.says.tasks = {record.what.tasks.begin(), record.what.tasks.end()};
  out.says.executors = {record.what.executors.begin(), record.what.executors.end()};
  out.says.labels = cluster::parse_labels(record.what.labels);
  out.says.level = record.what.level;
  return out;
}

} // namespace

std::shared_ptr<membership> to_membership(const stores::session_list& list) {
  auto out = std::make_shared<membership>();
  out->store_time = list.now;
  for (const auto& record : list.sessions) {
    out->ends.push_back({record.node, record.token, record.expires});
    if (!record.expired)
      out->live.push_back(to_live(record));
  }
  return out;
}

session_keeper::session_keeper(stores::session_store& store, std::shared_ptr<log_sharing> sharing,
                               settings how, callbacks call)
    : store_{store}, sharing_{std::move(sharing)}, how_{std::move(how)}, call_{std::move(call)} {}

expected<std::unique_ptr<session_keeper>> session_keeper::open(stores::session_store& store,
                                                               std::shared_ptr<log_sharing> sharing,
                                                               settings how, callbacks call) {
  if (auto good = cluster::check(options_of(how.ttl)); !good)
    return unexpected<error>{std::move(good).error()};
  std::unique_ptr<session_keeper> self{
      new session_keeper{store, std::move(sharing), std::move(how), std::move(call)}};
  if (auto opened = self->open_session(); !opened)
    return unexpected<error>{std::move(opened).error()};
  self->look();
  return self;
}

void session_keeper::start() {
  keeper_ = std::thread{[this] { keep(); }};
  watcher_ = std::thread{[this] { watch(); }};
  pthread_setname_np(keeper_.native_handle(), "carillon-lease");
  pthread_setname_np(watcher_.native_handle(), "carillon-watch");
}

session_keeper::~session_keeper() { close(false); }

void session_keeper::note(log_level level, std::string_view line) const {
  if (how_.sink)
    how_.sink(level, line);
}

stores::session session_keeper::current() const {
  const std::lock_guard hold{mutex_};
  return who_;
}

stores::announcement session_keeper::says() const {
  const std::lock_guard hold{mutex_};
  return how_.says;
}

std::optional<cluster::skew_estimate> session_keeper::skew() const {
  const std::lock_guard hold{mutex_};
  return skew_.estimate();
}

/// The deadline of the session, for those who work under it.
void session_keeper::take_over(duration deadline) {
  sharing_->set_deadline(deadline);
  if (how_.lease_file.empty())
    return;
  if (auto written = runs::lease_file::write(how_.lease_file, deadline); !written)
    note(log_level::warning, "the lease file is not written: " + written.error().message);
}

expected<void> session_keeper::open_session() {
  stores::session_request request{.node = how_.node, .ttl = how_.ttl, .what = says()};
  request.previous = how_.previous;
  const auto sent = boot_now();
  auto opened = store_.open(request);
  if (!opened)
    return unexpected<error>{std::move(opened).error()};
  const std::lock_guard one_at_a_time{calling_};
  {
    const std::lock_guard hold{mutex_};
    who_ = *opened;
    how_.previous = who_.token;
    lease_.emplace(options_of(how_.ttl), sent);
    lost_ = false;
    must_announce_ = false;
    sharing_->add_session(who_.token);
    take_over(lease_->lost_at().time_since_epoch());
  }
  call_.on_opened(*opened);
  return {};
}

void session_keeper::renew() {
  const auto who = current();
  const auto wall_sent = wall_clock().now();
  const auto sent = boot_now();
  const auto store = store_.renew(who);
  const auto received = boot_now();
  const auto wall_received = wall_clock().now();
  const std::lock_guard hold{mutex_};
  if (lost_ || who.token != who_.token)
    return;
  if (!store) {
    if (store.error().code == errc::lease_lost)
      lease_->refused();
    if (renewing_.failed(store.error().code, runs::boot_now()))
      note(log_level::warning, "the session is not renewed: " + store.error().message);
    changed_.notify_all();
    return;
  }
  if (lease_->renewed(sent, received) == cluster::lease_state::lost)
    return;
  if (renewing_.works())
    note(log_level::info, "the session is renewed again");
  take_over(lease_->lost_at().time_since_epoch());
  if (std::chrono::abs((wall_received - wall_sent) - (received - sent)) > clock_step)
    skew_.reset();
  else
    skew_.add({wall_sent, wall_received, *store});
  const auto verdict = skew_.verdict();
  const bool is_off = verdict == cluster::skew_verdict::refuse;
  has_clock_turned_ = is_off != sharing_->clock_is_off.exchange(is_off);
  if (has_clock_turned_)
    note(is_off ? log_level::error : log_level::info,
         is_off ? "this machine's clock is too far from the store's: it fires no schedules"
                : "this machine's clock is right again");
}

void session_keeper::look() {
  const auto asked_at = runs::boot_now();
  const auto known = how_.applied();
  const auto list = store_.list();
  if (!list)
    return;
  auto members = to_membership(*list);
  members->asked_at = asked_at;
  members->known = known;
  const auto before = sharing_->members();
  bool has_changed = members->live != before->live;
  {
    const std::lock_guard hold{mutex_};
    has_changed |= std::exchange(has_clock_turned_, false);
    look_at_ = cluster::next_look(members->ends, list->now);
  }
  sharing_->set_members(std::move(members));
  forget_old(*list);
  const std::lock_guard one_at_a_time{calling_};
  if (has_changed)
    call_.on_members();
  call_.on_looked();
}

void session_keeper::forget_old(const stores::session_list& list) {
  for (const auto& record : list.sessions)
    if (record.expires + record_kept < list.now &&
        sharing_->rank_for("session/" + record.node.value) == 0)
      (void)store_.close({record.node, record.token});
}

expected<void> session_keeper::announce(stores::announcement says) {
  {
    const std::lock_guard hold{mutex_};
    if (how_.says == says)
      return {};
    how_.says = says;
    if (lost_)
      return {}; // the next session says it
  }
  auto said = store_.announce(current(), says);
  if (said) {
    look();
    return {};
  }
  const std::lock_guard hold{mutex_};
  must_announce_ = true;
  changed_.notify_all();
  return said;
}

void session_keeper::look_soon() {
  const std::lock_guard hold{mutex_};
  must_look_ = true;
  changed_.notify_all();
}

void session_keeper::look_by(time_point when) {
  const std::lock_guard hold{mutex_};
  if (look_at_ && *look_at_ <= when)
    return;
  look_at_ = when;
  changed_.notify_all();
}

void session_keeper::refused(std::uint64_t token) {
  const std::lock_guard hold{mutex_};
  if (token == who_.token && lease_)
    lease_->refused();
  changed_.notify_all();
}

void session_keeper::give_up() {
  const std::lock_guard hold{mutex_};
  has_given_up_ = true;
  if (lease_)
    lease_->refused();
  changed_.notify_all();
}

void session_keeper::keep() {
  std::unique_lock hold{mutex_};
  while (!closing_) {
    if (has_given_up_) {
      changed_.wait(hold, [this] { return closing_; });
      return;
    }
    const bool was_lost = lost_;
    const bool is_due = lease_->look(boot_now()) == cluster::lease_state::renew_due;
    const bool is_to_say = must_announce_;
    const bool is_to_look =
        is_due || is_to_say || must_look_ || (look_at_ && sharing_->store_now() >= *look_at_);
    if (!was_lost && !is_to_look) {
      const auto until_renewal = lease_->renew_at() - boot_now();
      auto wait = std::min<duration>(until_renewal, sleep_max);
      if (look_at_)
        wait = std::min(wait, *look_at_ - sharing_->store_now());
      changed_.wait_for(hold, std::max<duration>(wait, std::chrono::milliseconds{1}));
      continue;
    }
    must_look_ = false;
    must_announce_ = false;
    const auto words = how_.says;
    const auto who = who_;
    hold.unlock();
    bool is_well = true;
    if (was_lost) {
      const auto opened = open_session();
      is_well = opened.has_value();
      if (is_well)
        (void)opening_.works(); // its line says that it is open
      else if (opening_.failed(opened.error().code, runs::boot_now()))
        note(log_level::warning, "no other session: " + opened.error().message);
    } else if (is_due) {
      renew();
    }
    if (is_to_say && !was_lost)
      is_well = store_.announce(who, words).has_value();
    if (is_well)
      look();
    hold.lock();
    must_announce_ |= is_to_say && !is_well;
    const bool still_due = !lost_ && lease_->look(boot_now()) == cluster::lease_state::renew_due;
    if ((!is_well || still_due) && !closing_)
      changed_.wait_for(hold, pause_after_failure);
  }
}

/// Notices that the session is lost, also while the keeper waits for an answer of the store.
void session_keeper::watch() {
  for (;;) {
    {
      std::unique_lock hold{mutex_};
      if (closing_)
        return;
      const bool is_over = !lost_ && lease_->look(boot_now()) == cluster::lease_state::lost;
      if (!is_over) {
        const auto left = lost_ ? duration{sleep_max} : lease_->lost_at() - boot_now();
        changed_.wait_for(hold,
                          std::clamp<duration>(left, std::chrono::milliseconds{1}, sleep_max));
        continue;
      }
    }
    // Not the other way round: callbacks never run under `mutex_`, and come in the right order.
    const std::lock_guard one_at_a_time{calling_};
    {
      const std::lock_guard hold{mutex_};
      lost_ = true;
      sharing_->set_deadline({});
    }
    note(log_level::error, "the session is lost: what runs under it is stopped");
    call_.on_lost();
    changed_.notify_all();
  }
}

void session_keeper::close(bool forget) {
  {
    const std::lock_guard hold{mutex_};
    if (closing_)
      return;
    closing_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable())
    keeper_.join();
  if (watcher_.joinable())
    watcher_.join();
  if (forget && !lost_)
    (void)store_.close(who_);
}

} // namespace carillon::actors
