#pragma once

#include "carillon/expected.hpp"
#include "carillon/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// Who says it, and the proof: goes around everything that nodes tell each other.
namespace carillon::cluster {

/// Longest sealed message that is looked at, in bytes.
inline constexpr std::size_t sealed_bytes_max = std::size_t{32} << 20;

/// Shortest cluster key, in bytes.
inline constexpr std::size_t cluster_key_bytes_min = 16;

/// The content of a message whose envelope was found in order.
struct opened_message {
  node_id sender;
  std::uint64_t incarnation = 0; ///< The sender's run; grows with every start.
  std::uint64_t sequence = 0;    ///< Grows with every message of one run.
  bool authentic = false;        ///< It carried the right MAC. Without a key nothing is.
  std::string body = {};
};

/// Messages that were not opened, by reason.
struct seal_stats {
  std::uint64_t opened = 0;
  std::uint64_t unauthentic = 0; ///< No MAC or a wrong one, though there is a key.
  std::uint64_t malformed = 0;   ///< No envelope of ours, of another cluster, or too large.
};

/// Puts messages into envelopes and takes them out. The envelope is one line of text before the
/// body: version, cluster, sender, incarnation, sequence, HMAC-SHA256 over topic, the rest of the
/// line and the body. A MAC stops forgery, not repetition: what is in the envelope must be safe to
/// hear twice. Used by one thread.
class sealer {
public:
  /// Who speaks for `cluster`. An empty `key` means: seal without MAC, open everything.
  struct identity {
    std::string cluster;
    node_id node;
    std::uint64_t incarnation = 0;
    std::string key = {}; ///< Never printed. `check_cluster_key` says what is allowed.
  };

  explicit sealer(identity who) : who_{std::move(who)} {}

  /// The payload to publish on `topic`.
  std::string seal(std::string_view topic, std::string_view body);

  /// Errors: denied (not authentic), corrupt (no envelope of this cluster). Both are counted; they
  /// are answers to strangers, not faults of ours.
  expected<opened_message> open(std::string_view topic, std::string_view payload);

  bool has_key() const { return !who_.key.empty(); }
  const identity& who() const { return who_; }
  const seal_stats& stats() const { return stats_; }

private:
  identity who_;
  std::uint64_t sequence_ = 0;
  seal_stats stats_;
};

/// Errors: invalid_argument with field "cluster_key": shorter than 16 bytes.
expected<void> check_cluster_key(std::string_view key);

} // namespace carillon::cluster
