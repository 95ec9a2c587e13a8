#pragma once

#include "cluster/cloud_events.hpp"
#include "stores/event_log.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

namespace carillon::actors {

/// This node's records on their way to listeners outside. Whole blocks wait, as they are; what is
/// never sent, because more comes than the broker takes, costs nothing but its place. One thread at
/// a time.
class outside_feed {
public:
  /// Keeps at most `records_max` records, or one block, however large.
  outside_feed(cluster::event_publication what, std::size_t records_max)
      : what_{std::move(what)}, records_max_{records_max} {}

  /// The oldest blocks make room for it.
  void push(std::shared_ptr<const stores::block> block);
  /// Takes the next record that is to be published; none when nothing waits.
  std::optional<recorded_event> pop();

  bool empty() const { return blocks_.empty(); }
  /// How many records made room for others, published types or not.
  std::uint64_t dropped() const { return dropped_; }

private:
  void drop_front();

  cluster::event_publication what_;
  std::size_t records_max_;
  std::deque<std::shared_ptr<const stores::block>> blocks_;
  std::size_t records_ = 0; ///< In `blocks_`, those of the first that were taken included.
  // Of the first block: the next commit, the next of its events, and how many were passed.
  std::size_t commit_ = 0;
  std::size_t event_ = 0;
  std::uint32_t passed_ = 0;
  std::uint64_t dropped_ = 0;
};

} // namespace carillon::actors
