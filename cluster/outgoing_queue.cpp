#include "cluster/outgoing_queue.hpp"

#include <utility>

namespace carillon::cluster {
namespace {

std::size_t bytes_of(const message& m) { return m.topic.size() + m.payload.size(); }

} // namespace

void outgoing_queue::push(message m) {
  if (m.how == delivery::latest) {
    auto topic = m.topic;
    latest_.insert_or_assign(std::move(topic), std::move(m));
    return;
  }
  auto& l = lane_of(m);
  l.bytes += bytes_of(m);
  l.waiting.push_back(std::move(m));
  trim(l);
}

std::optional<message> outgoing_queue::pop() {
  if (!latest_.empty())
    return std::move(latest_.extract(latest_.begin()).mapped());
  auto& l = hints_.waiting.empty() ? events_ : hints_;
  if (l.waiting.empty())
    return std::nullopt;
  auto m = std::move(l.waiting.front());
  l.waiting.pop_front();
  l.bytes -= bytes_of(m);
  return m;
}

void outgoing_queue::push_front(message m) {
  if (m.how == delivery::latest) {
    auto topic = m.topic;
    latest_.try_emplace(std::move(topic), std::move(m)); // a newer one that waits stays
    return;
  }
  auto& l = lane_of(m);
  l.bytes += bytes_of(m);
  l.waiting.push_front(std::move(m));
  trim(l);
}

void outgoing_queue::trim(lane& l) {
  while (l.waiting.size() > 1 && (l.waiting.size() > messages_max_ || l.bytes > bytes_max_)) {
    l.bytes -= bytes_of(l.waiting.front());
    l.waiting.pop_front();
    ++dropped_;
  }
}

} // namespace carillon::cluster
