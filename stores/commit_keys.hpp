#pragma once

#include "stores/event_log.hpp"

/// What a decision relied on, as keys of its commit. Where several nodes write one log, these keys
/// are what keeps two of them from deciding the same thing.
namespace carillon::stores {

/// Guards the stream of each of `c.events`: whoever touched one of them meanwhile has changed what
/// the decision was about, or decided the same.
void guard_own_streams(commit& c);

/// Adds `claim` of a job of `task` to `c`: its event; guards on the job, on the task (whose limit
/// may be lowered) and on the slot; and a touch of the slot, so that no other claim that did not
/// know of this one takes it.
void add_claim(commit& c, const task_id& task, job_acquired claim);

} // namespace carillon::stores
