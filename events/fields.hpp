#pragma once

#include "carillon/event.hpp"
#include "carillon/schedule.hpp"
#include "events/field_list.hpp"

#include <array>
#include <string_view>

/// The field list of everything that is in the log. The order is the order on disk: append only.
namespace carillon::events {

template <> struct texts_of<fate_kind> {
  static constexpr unsigned count = 4;
  static std::string_view text(fate_kind value) {
    static constexpr std::array<std::string_view, count> texts{"job", "coalesced", "missed",
                                                               "skipped"};
    return texts[static_cast<std::size_t>(value)];
  }
};

template <> struct texts_of<job_outcome> {
  static constexpr unsigned count = 7;
  static std::string_view text(job_outcome value) { return to_string(value); }
};

template <> struct texts_of<job_status> {
  static constexpr unsigned count = 4;
  static std::string_view text(job_status value) { return to_string(value); }
};

template <> struct texts_of<coalesce_policy> {
  static constexpr unsigned count = 3;
  static std::string_view text(coalesce_policy value) {
    static constexpr std::array<std::string_view, count> texts{"earliest", "latest", "all"};
    return texts[static_cast<std::size_t>(value)];
  }
};

template <> struct texts_of<jitter_mode> {
  static constexpr unsigned count = 2;
  static std::string_view text(jitter_mode value) {
    return value == jitter_mode::random ? "random" : "stable";
  }
};

template <> struct texts_of<recompute_cause> {
  static constexpr unsigned count = 2;
  static std::string_view text(recompute_cause value) {
    return value == recompute_cause::zone_rules ? "zone_rules" : "calendar";
  }
};

template <> struct texts_of<lease_lost_policy> {
  static constexpr unsigned count = 2;
  static std::string_view text(lease_lost_policy value) {
    return value == lease_lost_policy::retry ? "retry" : "fail";
  }
};

template <> struct texts_of<cron_dialect> {
  static constexpr unsigned count = 5;
  static std::string_view text(cron_dialect value) {
    static constexpr std::array<std::string_view, count> texts{"apscheduler", "vixie", "quartz",
                                                               "seconds", "jenkins"};
    return texts[static_cast<std::size_t>(value)];
  }
};

template <> struct texts_of<gap_policy> {
  static constexpr unsigned count = 4;
  static std::string_view text(gap_policy value) {
    static constexpr std::array<std::string_view, count> texts{"by_kind", "skip", "next_valid",
                                                               "shift"};
    return texts[static_cast<std::size_t>(value)];
  }
};

template <> struct texts_of<fold_policy> {
  static constexpr unsigned count = 5;
  static std::string_view text(fold_policy value) {
    static constexpr std::array<std::string_view, count> texts{"by_kind", "both", "first", "second",
                                                               "auto"};
    return texts[static_cast<std::size_t>(value)];
  }
};

template <> struct fields_of<civil_date> {
  static constexpr bool fixed = true;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("year", self.year);
    visit("month", self.month);
    visit("day", self.day);
  }
};

template <> struct fields_of<when> {
  static constexpr bool fixed = true;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("at", self.at);
    visit("is_local", self.is_local);
  }
};

template <> struct fields_of<once> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("run_time", self.run_time);
  }
};

template <> struct fields_of<interval> {
  static constexpr std::uint32_t version = 2;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("every", self.every);
    visit("phase", self.phase, since<2>{});
  }
};

template <> struct fields_of<calendar_interval> {
  static constexpr std::uint32_t version = 2;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("years", self.years);
    visit("months", self.months);
    visit("weeks", self.weeks);
    visit("days", self.days);
    visit("hour", self.hour);
    visit("minute", self.minute);
    visit("second", self.second);
    visit("start_date", self.start_date);
    visit("end_date", self.end_date);
    visit("clamp_day", self.clamp_day, since<2>{});
  }
};

template <> struct fields_of<cron> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("year", self.year);
    visit("month", self.month);
    visit("day", self.day);
    visit("week", self.week);
    visit("day_of_week", self.day_of_week);
    visit("hour", self.hour);
    visit("minute", self.minute);
    visit("second", self.second);
    visit("dialect", self.dialect);
  }
};

template <> struct fields_of<any_of> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("triggers", self.triggers);
  }
};

