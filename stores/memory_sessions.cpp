#include "stores/memory_sessions.hpp"

#include "stores/logs.hpp"

#include <fmt/core.h>

namespace carillon::stores {
namespace {

unexpected<error> lost(const session& who) {
  return refuse(errc::lease_lost,
                fmt::format("session {} of node '{}' has expired or was taken over", who.token,
                            who.node.value));
}

} // namespace

memory_sessions::entry* memory_sessions::find(const session& who) {
  const auto found = by_node_.find(who.node.value);
  if (found == by_node_.end() || found->second.record.token != who.token ||
      found->second.record.expires <= clock_.now())
    return nullptr;
  return &found->second;
}

expected<session> memory_sessions::open(const session_request& request) {
  if (auto usable = check(request); !usable)
    return unexpected<error>{std::move(usable).error()};
  const std::lock_guard hold{mutex_};
  const auto now = clock_.now();
  const auto found = by_node_.find(request.node.value);
  if (found != by_node_.end() && found->second.record.expires > now &&
      found->second.record.token != request.previous) {
    const auto left = found->second.record.expires - now;
    return refuse(errc::conflict,
                  fmt::format("node '{}' is held by session {} for another {} ms",
                              request.node.value, found->second.record.token,
                              left.count() / 1000 + 1),
                  "node");
  }
  by_node_[request.node.value] = {{.node = request.node,
                                   .token = ++token_,
                                   .opened = now,
                                   .expires = now + request.ttl,
                                   .what = request.what},
                                  request.ttl};
  return session{request.node, token_};
}

expected<time_point> memory_sessions::renew(const session& who) {
  const std::lock_guard hold{mutex_};
  auto* found = find(who);
  if (found == nullptr)
    return lost(who);
  const auto now = clock_.now();
  found->record.expires = now + found->ttl;
  return now;
}

expected<void> memory_sessions::announce(const session& who, const announcement& what) {
  const std::lock_guard hold{mutex_};
  auto* found = find(who);
  if (found == nullptr)
    return lost(who);
  found->record.what = what;
  return {};
}

expected<void> memory_sessions::close(const session& who) {
  const std::lock_guard hold{mutex_};
  const auto found = by_node_.find(who.node.value);
  if (found != by_node_.end() && found->second.record.token == who.token)
    by_node_.erase(found);
  return {};
}

expected<session_list> memory_sessions::list() {
  const std::lock_guard hold{mutex_};
  session_list out{.now = clock_.now()};
  for (const auto& [node, entry] : by_node_) {
    auto& record = out.sessions.emplace_back(entry.record);
    record.expired = record.expires <= out.now;
  }
  return out;
}

bool memory_sessions::is_live(const session& who) const {
  const std::lock_guard hold{mutex_};
  const auto found = by_node_.find(who.node.value);
  return found != by_node_.end() && found->second.record.token == who.token &&
         found->second.record.expires > clock_.now();
}

/// The one log, and the lock under which its nodes come one after the other.
class shared_memory {
public:
  explicit shared_memory(const clock& time) : sessions{time}, log{make_memory_log(&sessions)} {}

  memory_sessions sessions;
  std::mutex mutex;
  std::unique_ptr<event_log> log;
};

namespace {

class shared_memory_log final : public event_log {
  template <class Use> auto with(Use use) {
    const std::lock_guard hold{memory_->mutex};
    return use(*memory_->log);
  }

public:
  explicit shared_memory_log(std::shared_ptr<shared_memory> memory) : memory_{std::move(memory)} {}

  expected<session> open_session(const node_id& node) override {
    return memory_->sessions.open({.node = node});
  }
  expected<append_result> append(const session& who, time_point,
                                 std::span<const commit> commits) override {
    const std::lock_guard hold{memory_->mutex};
    return memory_->log->append(who, memory_->sessions.now(), commits);
  }
  expected<std::vector<block>> read(position after, std::size_t bytes_max) override {
    return with([&](event_log& log) { return log.read(after, bytes_max); });
  }
  expected<std::vector<raw_block>> read_raw(position after, std::size_t bytes_max) override {
    return with([&](event_log& log) { return log.read_raw(after, bytes_max); });
  }
  expected<stores::head> head() override {
    return with([](event_log& log) { return log.head(); });
  }
  expected<stores::base> base() override {
    return with([](event_log& log) { return log.base(); });
  }
  expected<blob_ref> put_blob(std::string_view bytes) override {
    return with([&](event_log& log) { return log.put_blob(bytes); });
  }
  expected<std::string> get_blob(const blob_ref& ref) override {
    return with([&](event_log& log) { return log.get_blob(ref); });
  }
  expected<void> put_snapshot(const snapshot& s) override {
    return with([&](event_log& log) -> expected<void> {
      const auto newest = log.load_snapshot();
      if (newest && *newest && (*newest)->at > s.at)
        return {};
      return log.put_snapshot(s);
    });
  }
  expected<std::optional<snapshot>> load_snapshot() override {
    return with([](event_log& log) { return log.load_snapshot(); });
  }
  expected<void> drop_before(position at) override {
    return with([&](event_log& log) { return log.drop_before(at); });
  }
  log_stats stats() const override {
    const std::lock_guard hold{memory_->mutex};
    return memory_->log->stats();
  }
  bool recovers() const override { return true; }
  session_store* sessions() override { return &memory_->sessions; }

private:
  std::shared_ptr<shared_memory> memory_;
};

} // namespace

std::shared_ptr<shared_memory> make_shared_memory(const clock& time) {
  return std::make_shared<shared_memory>(time);
}

std::unique_ptr<event_log> open_shared_memory(std::shared_ptr<shared_memory> memory) {
  return std::make_unique<shared_memory_log>(std::move(memory));
}

} // namespace carillon::stores
