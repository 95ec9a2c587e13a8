#pragma once

#include "carillon/event.hpp"
#include "events/fields.hpp"

/// The field list of every event. The order is the order on disk: append only, with `since`.
namespace carillon::events {

/// JSON only: on disk such a record is written as it was read.
template <> struct fields_of<unknown_event> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("number", self.type);
    visit("version", self.version);
    visit("bytes", self.bytes, hex_text{});
  }
};

template <> struct fields_of<task_added> {
  static constexpr std::uint32_t version = 2; // tasks that demand labels
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("settings", self.settings);
  }
};

template <> struct fields_of<task_updated> {
  static constexpr std::uint32_t version = 2; // tasks that demand labels
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("settings", self.settings);
  }
};

template <> struct fields_of<task_removed> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
  }
};

template <> struct fields_of<schedule_added> {
  static constexpr std::uint32_t version =
      3; // jitter_mode; 2: triggers with gap, fold, phase, clamp_day
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("settings", self.settings);
    visit("paused", self.paused);
    visit("next_fire_time", self.next_fire);
    visit("cursor", self.cursor);
  }
};

template <> struct fields_of<schedule_updated> {
  static constexpr std::uint32_t version =
      3; // jitter_mode; 2: triggers with gap, fold, phase, clamp_day
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("settings", self.settings);
    visit("paused", self.paused);
    visit("trigger_reset", self.trigger_reset);
    visit("next_fire_time", self.next_fire);
    visit("cursor", self.cursor);
  }
};

template <> struct fields_of<schedule_paused> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
  }
};

template <> struct fields_of<schedule_resumed> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("fates", self.fates);
    visit("next_fire_time", self.next_fire);
    visit("cursor", self.cursor);
  }
};

template <> struct fields_of<schedule_fired> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("fates", self.fates);
    visit("next_fire_time", self.next_fire);
    visit("cursor", self.cursor);
  }
};

template <> struct fields_of<schedule_faulted> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("message", self.message);
  }
};

template <> struct fields_of<schedule_removed> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("finished", self.finished);
  }
};

template <> struct fields_of<job_added> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("task", self.task);
    visit("schedule", self.schedule);
    visit("scheduled_fire_time", self.fire_time);
    visit("jitter", self.jitter);
    visit("run_at", self.run_at);
    visit("start_deadline", self.deadline);
    visit("args", self.args, json_text{});
    visit("executor", self.executor);
    visit("result_expiration_time", self.result_expiration);
    visit("metadata", self.meta, json_text{});
  }
};

template <> struct fields_of<job_acquired> {
  static constexpr std::uint32_t version = 2;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("node", self.node);
    visit("slot", self.slot, since<2>{});
  }
};

template <> struct fields_of<job_released> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("fence", self.fence);
  }
};

template <> struct fields_of<lease_lost> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("fence", self.fence);
  }
};

template <> struct fields_of<job_cancel_requested> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("reason", self.reason);
  }
};

template <> struct fields_of<job_finished> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("task", self.task);
    visit("schedule", self.schedule);
    visit("fence", self.fence);
    visit("outcome", self.outcome);
    visit("started_at", self.started_at);
    visit("finished_at", self.finished_at);
    visit("error", self.error);
    visit("result", self.result, json_text{});
    visit("output", self.output);
  }
};

template <> struct fields_of<node_started> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("node", self.node);
    visit("version", self.version);
  }
};

template <> struct fields_of<node_stopped> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("node", self.node);
    visit("reason", self.reason);
  }
};

template <> struct fields_of<clock_stepped> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("node", self.node);
    visit("delta_us", self.delta_us);
  }
};

template <> struct fields_of<level_raised> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("node", self.node);
    visit("level", self.level);
  }
};

template <> struct fields_of<session_lost> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("node", self.node);
    visit("session", self.session);
  }
};

template <> struct fields_of<calendar_set> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("days", self.days);
  }
};

template <> struct fields_of<calendar_removed> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
  }
};

template <> struct fields_of<schedule_recomputed> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("id", self.id);
    visit("cause", self.cause);
    visit("rules", self.rules);
    visit("previous", self.previous);
    visit("next_fire_time", self.next_fire);
    visit("cursor", self.cursor);
  }
};

template <> struct fields_of<tzdb_changed> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("node", self.node);
    visit("version", self.version);
    visit("zones", self.zones);
  }
};

} // namespace carillon::events
