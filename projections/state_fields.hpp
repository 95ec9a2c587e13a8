#pragma once

#include "domain/job_aggregate.hpp"
#include "domain/named_calendars.hpp"
#include "domain/schedule_aggregate.hpp"
#include "domain/task_aggregate.hpp"
#include "events/fields.hpp"
#include "projections/zone_table.hpp"

/// The field lists of what a snapshot holds. A snapshot of another format is replayed instead, so
/// these may change freely; raise `snapshot_format` when they do.
namespace carillon::projections {

inline constexpr int snapshot_format = 1;

/// A schedule that names calendars.
struct calendar_user {
  schedule_id id;
  std::vector<std::string> calendars;
};

} // namespace carillon::projections

namespace carillon::events {

template <> struct fields_of<domain::task_state> {
  static constexpr std::uint32_t version = 2;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("settings", self.settings);
    visit("revision", self.revision);
    visit("created_at", self.created_at);
    visit("earlier_grace", self.earlier_grace, since<2>{});
    visit("grace_lowered_at", self.grace_lowered_at, since<2>{});
  }
};

template <> struct fields_of<domain::schedule_state> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("settings", self.settings);
    visit("paused", self.paused);
    visit("fault", self.fault);
    visit("next_fire", self.next_fire);
    visit("cursor", self.cursor);
    visit("incarnation", self.incarnation);
    visit("revision", self.revision);
    visit("created_at", self.created_at);
    visit("last_fire_time", self.last_fire_time);
    visit("last_due_time", self.last_due_time);
    visit("last_job", self.last_job);
    visit("last_started_at", self.last_started_at);
    visit("last_outcome", self.last_outcome);
    visit("last_success_at", self.last_success_at);
    visit("open_jobs", self.open_jobs);
  }
};

template <> struct fields_of<domain::calendar_state> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("days", self.days);
    visit("revision", self.revision);
    visit("created_at", self.created_at);
    visit("changed_at", self.changed_at);
  }
};

template <> struct fields_of<projections::calendar_user> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("calendars", self.calendars);
  }
};

template <> struct fields_of<projections::node_zones> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("node", self.node);
    visit("version", self.version);
    visit("zones", self.zones);
    visit("revision", self.revision);
  }
};

template <> struct fields_of<domain::job_state> {
  static constexpr std::uint32_t version = 2;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("task", self.task);
    visit("schedule", self.schedule);
    visit("fire_time", self.fire_time);
    visit("jitter", self.jitter);
    visit("run_at", self.run_at);
    visit("deadline", self.deadline);
    visit("args", self.args);
    visit("executor", self.executor);
    visit("result_expiration", self.result_expiration);
    visit("metadata", self.meta);
    visit("created_at", self.created_at);
    visit("added_at", self.added_at);
    visit("revision", self.revision);
    visit("status", self.status);
    visit("attempts", self.attempts);
    visit("losses", self.losses);
    visit("fence", self.fence);
    visit("node", self.node);
    visit("acquired_at", self.acquired_at);
    visit("cancel_requested", self.cancel_requested);
    visit("cancel_reason", self.cancel_reason);
    visit("slot", self.slot, since<2>{});
  }
};

} // namespace carillon::events
