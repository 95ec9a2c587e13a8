#pragma once

#include "events/fields.hpp"
#include "stores/history_store.hpp"

/// The field list of what history keeps. The order is the order on disk: append only.
namespace carillon::events {

template <> struct fields_of<stores::finished_job> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("task", self.task);
    visit("schedule", self.schedule);
    visit("fire_time", self.fire_time);
    visit("jitter", self.jitter);
    visit("deadline", self.deadline);
    visit("created_at", self.created_at);
    visit("started_at", self.started_at);
    visit("finished_at", self.finished_at);
    visit("outcome", self.outcome);
    visit("attempts", self.attempts);
    visit("node", self.node);
    visit("fence", self.fence);
    visit("added_at", self.added_at);
    visit("finished_at_position", self.finished_at_position);
    visit("args", self.args, json_text{});
    visit("result", self.result, json_text{});
    visit("output", self.output);
    visit("error", self.error);
    visit("result_expires_at", self.result_expires_at);
    visit("executor", self.executor);
    visit("metadata", self.meta, json_text{});
  }
};

} // namespace carillon::events
