#include "stores/appender.hpp"
#include "stores/event_log.hpp"
#include "stores/logs.hpp"
#include "stores/memory_sessions.hpp"
#include "stores/sha256.hpp"

#include <fmt/core.h>

#include <map>
#include <mutex>

namespace carillon::stores {
namespace {

/// Lives and dies with its object. Goes through the block bytes all the same, so that what works
/// here has been encoded and decoded.
class memory_log final : public event_log {
public:
  explicit memory_log(const memory_sessions* sessions) : sessions_{sessions} {}

  expected<session> open_session(const node_id& node) override {
    appender_.set_session(appender_.session() + 1);
    return session{node, appender_.session()};
  }

  expected<append_result> append(const session& who, time_point now,
                                 std::span<const commit> commits) override {
    if (sessions_ != nullptr && !sessions_->is_live(who))
      return append_result{
          std::vector<outcome>(commits.size(), outcome{.kind = outcome_kind::fenced}),
          appender_.head()};
    if (sessions_ != nullptr)
      appender_.set_session(who.token);
    // Everything that was ever appended is remembered or found below.
    auto older = [this](const commit& c) -> expected<position> { return find_keyed(c); };
    auto pending = appender_.prepare(who, now, commits, older);
    if (!pending)
      return unexpected<error>{std::move(pending).error()};
    append_result result{std::move(pending->outcomes), pending->after, pending->first,
                         appender_.head().hash};
    if (pending->first != 0) {
      if (sessions_ != nullptr)
        result.bytes = pending->bytes;
      stats_.blocks += 1;
      stats_.bytes += pending->bytes.size();
      for (std::size_t i = 0; i < commits.size(); ++i)
        if (result.outcomes[i].kind == outcome_kind::appended)
          note_keyed(commits[i], result.outcomes[i].at, pending->after.time);
      const std::lock_guard hold{mutex_};
      appender_.accept(*pending);
      blocks_.emplace(pending->after.at, std::move(pending->bytes));
    }
    return result;
  }

  expected<std::vector<block>> read(position after, std::size_t bytes_max) override {
    auto raw = read_raw(after, bytes_max);
    if (!raw)
      return unexpected<error>{std::move(raw).error()};
    std::vector<block> result;
    for (const auto& r : *raw) {
      auto decoded = decode_block(r.bytes, r.last);
      if (!decoded)
        return unexpected<error>{std::move(decoded).error()};
      result.push_back(std::move(*decoded));
    }
    return result;
  }

  expected<std::vector<raw_block>> read_raw(position after, std::size_t bytes_max) override {
    if (after < base_.at)
      return gone_before(base_.at, after);
    const std::lock_guard hold{mutex_};
    std::vector<raw_block> result;
    std::size_t bytes = 0;
    for (auto i = blocks_.upper_bound(after); i != blocks_.end(); ++i) {
      if (!result.empty() && bytes + i->second.size() > bytes_max)
        break;
      bytes += i->second.size();
      result.push_back({i->first, i->second});
    }
    return result;
  }

  expected<stores::head> head() override { return appender_.head(); }
  expected<stores::base> base() override { return base_; }

  expected<blob_ref> put_blob(std::string_view bytes) override {
    auto ref = blob_ref{sha256({bytes}), bytes.size()};
    const std::lock_guard hold{mutex_};
    blobs_.try_emplace(ref.digest, bytes);
    return ref;
  }

  expected<std::string> get_blob(const blob_ref& ref) override {
    const std::lock_guard hold{mutex_};
    auto found = blobs_.find(ref.digest);
    if (found == blobs_.end())
      return refuse(errc::not_found, "no blob " + to_hex(ref.digest));
    return found->second;
  }

  expected<void> put_snapshot(const snapshot& s) override {
    auto end = end_of_block(s.at);
    if (!end || end->hash != s.hash)
      return snapshot_of_other_history(s.at);
    snapshot_ = s;
    return {};
  }

  expected<std::optional<snapshot>> load_snapshot() override { return snapshot_; }

  expected<void> drop_before(position at) override {
    auto end = end_of_block(at);
    if (!end)
      return not_the_end_of_a_block(at);
    if (!snapshot_ || snapshot_->at < at)
      return no_snapshot_covers(at, snapshot_ ? snapshot_->at : 0);
    base_ = *end;
    blocks_.erase(blocks_.begin(), blocks_.upper_bound(at));
    return {};
  }

  log_stats stats() const override { return stats_; }

private:
  struct keyed_commit {
    position first = 0;
    time_point time{};
  };

  std::optional<stores::base> end_of_block(position at) const {
    if (at == base_.at)
      return base_;
    auto found = blocks_.find(at);
    if (found == blocks_.end())
      return std::nullopt;
    auto opened = open_block(found->second, at);
    if (!opened)
      return std::nullopt;
    return stores::base{at, opened->hash, opened->header.time};
  }

  position find_keyed(const commit& c) const {
    auto found = keyed_.find(c.id);
    if (found == keyed_.end() || is_forgotten(found->second.time, appender_.head().time))
      return 0;
    return found->second.first;
  }

  void note_keyed(const commit& c, position first, time_point time) {
    if (!c.meta.idempotency.empty())
      keyed_.insert_or_assign(c.id, keyed_commit{first, time});
  }

  const memory_sessions* sessions_; ///< Null: the newest session that was opened is the only one.
  appender appender_{stores::head{}, 0};
  std::mutex mutex_; ///< Guards what other threads read: blocks_ and blobs_.
  std::map<position, std::string> blocks_; ///< By last position.
  std::map<digest, std::string> blobs_;
  std::map<commit_id, keyed_commit> keyed_;
  std::optional<snapshot> snapshot_;
  stores::base base_;
  log_stats stats_;
};

} // namespace

std::unique_ptr<event_log> make_memory_log(const memory_sessions* sessions) {
  return std::make_unique<memory_log>(sessions);
}

} // namespace carillon::stores
