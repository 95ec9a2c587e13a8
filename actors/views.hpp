#pragma once

#include "actors/node_context.hpp"
#include "carillon/view.hpp"
#include "domain/job_aggregate.hpp"
#include "domain/schedule_aggregate.hpp"
#include "domain/task_aggregate.hpp"
#include "projections/job_queue.hpp"
#include "stores/history_store.hpp"

/// What users see, made from what the owners hold.
namespace carillon::actors {

task_view view_of(const domain::task_state& task, const projections::job_queue& queue);
schedule_view view_of(const domain::schedule_state& schedule);
job_view view_of(const domain::job_state& job, bool claimable);
/// `now` decides whether the result has expired.
job_view view_of(const stores::finished_job& job, time_point now);

/// Errors: invalid_argument with field "limit".
expected<void> check_page(const page_request& request);

/// Whether a live job is one that `filter` asks for.
bool matches(const job_filter& filter, const domain::job_state& job);
/// The same question for finished jobs; none when `filter` asks for live ones only.
std::optional<stores::history_query> history_query_of(const job_filter& filter);

} // namespace carillon::actors
