#pragma once

#include "cluster/block_channel.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

/// What a node does with a block it hears of. Pure. Whatever comes in, blocks are applied in the
/// order of the log and in no other: a lost, doubled, late or forged message costs a look into the
/// log, no more.
namespace carillon::cluster {

/// Up to where this node has applied the log.
struct log_head {
  position at = 0;
  digest hash{}; ///< Chain hash of the last block applied; zeros when none was.

  bool operator==(const log_head&) const = default;
};

/// What to do with one message.
enum class block_answer : std::uint8_t {
  apply,   ///< It is the next one: apply its bytes (their hash still has to be checked).
  fetch,   ///< The log is further than we are: read it up to `up_to`.
  wait,    ///< It follows what is being fetched; it is kept for later.
  old,     ///< Applied already.
  foreign, ///< Of another history than ours: not ours to apply. Look at the log now and then.
};

struct block_verdict {
  block_answer what = block_answer::old;
  position up_to = 0; ///< `fetch` only.
  bool operator==(const block_verdict&) const = default;
};

/// The rule for a single message, without memory. Bytes that are not `authentic` are never
/// applied: whoever can write to the broker could have made them, hash and all.
block_verdict judge(const log_head& mine, const block_message& m, bool authentic);

/// What went through a gate.
struct gate_stats {
  std::uint64_t applied = 0;
  std::uint64_t fetches = 0;
  std::uint64_t waiting = 0; ///< Heard while a fetch was under way.
  std::uint64_t old = 0;
  std::uint64_t foreign = 0;
};

struct gate_options {
  std::size_t kept_bytes_max = std::size_t{16} << 20; ///< Blocks kept while a fetch is under way.
};

/// The rule with a memory: one fetch at a time, and blocks that arrive meanwhile are kept, so that
/// a busy log does not make each message a fetch of its own.
class block_gate {
public:
  explicit block_gate(gate_options options = {}) : options_{options} {}

  /// Judges `block`; `mine` is where this node is now. On `fetch` the caller reads the log and then
  /// calls `fetched`, also when it could not. On `apply` it applies `block` and calls `next`.
  block_verdict hear(const log_head& mine, const received_block& block);

  /// The caller has to look into the log anyway (a poll, a reconnect): counts as a fetch.
  void fetching();
  /// The fetch has ended; `mine` is where it got.
  void fetched(const log_head& mine);
  bool is_fetching() const { return fetching_; }

  /// The kept block that continues `mine`; to be called after each apply and fetch until it is
  /// empty.
  std::optional<block_message> next(const log_head& mine);
  /// How far to fetch for what was heard of since the last fetch began: as the answer `fetch`.
  /// None = nothing is missing.
  std::optional<position> missing(const log_head& mine);

  const gate_stats& stats() const { return stats_; }

private:
  void keep(const block_message& m);
  void forget(const log_head& mine);

  gate_options options_;
  std::map<position, block_message> kept_; ///< By first position.
  std::size_t kept_bytes_ = 0;
  bool fetching_ = false;
  position heard_ = 0; ///< Furthest position heard of since the last fetch began; 0 = none.
  gate_stats stats_;
};

} // namespace carillon::cluster
