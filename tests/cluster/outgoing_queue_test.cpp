#include "cluster/outgoing_queue.hpp"

#include <catch2/catch.hpp>

using namespace carillon::cluster;

namespace {

message make(delivery how, std::string topic, std::string payload) {
  message m;
  m.topic = std::move(topic);
  m.payload = std::move(payload);
  m.how = how;
  return m;
}

std::string order_of(outgoing_queue& queue) {
  std::string out;
  while (const auto m = queue.pop())
    out += m->payload + " ";
  return out;
}

} // namespace

TEST_CASE("outgoing queue: what is latest goes first, then hints, then events, in order") {
  outgoing_queue queue{10, 1000};
  queue.push(make(delivery::event, "e", "e1"));
  queue.push(make(delivery::hint, "h", "h1"));
  queue.push(make(delivery::latest, "s", "old"));
  queue.push(make(delivery::hint, "h", "h2"));
  queue.push(make(delivery::latest, "s", "new"));
  CHECK(queue.size() == 4);
  CHECK(order_of(queue) == "new h1 h2 e1 ");
  CHECK(queue.empty());
  CHECK(queue.dropped() == 0);
}

TEST_CASE("outgoing queue: the oldest makes room, by number and by bytes, each kind for itself") {
  outgoing_queue queue{3, 20};
  for (const auto* text : {"1", "2", "3", "4", "5"})
    queue.push(make(delivery::hint, "h", text));
  queue.push(make(delivery::event, "e", "stays"));
  CHECK(queue.dropped() == 2);
  queue.push(make(delivery::hint, "h", std::string(17, 'x')));
  CHECK(queue.dropped() == 4);
  CHECK(order_of(queue) == "5 " + std::string(17, 'x') + " stays ");
}

TEST_CASE("outgoing queue: one message is kept however large") {
  outgoing_queue queue{3, 20};
  queue.push(make(delivery::hint, "h", std::string(1000, 'x')));
  CHECK(queue.size() == 1);
  CHECK(queue.dropped() == 0);
}

TEST_CASE("outgoing queue: what could not be sent goes back to its place") {
  outgoing_queue queue{3, 1000};
  queue.push(make(delivery::hint, "h", "1"));
  queue.push(make(delivery::hint, "h", "2"));
  auto first = queue.pop();
  queue.push_front(*first);
  CHECK(order_of(queue) == "1 2 ");
  queue.push(make(delivery::latest, "s", "new"));
  queue.push_front(make(delivery::latest, "s", "old"));
  CHECK(order_of(queue) == "new ");
}
