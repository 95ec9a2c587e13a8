#pragma once

#include "actors/failure_notes.hpp"
#include "actors/log_sharing.hpp"
#include "carillon/scheduler.hpp"
#include "cluster/clock_skew.hpp"
#include "cluster/lease_deadline.hpp"
#include "stores/sessions.hpp"

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace carillon::actors {

/// What `list` tells of those who share the log; `asked_at` and `known` are left open.
std::shared_ptr<membership> to_membership(const stores::session_list& list);

/// Keeps this node's session in the store of a shared log, on threads of its own: renews it, reads
/// who else is there, and opens another one when it is lost.
class session_keeper {
public:
  struct settings {
    node_id node = {};
    duration ttl = std::chrono::seconds{10};
    std::uint64_t previous = 0;            ///< As in `stores::session_request`.
    std::filesystem::path lease_file = {}; ///< For the supervisors of this node's runs.
    stores::announcement says = {};
    log_sink sink = {};
    std::function<position()> applied = {}; ///< Up to where this node has applied the log.
  };

  /// Called on threads of the keeper, one at a time.
  struct callbacks {
    /// Another session has followed a lost one; also called for the first.
    std::function<void(const stores::session&)> on_opened = {};
    /// The session is lost: whatever runs under it must stop.
    std::function<void()> on_lost = {};
    /// Other nodes came, went, or say other things than before.
    std::function<void()> on_members = {};
    /// The sessions were read, a few seconds after the last time.
    std::function<void()> on_looked = {};
  };

  /// Opens the first session, and waits for `start`. Errors: those of `session_store::open`.
  static expected<std::unique_ptr<session_keeper>> open(stores::session_store& store,
                                                        std::shared_ptr<log_sharing> sharing,
                                                        settings how, callbacks call);
  ~session_keeper();

  /// Begins to renew it; from now on callbacks come.
  void start();

  stores::session current() const;
  /// Says something else to the other nodes, and reads what they say. Errors: lease_lost,
  /// unavailable: it will be said with the next session, or renewal.
  expected<void> announce(stores::announcement says);
  stores::announcement says() const;
  /// Reads the sessions soon: there is a hint that one has changed.
  void look_soon();
  /// Reads them by `when`, on the store's clock, at the latest.
  void look_by(time_point when);
  /// The log has refused the session with this token.
  void refused(std::uint64_t token);
  /// This node is of no use any more: what runs under its session stops, the session runs out in
  /// the store, and no other follows.
  void give_up();
  /// How far our clock is from the store's.
  std::optional<cluster::skew_estimate> skew() const;
  /// Ends the threads. `forget`: nothing of ours goes on, so the session is closed at once.
  void close(bool forget);

private:
  session_keeper(stores::session_store& store, std::shared_ptr<log_sharing> sharing, settings how,
                 callbacks call);
  expected<void> open_session();
  void keep();
  void watch();
  void renew();
  void look();
  void take_over(duration deadline);
  void forget_old(const stores::session_list& list);
  void note(log_level level, std::string_view line) const;

  stores::session_store& store_;
  std::shared_ptr<log_sharing> sharing_;
  settings how_;
  callbacks call_;

  failure_notes opening_;  ///< Of the keeper's thread alone.
  failure_notes renewing_; ///< As well.

  mutable std::mutex mutex_;
  std::mutex calling_; ///< Held while a callback runs.
  std::condition_variable changed_;
  stores::session who_;
  std::optional<cluster::lease_deadline> lease_;
  cluster::clock_skew skew_;
  bool lost_ = false;
  bool closing_ = false;
  bool must_look_ = false;
  bool must_announce_ = false;
  bool has_given_up_ = false;
  bool has_clock_turned_ = false;     ///< `clock_is_off` has changed.
  std::optional<time_point> look_at_; ///< By the store's clock.
  std::thread keeper_;
  std::thread watcher_;
};

} // namespace carillon::actors
