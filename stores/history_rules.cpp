#include "stores/history_rules.hpp"

#include <fmt/core.h>

#include <charconv>
#include <limits>

namespace carillon::stores {

bool matches(const history_query& q, const finished_job& job) {
  return (!q.schedule || *q.schedule == job.schedule) && (!q.task || *q.task == job.task) &&
         (!q.outcome || *q.outcome == job.outcome) && (!q.from || job.finished_at >= *q.from) &&
         (!q.to || job.finished_at < *q.to);
}

expected<position> start_of(const history_query& q) {
  if (q.limit == 0 || q.limit > history_page_max)
    return refuse(errc::invalid_argument,
                  fmt::format("limit is {}: 1 to {} is allowed", q.limit, history_page_max),
                  "limit");
  if (q.cursor.empty())
    return std::numeric_limits<position>::max();
  position before = 0;
  const auto* end = q.cursor.data() + q.cursor.size();
  auto [stopped, code] = std::from_chars(q.cursor.data(), end, before);
  if (code != std::errc{} || stopped != end)
    return refuse(
        errc::invalid_argument,
        fmt::format("'{}' is no cursor: pass the one that the page before gave", q.cursor),
        "cursor");
  return before;
}

std::string cursor_after(const finished_job& last) {
  return std::to_string(last.finished_at_position);
}

} // namespace carillon::stores
