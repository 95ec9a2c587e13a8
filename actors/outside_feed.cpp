#include "actors/outside_feed.hpp"

#include <utility>

namespace carillon::actors {

void outside_feed::push(std::shared_ptr<const stores::block> block) {
  records_ += block->count;
  blocks_.push_back(std::move(block));
  while (records_ > records_max_ && blocks_.size() > 1) {
    dropped_ += blocks_.front()->count - passed_;
    drop_front();
  }
}

void outside_feed::drop_front() {
  records_ -= blocks_.front()->count;
  blocks_.pop_front();
  commit_ = 0;
  event_ = 0;
  passed_ = 0;
}

std::optional<recorded_event> outside_feed::pop() {
  for (; !blocks_.empty(); drop_front()) {
    const auto& block = *blocks_.front();
    for (; commit_ < block.commits.size(); ++commit_, event_ = 0) {
      const auto& commit = block.commits[commit_];
      while (event_ < commit.events.size()) {
        const auto& e = commit.events[event_];
        const auto at = commit.first + event_++;
        ++passed_;
        if (cluster::is_published(what_, e))
          return recorded_event{at, block.time, block.node, commit.meta, e};
      }
    }
  }
  return std::nullopt;
}

} // namespace carillon::actors
