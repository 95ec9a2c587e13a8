#include "projections/due_queue.hpp"

#include "support/builders.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <optional>

using namespace carillon;
using namespace carillon::test;
using projections::due_queue;

namespace {

struct item {
  time_point due{};
  std::uint32_t heap_place = projections::due_queue_absent;
};

/// The earliest due time of the items that are in, by looking at all of them.
std::optional<time_point> earliest(const std::deque<item>& items) {
  std::optional<time_point> first;
  for (const auto& i : items)
    if (i.heap_place != projections::due_queue_absent && (!first || i.due < *first))
      first = i.due;
  return first;
}

} // namespace

TEST_CASE("due_queue: whatever is put, moved and removed, the front is due first") {
  CHECK(rc::check([] {
    std::deque<item> items(*rc::gen::inRange<std::size_t>(1, 20));
    due_queue<item> queue;
    const auto steps = *rc::gen::inRange(1, 100);
    for (int step = 0; step < steps; ++step) {
      auto& one = items[*rc::gen::inRange<std::size_t>(0, items.size())];
      if (*rc::gen::inRange(0, 3) == 0) {
        queue.remove(one);
      } else {
        one.due = day_one + *rc::gen::inRange(0, 30) * 1s;
        queue.put(one);
      }
      const auto first = earliest(items);
      RC_ASSERT(queue.empty() == !first);
      RC_ASSERT((!first || queue.front().due == *first));
    }
    auto last = time_point::min();
    while (!queue.empty()) {
      auto& front = queue.front();
      RC_ASSERT(front.due >= last);
      last = front.due;
      queue.remove(front);
    }
  }));
}

TEST_CASE("due_queue: removing what is not in does nothing") {
  due_queue<item> queue;
  item one{day_one};
  item other{day_one + 1s};
  queue.remove(one);
  queue.put(other);
  queue.remove(one);
  CHECK(queue.size() == 1);
  CHECK(&queue.front() == &other);
}
