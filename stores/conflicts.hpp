#pragma once

#include "carillon/ids.hpp"
#include "stores/event_log.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace carillon::stores {

/// Hash table from ids to positions, which are not 0. Open addressing, never more than half full,
/// grows by doubling.
template <class Id, class Hash> class position_table {
public:
  std::size_t size() const noexcept { return size_; }

  /// 0 = not there.
  position find(const Id& id) const noexcept {
    auto at = slots_.empty() ? 0 : slots_[slot_of(id)].at;
    return at == forgotten ? 0 : at;
  }

  /// Sets the position of `id`.
  void put(const Id& id, position at) {
    if (2 * (size_ + 1) > slots_.size())
      grow();
    auto& slot = slots_[slot_of(id)];
    size_ += slot.at == 0 ? 1 : 0;
    slot = {id, at};
  }

  /// Takes `id` out; its slot stays taken until the next `clear`.
  void forget(const Id& id) {
    if (find(id) != 0)
      slots_[slot_of(id)].at = forgotten;
  }

  void clear() noexcept {
    slots_.assign(slots_.size(), {});
    size_ = 0;
  }

private:
  static constexpr position forgotten = ~position{0};

  struct entry {
    Id id{};
    position at = 0; ///< 0 = the slot is free.
  };

  std::size_t slot_of(const Id& id) const noexcept {
    auto mask = slots_.size() - 1;
    auto i = Hash{}(id) & mask;
    while (slots_[i].at != 0 && slots_[i].id != id)
      i = (i + 1) & mask;
    return i;
  }

  void grow() {
    auto old = std::exchange(slots_, std::vector<entry>(slots_.empty() ? 256 : 2 * slots_.size()));
    for (auto& slot : old)
      if (slot.at != 0)
        slots_[slot_of(slot.id)] = slot;
  }

  std::vector<entry> slots_;
  std::size_t size_ = 0;
};

/// Remembers at least the newest `size_min` ids, and at most twice as many: two tables, the older
/// of which is dropped whole when the newer one is full.
template <class Id, class Hash> class recent_positions {
public:
  explicit recent_positions(std::size_t size_min) : size_min_{size_min} {}

  position find(const Id& id) const noexcept {
    auto at = newer_.find(id);
    return at != 0 ? at : older_.find(id);
  }

  /// True when the older half was dropped.
  bool put(const Id& id, position at) {
    newer_.put(id, at);
    if (newer_.size() < size_min_)
      return false;
    std::swap(newer_, older_);
    newer_.clear();
    return true;
  }

  /// Takes `id` out again.
  void forget(const Id& id) {
    newer_.forget(id);
    older_.forget(id);
  }

  void clear() noexcept {
    newer_.clear();
    older_.clear();
  }

private:
  std::size_t size_min_;
  position_table<Id, Hash> newer_;
  position_table<Id, Hash> older_;
};

/// What recent blocks touched: the only concurrency control there is. Pure.
class recent_touches {
public:
  /// Nothing is known about touches up to `floor`.
  explicit recent_touches(position floor = 0, std::size_t keys_min = keys_min_default)
      : keys_{keys_min}, floor_{floor}, newer_from_{floor} {}

  /// A guard that was touched after `known`: its key, and where. {0, 0} when there is none.
  /// When `known` lies before what is remembered, the first guard counts as touched.
  std::pair<key, position> find(std::span<const key> guards, position known) const noexcept {
    if (guards.empty())
      return {0, 0};
    if (known < floor_)
      return {guards.front(), floor_};
    for (auto guard : guards)
      if (auto at = keys_.find(guard); at > known)
        return {guard, at};
    return {0, 0};
  }

  void touch(key k, position at) {
    if (keys_.put(k, at)) {
      floor_ = newer_from_;
      newer_from_ = at;
    }
  }

  /// Forgets everything: whatever happened up to `floor` may have touched anything.
  void reset(position floor) noexcept {
    keys_.clear();
    floor_ = floor;
    newer_from_ = floor;
  }

  static constexpr std::size_t keys_min_default = 1 << 16;

private:
  struct key_hash {
    // Keys of names are hashes already, but callers may list numbers: mix once more.
    std::size_t operator()(key k) const noexcept {
      k *= 0x9E3779B97F4A7C15ULL;
      return static_cast<std::size_t>(k ^ k >> 32);
    }
  };

  recent_positions<key, key_hash> keys_;
  position floor_;      ///< Touches at positions up to here may be forgotten.
  position newer_from_; ///< The newer table holds every touch after this position.
};

/// The positions of the newest commits, by id. Pure.
class recent_commits {
public:
  explicit recent_commits(std::size_t commits_min = commits_min_default) : ids_{commits_min} {}

  /// First position of `id`'s commit; 0 = not among those remembered.
  position find(const commit_id& id) const noexcept { return ids_.find(id); }
  void put(const commit_id& id, position first) { ids_.put(id, first); }
  void forget(const commit_id& id) { ids_.forget(id); }

  static constexpr std::size_t commits_min_default = 1 << 15;

private:
  recent_positions<commit_id, std::hash<commit_id>> ids_;
};

} // namespace carillon::stores
