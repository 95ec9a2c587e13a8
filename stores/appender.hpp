#pragma once

#include "stores/block.hpp"
#include "stores/conflicts.hpp"
#include "stores/event_log.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace carillon::stores {

/// A block ready to be written, and what its commits are to be told once it is.
struct pending_block {
  std::vector<outcome> outcomes = {};    ///< One per commit, in order.
  std::vector<const commit*> taken = {}; ///< Those in the block.
  head after;                            ///< The head once the block is written.
  position first = 0;                    ///< 0: no commit passed, nothing is to be written.
  std::string bytes = {};
};

/// The rules of `event_log::append` for logs with a single writer: who passes, and as which bytes.
/// Pure: knows no disk. Each prepared block is either accepted or withdrawn before the next one.
class appender {
public:
  /// Looks up a commit that is older than what the appender remembers; 0 = unknown.
  using find_older = std::function<expected<position>(const commit&)>;

  appender(const stores::head& h, std::uint64_t session)
      : head_{h}, session_{session}, touches_{h.at} {}

  const stores::head& head() const noexcept { return head_; }
  std::uint64_t session() const noexcept { return session_; }
  void set_session(std::uint64_t token) noexcept { session_ = token; }

  /// Makes a commit known that was appended before the log was opened.
  void remember(const commit_id& id, position first) { commits_.put(id, first); }

  /// Judges `commits` at block time max(now, time of the head) and encodes those that pass.
  /// A commit without events is `appended` at the head and leaves no trace. Errors: of `older`.
  expected<pending_block> prepare(const stores::session& who, time_point now,
                                  std::span<const commit> commits, const find_older& older);

  /// The block was written.
  void accept(const pending_block& pending) { head_ = pending.after; }
  /// The block was not written; its commits leave no trace.
  void withdraw(const pending_block& pending);

private:
  expected<outcome> judge(const commit& c, time_point time, const find_older& older) const;
  bool add(const commit& c, position first, body_writer& body, const commit* before);
  void note(const commit& c, position first);

  stores::head head_;
  std::uint64_t session_;
  recent_touches touches_;
  recent_commits commits_;
};

} // namespace carillon::stores
