#pragma once

#include "carillon/time.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace carillon::projections {

/// A binary heap of entries by their due time. Each entry knows its place in the heap, so moving or
/// removing one costs a few swaps: 8 bytes here and 4 in the entry, nothing else.
///
/// `Entry` has `time_point due` and `std::uint32_t heap_place`, initially `due_queue_absent`.
inline constexpr std::uint32_t due_queue_absent = UINT32_MAX;

template <class Entry> class due_queue {
public:
  bool empty() const noexcept { return heap_.empty(); }
  std::size_t size() const noexcept { return heap_.size(); }

  /// The entry that is due first. Only to be called when not empty.
  Entry& front() const { return *heap_.front(); }

  /// Adds `entry`, or moves it after its `due` has changed.
  void put(Entry& entry) {
    if (entry.heap_place == due_queue_absent) {
      entry.heap_place = static_cast<std::uint32_t>(heap_.size());
      heap_.push_back(&entry);
    }
    settle(entry.heap_place);
  }

  /// Takes `entry` out; nothing happens when it is not in.
  void remove(Entry& entry) {
    const auto place = std::exchange(entry.heap_place, due_queue_absent);
    if (place == due_queue_absent)
      return;
    Entry* last = heap_.back();
    heap_.pop_back();
    if (place == heap_.size())
      return;
    heap_[place] = last;
    last->heap_place = place;
    settle(place);
  }

private:
  bool is_before(std::size_t a, std::size_t b) const { return heap_[a]->due < heap_[b]->due; }

  void swap_places(std::size_t a, std::size_t b) {
    std::swap(heap_[a], heap_[b]);
    heap_[a]->heap_place = static_cast<std::uint32_t>(a);
    heap_[b]->heap_place = static_cast<std::uint32_t>(b);
  }

  void settle(std::size_t place) {
    while (place > 0 && is_before(place, (place - 1) / 2)) {
      swap_places(place, (place - 1) / 2);
      place = (place - 1) / 2;
    }
    for (;;) {
      auto first = place;
      for (const auto child : {2 * place + 1, 2 * place + 2})
        if (child < heap_.size() && is_before(child, first))
          first = child;
      if (first == place)
        return;
      swap_places(place, first);
      place = first;
    }
  }

  std::vector<Entry*> heap_;
};

} // namespace carillon::projections