template <> struct fields_of<all_of> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("triggers", self.triggers);
    visit("threshold", self.threshold);
    visit("iterations_max", self.iterations_max);
  }
};

template <> struct fields_of<on_calendar> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("text", self.text);
  }
};

template <> struct fields_of<recurrence> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("start", self.start);
    visit("rules", self.rules);
    visit("except_rules", self.except_rules);
    visit("dates", self.dates);
    visit("except_dates", self.except_dates);
  }
};

template <> struct fields_of<repeating_interval> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("text", self.text);
  }
};

template <> struct fields_of<custom_rule> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("type", self.type);
    visit("version", self.version);
    visit("config", self.config);
  }
};

template <> struct fields_of<date_range> {
  static constexpr bool fixed = true;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("first", self.first);
    visit("last", self.last);
  }
};

template <> struct fields_of<exclusion> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("calendar", self.calendar);
    visit("days", self.days);
    visit("pattern", self.pattern);
  }
};

template <> struct fields_of<time_window> {
  static constexpr bool fixed = true;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("begin", self.begin);
    visit("end", self.end);
    visit("weekdays", self.weekdays);
  }
};

template <> struct fields_of<filtered> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("triggers", self.triggers);
    visit("exclude", self.exclude);
    visit("windows", self.windows);
  }
};

template <> struct fields_of<trigger_spec> {
  static constexpr std::uint32_t version = 2;
  static constexpr int depth_max = trigger_depth_max + 1; // the leaves below the deepest any_of
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("kind", self.kind);
    visit("timezone", self.timezone);
    visit("start_time", self.start_time);
    visit("end_time", self.end_time);
    visit("gap", self.gap, since<2>{});
    visit("fold", self.fold, since<2>{});
  }
};

template <> struct fields_of<trigger_cursor> {
  static constexpr int depth_max = trigger_depth_max + 1;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("last", self.last);
    visit("children", self.children);
  }
};

template <> struct fields_of<blob_ref> {
  static constexpr bool fixed = true;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("digest", self.digest);
    visit("size", self.size);
  }
};

template <> struct fields_of<payload> {
  static constexpr bool fixed = true;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("text", self.text);
    visit("blob", self.blob);
  }
};

template <> struct fields_of<error_info> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("type", self.type);
    visit("message", self.message);
    visit("code", self.code);
  }
};

template <> struct fields_of<task_settings> {
  static constexpr std::uint32_t version = 2;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("executor", self.executor);
    visit("argv", self.argv);
    visit("env", self.env);
    visit("cwd", self.cwd);
    visit("stdin", self.stdin_text);
    visit("timeout", self.timeout);
    visit("max_running_jobs", self.max_running_jobs);
    visit("misfire_grace_time", self.misfire_grace_time);
    visit("on_lease_lost", self.on_lease_lost);
    visit("disconnect_grace", self.disconnect_grace);
    visit("metadata", self.meta, json_text{});
    visit("requires", self.required_labels, since<2>{});
  }
};

template <> struct fields_of<schedule_settings> {
  static constexpr std::uint32_t version = 2;
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("task", self.task);
    visit("trigger", self.trigger);
    visit("args", self.args, json_text{});
    visit("coalesce", self.coalesce);
    visit("misfire_grace_time", self.misfire_grace_time);
    visit("max_jitter", self.max_jitter);
    visit("executor", self.executor);
    visit("job_result_expiration_time", self.result_expiration);
    visit("metadata", self.meta, json_text{});
    visit("jitter_mode", self.jitter, since<2>{});
  }
};

template <> struct fields_of<fate> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("first", self.first);
    visit("last", self.last);
    visit("count", self.count);
    visit("what", self.what);
    visit("into", self.into);
    visit("reason", self.reason);
  }
};

template <> struct fields_of<zone_rules> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("zone", self.zone);
    visit("digest", self.digest);
  }
};

template <> struct fields_of<commit_meta> {
  template <class Self, class Visit> static void visit(Self& self, Visit&& visit) {
    visit("who", self.who);
    visit("from", self.from);
    visit("correlation", self.correlation);
    visit("causation", self.causation);
    visit("traceparent", self.traceparent);
    visit("idempotency", self.idempotency);
  }
};

} // namespace carillon::events
