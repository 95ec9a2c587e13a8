#include "stores/bytes.hpp"
#include "stores/history_rules.hpp"
#include "stores/logs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace carillon::stores {
namespace {

/// For memory: logs and tests: the same answers as the store on disk, by looking at every job.
class memory_history final : public history_store {
public:
  expected<void> apply(position checkpoint, std::span<const finished_job> jobs,
                       std::span<const stream_touch> touches) override {
    for (const auto& job : jobs) {
      by_end_.insert_or_assign(job.finished_at_position, job);
      by_id_.insert_or_assign(job.id, job.finished_at_position);
    }
    for (const auto& touch : touches)
      touches_.emplace(touch.stream, touch.block);
    checkpoint_ = std::max(checkpoint_, checkpoint);
    return {};
  }

  expected<position> checkpoint() override { return checkpoint_; }

  expected<std::optional<finished_job>> find(const job_id& id) override {
    auto found = by_id_.find(id);
    if (found == by_id_.end())
      return std::optional<finished_job>{};
    return std::optional<finished_job>{by_end_.at(found->second)};
  }

  expected<history_page> query(const history_query& q) override {
    auto before = start_of(q);
    if (!before)
      return unexpected<error>{std::move(before).error()};
    history_page page;
    for (auto i = std::make_reverse_iterator(by_end_.lower_bound(*before)); i != by_end_.rend();
         ++i) {
      if (!matches(q, i->second))
        continue;
      if (page.jobs.size() == q.limit) {
        page.next = cursor_after(page.jobs.back());
        break;
      }
      page.jobs.push_back(i->second);
    }
    return page;
  }

  expected<std::vector<position>> blocks_of(key stream, position after,
                                            std::size_t limit) override {
    std::vector<position> blocks;
    auto i = touches_.upper_bound({stream, after});
    for (; i != touches_.end() && i->first == stream && blocks.size() < limit; ++i)
      blocks.push_back(i->second);
    return blocks;
  }

  expected<void> clear() override {
    by_end_.clear();
    by_id_.clear();
    touches_.clear();
    checkpoint_ = 0;
    return {};
  }

  expected<std::size_t> prune(time_point finished_before, std::size_t limit) override {
    std::size_t count = 0;
    while (count < limit && !by_end_.empty() &&
           by_end_.begin()->second.finished_at < finished_before) {
      by_id_.erase(by_end_.begin()->second.id);
      by_end_.erase(by_end_.begin());
      ++count;
    }
    return count;
  }

private:
  std::map<position, finished_job> by_end_;
  std::map<job_id, position> by_id_;
  std::set<std::pair<key, position>> touches_;
  position checkpoint_ = 0;
};

} // namespace

std::unique_ptr<history_store> make_memory_history() { return std::make_unique<memory_history>(); }

} // namespace carillon::stores
