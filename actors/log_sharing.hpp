#pragma once

#include "carillon/ids.hpp"
#include "carillon/time.hpp"
#include "cluster/block_channel.hpp"
#include "cluster/ownership.hpp"
#include "cluster/succession.hpp"
#include "stores/event_log.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace carillon::actors {

/// Who shares the log, as last read from its store.
struct membership {
  std::vector<cluster::live_session> live = {}; ///< By node.
  std::vector<cluster::session_end> ends = {};  ///< The newest session of each node, over or not.
  time_point store_time{};                      ///< The store's clock when it was asked ...
  duration asked_at{};                          ///< ... at this time since boot ...
  position known = 0; ///< ... when this node had applied the log up to here.
};
using membership_ptr = std::shared_ptr<const membership>;

/// How long the others leave the first a head start. With the time to commit, what they do instead
/// of it is in the log less than two seconds late.
inline constexpr cluster::stand_in_options stand_in{.overdue = std::chrono::milliseconds{1500},
                                                    .stagger = std::chrono::milliseconds{150}};

/// Rank of a node that cannot do a thing itself, and only helps to give it up.
inline constexpr std::uint32_t last_rank = 8;

/// A life of this node of which its directory knows nothing.
struct unseen_life {
  time_point ended{}; ///< Its session, at the latest, by the store's clock.
  position up_to = 0; ///< What this node claimed up to here, it claimed in that life, or before.
};

/// What the actors of a node know of the others that share its log. Thread-safe.
class log_sharing {
public:
  explicit log_sharing(node_id self) : self_{std::move(self)} {}

  /// Never null.
  membership_ptr members() const;
  void set_members(membership_ptr members);
  /// The store's clock, as far as it is known.
  time_point store_now() const;
  /// What both clocks agree is past: the earlier of ours and the store's.
  time_point agreed_now(time_point ours) const;

  /// Until when this node may believe in its session, since boot; 0 = not any more.
  void set_deadline(duration since_boot) { deadline_us_ = since_boot.count(); }
  /// Whether it may still begin, run and fire: to be asked last, just before.
  bool may_work() const;

  /// Sessions that this process has held, the newest of which is the current one.
  void add_session(std::uint64_t token);
  bool is_ours(std::uint64_t token) const;
  /// Whether what `token` claimed is ours to begin: a claim of a session that was lost meanwhile
  /// may have been given up by others, as the log will tell.
  bool is_current(std::uint64_t token) const { return token == current_; }

  /// Among `members`, how much later than it is due this node may try to fire schedule `id`.
  duration delay_of(const schedule_id& id, const membership& members) const;
  /// This node's rank for something that anyone alive may do, such as writing down a loss.
  std::uint32_t rank_for(const std::string& chore) const;
  /// Its ranks for jobs with these needs.
  cluster::job_ranks ranks_for(const cluster::job_needs& needs, const membership& members) const {
    return {self_, needs, members.live};
  }

  std::atomic<bool> away{false};         ///< The log does not answer.
  std::atomic<bool> clock_is_off{false}; ///< Ours, against the store's: nothing fires here.
  std::atomic<bool> has_broker{false};   ///< Blocks of others come by themselves.

  // Set once, before the first message.
  /// Set when another directory than ours held this node's name before: what that left running
  /// nobody here can see.
  std::optional<unseen_life> past = {};
  /// Tells the other nodes of a block that is in the log. Must not block.
  std::function<void(cluster::block_message)> tell_others = {};
  /// Tells listeners outside of a block of this node. Must not block.
  std::function<void(std::shared_ptr<const stores::block>)> tell_outside = {};
  /// Reads the sessions again, by this time of the store's clock at the latest.
  std::function<void(time_point)> look_by = {};
  /// The log refused the session with this token.
  std::function<void(std::uint64_t)> refused = {};
  /// Lets the session end, and opens no other.
  std::function<void()> give_up = {};

private:
  node_id self_;
  mutable std::mutex mutex_;
  membership_ptr members_ = std::make_shared<const membership>();
  std::set<std::uint64_t> ours_;
  std::atomic<std::uint64_t> current_{0};
  std::atomic<std::int64_t> deadline_us_{0};
};

} // namespace carillon::actors
