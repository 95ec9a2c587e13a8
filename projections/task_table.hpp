#pragma once

#include "domain/task_aggregate.hpp"
#include "projections/share.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::projections {

using task_ptr = std::shared_ptr<const domain::task_state>;

/// All tasks. A task handed out stays as it was, whatever happens afterwards.
class task_table {
public:
  /// Applies an event of a task; others are ignored. Never fails. Answers whether anything changed.
  bool apply(const event& e, const domain::record_info& info);

  /// nullptr when there is no such task.
  task_ptr find(const task_id& id) const;
  std::size_t size() const noexcept { return tasks_.size(); }
  /// The first `limit` tasks whose id follows `after`, by id.
  std::vector<task_ptr> page(const task_id& after, std::size_t limit) const;

  state_hash hash() const;
  std::string save() const;
  expected<void> load(std::string_view bytes);

private:
  std::map<task_id, task_ptr> tasks_;
};

} // namespace carillon::projections
