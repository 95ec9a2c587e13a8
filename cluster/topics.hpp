#pragma once

#include "carillon/event.hpp"
#include "carillon/expected.hpp"
#include "carillon/ids.hpp"

#include <string>
#include <string_view>

/// The topic tree, told in docs/mqtt.md. Pure.
namespace carillon::cluster {

/// First levels of every topic unless configured otherwise.
inline constexpr std::string_view topic_prefix_default = "carillon/v1";

/// Longest topic and filter in bytes; MQTT ends at 65,535.
inline constexpr std::size_t topic_bytes_max = 1024;

/// The topics of one cluster. Made by `make_topics`, which checks the names.
struct topics {
  std::string prefix{topic_prefix_default}; ///< Without a slash at its ends; not empty.
  std::string cluster = "carillon";         ///< Name of the cluster, as in `check_name`.

  /// "{prefix}/{cluster}": what all other topics begin with.
  std::string root() const;
  /// Committed blocks, from every node to every node.
  std::string blocks() const;
  /// What `node` says about itself; retained.
  std::string status(const node_id& node) const;
  /// The filter that matches every node's status.
  std::string every_status() const;
  /// One event of the thing that `category` and `id` name; `kind` as in `event_kind`.
  std::string event(stream_category category, std::string_view id, std::string_view kind) const;
};

/// Errors: invalid_argument with field "cluster" or "prefix" (empty, a wildcard, an empty level,
/// or longer than 200 bytes).
expected<topics> make_topics(std::string_view cluster,
                             std::string_view prefix = topic_prefix_default);

/// Text as one level of a topic: every byte but `A-Z a-z 0-9 - . _ ~ :` becomes %XX.
std::string percent_encode(std::string_view text);

/// The text that `percent_encode` was given. Errors: invalid_argument.
expected<std::string> percent_decode(std::string_view text);

/// Whether something can be published on `topic`: not empty, at most 1,024 bytes, no wildcards.
bool is_topic(std::string_view topic);

/// Whether `filter` can be subscribed to: as a topic, but for whole levels `+` and a last one `#`.
bool is_filter(std::string_view filter);

/// Whether `topic` is matched by `filter`, with its `+` and `#`.
bool matches(std::string_view filter, std::string_view topic);

} // namespace carillon::cluster
