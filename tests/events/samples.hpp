#pragma once

#include "carillon/event.hpp"

#include <vector>

namespace carillon::events {

/// One event of each type but `unknown_event`, in the order of their numbers, with every field set.
/// The golden files hold these: a field added later gets its value here and a file of a new
/// version.
std::vector<event> full_samples();

/// Events as they are usually: what the sizes of records are judged by.
job_added typical_job_added();
job_acquired typical_job_acquired();
job_finished typical_job_finished();
schedule_fired typical_schedule_fired();

/// One trigger of each kind, nested ones too, in a form that JSON reads back to an equal value.
std::vector<trigger_spec> sample_triggers();

} // namespace carillon::events
