#pragma once

#include "carillon/ids.hpp"
#include "carillon/indirect.hpp"
#include "carillon/job.hpp"
#include "carillon/schedule.hpp"
#include "carillon/task.hpp"
#include "carillon/trigger.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Everything that can happen. Each event names itself (`name` never changes: it is on disk) and
/// the kind of thing it belongs to; together with the id that gives its stream.
namespace carillon {

// On disk since 0.1: never renumber.
/// The kind of thing that a stream tells about.
enum class stream_category : std::uint8_t {
  task = 0,
  schedule = 1,
  job = 2,
  node = 3,
  calendar = 4
};

// On disk since 0.1: never renumber.
/// What became of a due fire time.
enum class fate_kind : std::uint8_t {
  job = 0,       ///< It became a job.
  coalesced = 1, ///< Another fire time's job stands for it too; `into` names that one.
  missed = 2,    ///< It was later than its misfire grace.
  skipped = 3,   ///< It was left out on purpose; `reason` says why.
};

/// The fate of all fire times of the schedule's trigger from `first` to `last`, both inclusive.
struct fate {
  time_point first{};
  time_point last{};
  std::uint64_t count = 1; ///< How many fire times; 0 = too many to be worth counting.
  fate_kind what = fate_kind::job;
  std::optional<time_point> into = {}; ///< `coalesced` only.
  std::string reason = {};             ///< `skipped` only.

  bool operator==(const fate&) const = default;
};

/// A record of a type this build does not know: kept in its place, skipped by everyone.
struct unknown_event {
  static constexpr std::string_view name = "unknown";
  static constexpr stream_category category = stream_category::node;
  std::uint32_t type = 0;
  std::uint32_t version = 0;
  std::string bytes = {};
  bool operator==(const unknown_event&) const = default;
};

struct task_added {
  static constexpr std::string_view name = "task_added";
  static constexpr stream_category category = stream_category::task;
  task_id id;
  indirect<task_settings> settings;
  bool operator==(const task_added&) const = default;
};

struct task_updated {
  static constexpr std::string_view name = "task_updated";
  static constexpr stream_category category = stream_category::task;
  task_id id;
  indirect<task_settings> settings;
  bool operator==(const task_updated&) const = default;
};

struct task_removed {
  static constexpr std::string_view name = "task_removed";
  static constexpr stream_category category = stream_category::task;
  task_id id;
  bool operator==(const task_removed&) const = default;
};

struct schedule_added {
  static constexpr std::string_view name = "schedule_added";
  static constexpr stream_category category = stream_category::schedule;
  schedule_id id;
  indirect<schedule_settings> settings;
  bool paused = false;
  std::optional<time_point> next_fire = {}; ///< Empty: the trigger never fires.
  trigger_cursor cursor = {};
  bool operator==(const schedule_added&) const = default;
};

/// The settings were changed or replaced.
struct schedule_updated {
  static constexpr std::string_view name = "schedule_updated";
  static constexpr stream_category category = stream_category::schedule;
  schedule_id id;
  indirect<schedule_settings> settings;
  bool paused = false;
  bool trigger_reset = false; ///< The trigger started over: a new incarnation for derived job ids.
  std::optional<time_point> next_fire = {};
  trigger_cursor cursor = {};
  bool operator==(const schedule_updated&) const = default;
};

struct schedule_paused {
  static constexpr std::string_view name = "schedule_paused";
  static constexpr stream_category category = stream_category::schedule;
  schedule_id id;
  bool operator==(const schedule_paused&) const = default;
};

struct schedule_resumed {
  static constexpr std::string_view name = "schedule_resumed";
  static constexpr stream_category category = stream_category::schedule;
  schedule_id id;
  std::vector<fate> fates = {}; ///< Fire times left out by `resume_from`.
  std::optional<time_point> next_fire = {};
  trigger_cursor cursor = {};
  bool operator==(const schedule_resumed&) const = default;
};

/// Due fire times were settled: each has its fate, and the schedule moved on.
struct schedule_fired {
  static constexpr std::string_view name = "schedule_fired";
  static constexpr stream_category category = stream_category::schedule;
  schedule_id id;
  std::vector<fate> fates = {};
  std::optional<time_point> next_fire = {}; ///< Empty: the trigger is finished.
  trigger_cursor cursor = {};
  bool operator==(const schedule_fired&) const = default;
};

/// The trigger broke (for example `limit_exceeded`): the schedule does not fire until it is
/// updated.
struct schedule_faulted {
  static constexpr std::string_view name = "schedule_faulted";
  static constexpr stream_category category = stream_category::schedule;
  schedule_id id;
  std::string message = {};
  bool operator==(const schedule_faulted&) const = default;
};

struct schedule_removed {
  static constexpr std::string_view name = "schedule_removed";
  static constexpr stream_category category = stream_category::schedule;
  schedule_id id;
  bool finished = false; ///< By clean-up, after its last fire and its last job.
  bool operator==(const schedule_removed&) const = default;
};

struct job_added {
  static constexpr std::string_view name = "job_added";
  static constexpr stream_category category = stream_category::job;
  job_id id;
  task_id task;
  schedule_id schedule = {};                 ///< Empty for ad-hoc jobs.
  std::optional<time_point> fire_time = {};  ///< The fire time before jitter; none for ad-hoc jobs.
  duration jitter = {};                      ///< How much later it may start.
  std::optional<time_point> run_at = {};     ///< Not before; none = at once.
  std::optional<time_point> deadline = {};   ///< Must start by then (inclusive).
  payload args = {};
  std::string executor = {};                 ///< Empty = the task's.
  duration result_expiration = {};
  metadata meta = {};
  bool operator==(const job_added&) const = default;
};

/// A node claimed the job. The position of this record is the claim's fencing token.
struct job_acquired {
  static constexpr std::string_view name = "job_acquired";
  static constexpr stream_category category = stream_category::job;
  job_id id;
  node_id node;
  /// Which of its task's `max_running_jobs` slots it takes, from 1; 0 = its task has no limit, or
  /// the log has one writer, who counts for himself.
  std::uint32_t slot = 0;
  bool operator==(const job_acquired&) const = default;
};

/// The claim was given back without a result; no attempt is charged.
struct job_released {
  static constexpr std::string_view name = "job_released";
  static constexpr stream_category category = stream_category::job;
  job_id id;
  position fence = 0;
  bool operator==(const job_released&) const = default;
};

/// The node that held the claim is gone; its result will be refused.
struct lease_lost {
  static constexpr std::string_view name = "lease_lost";
  static constexpr stream_category category = stream_category::job;
  job_id id;
  position fence = 0;
  bool operator==(const lease_lost&) const = default;
};

/// Someone asked a running job to stop.
struct job_cancel_requested {
  static constexpr std::string_view name = "job_cancel_requested";
  static constexpr stream_category category = stream_category::job;
  job_id id;
  std::string reason = {};
  bool operator==(const job_cancel_requested&) const = default;
};

struct job_finished {
  static constexpr std::string_view name = "job_finished";
  static constexpr stream_category category = stream_category::job;
  job_id id;
  task_id task;
  schedule_id schedule = {}; ///< Empty for ad-hoc jobs.
  position fence = 0; ///< 0: it ended without a claim (missed, or cancelled while queued).
  job_outcome outcome = job_outcome::success;
  std::optional<time_point> started_at = {};
  std::optional<time_point> finished_at = {}; ///< None: when the record was written.
  std::optional<error_info> error = {};
  payload result = {};                        ///< Kept only if the job asked for it.
  payload output = {};                        ///< The last bytes a process wrote.
  bool operator==(const job_finished&) const = default;
};

/// A scheduler opened the log; the position of this record is its session.
struct node_started {
  static constexpr std::string_view name = "node_started";
  static constexpr stream_category category = stream_category::node;
  node_id node;
  std::string version = {};
  bool operator==(const node_started&) const = default;
};

struct node_stopped {
  static constexpr std::string_view name = "node_stopped";
  static constexpr stream_category category = stream_category::node;
  node_id node;
  std::string reason = {};
  bool operator==(const node_stopped&) const = default;
};

/// The machine's clock jumped against its own steady clock.
struct clock_stepped {
  static constexpr std::string_view name = "clock_stepped";
  static constexpr stream_category category = stream_category::node;
  node_id node;
  std::int64_t delta_us = 0; ///< Microseconds; positive = forward.
  bool operator==(const clock_stepped&) const = default;
};

/// From here on records up to this format level may be written; one-way.
struct level_raised {
  static constexpr std::string_view name = "level_raised";
  static constexpr stream_category category = stream_category::node;
  node_id node;
  std::uint32_t level = 0;
  bool operator==(const level_raised&) const = default;
};

/// A node's session in a shared log ended without a good-bye: what it held is the others' after a
/// grace (`lease_lost`).
struct session_lost {
  static constexpr std::string_view name = "session_lost";
  static constexpr stream_category category = stream_category::node;
  node_id node;
  std::uint64_t session = 0; ///< The token of the session.
  bool operator==(const session_lost&) const = default;
};

/// A calendar was made, or has other days from now on. Schedules that use it follow with
/// `schedule_recomputed`.
struct calendar_set {
  static constexpr std::string_view name = "calendar_set";
  static constexpr stream_category category = stream_category::calendar;
  calendar_id id;
  std::vector<date_range> days = {}; ///< Sorted, and a day at least between two of them.
  bool operator==(const calendar_set&) const = default;
};

struct calendar_removed {
  static constexpr std::string_view name = "calendar_removed";
  static constexpr stream_category category = stream_category::calendar;
  calendar_id id;
  bool operator==(const calendar_removed&) const = default;
};

// On disk since 0.1: never renumber.
/// Why a next fire time was computed again.
enum class recompute_cause : std::uint8_t {
  zone_rules = 0, ///< The zone table of a node is another one (`tzdb_changed`).
  calendar = 1,   ///< A calendar that its trigger leaves out has other days (`calendar_set`).
};

/// The rules that lie outside the trigger are others than those that gave `previous`.
struct schedule_recomputed {
  static constexpr std::string_view name = "schedule_recomputed";
  static constexpr stream_category category = stream_category::schedule;
  schedule_id id;
  recompute_cause cause = recompute_cause::zone_rules;
  std::string rules = {}; ///< Version of the zone table, empty if unknown; or name of the calendar.
  std::optional<time_point> previous = {};  ///< The next fire time until now.
  std::optional<time_point> next_fire = {}; ///< Empty: the trigger is finished.
  trigger_cursor cursor = {};
  bool operator==(const schedule_recomputed&) const = default;
};

/// What a zone does, as a number: other rules are another number.
struct zone_rules {
  std::string zone = {}; ///< IANA name.
  std::uint64_t digest = 0;
  bool operator==(const zone_rules&) const = default;
};

/// A node found that zones which its schedules use have other rules than when it recorded them, or
/// recorded them for the first time. Where that moves a next fire time, `schedule_recomputed`
/// stands before it.
struct tzdb_changed {
  static constexpr std::string_view name = "tzdb_changed";
  static constexpr stream_category category = stream_category::node;
  node_id node;
  std::string version = {};           ///< Of its zone table, such as "2026a"; empty = unknown.
  std::vector<zone_rules> zones = {}; ///< Those that changed, or were not recorded before.
  bool operator==(const tzdb_changed&) const = default;
};

// On disk since 0.1: the index of a type is its number in a record. Append only, never reorder.
using event = std::variant<unknown_event, task_added, task_updated, task_removed, schedule_added,
                           schedule_updated, schedule_paused, schedule_resumed, schedule_fired,
                           schedule_faulted, schedule_removed, job_added, job_acquired,
                           job_released, lease_lost, job_cancel_requested, job_finished,
                           node_started, node_stopped, clock_stepped, level_raised, session_lost,
                           calendar_set, calendar_removed, schedule_recomputed, tzdb_changed>;

/// What a commit says about itself, once for all of its records.
struct commit_meta {
  /// Who asked: a token's name, "local", or a node's own work ("engine").
  std::string who = {};
  std::string from = {};        ///< Where it came from: "http 127.0.0.1", "api", "timer" ...
  std::string correlation = {}; ///< Ties together everything one request caused.
  position causation = 0;       ///< The record that led to this commit; 0 = a person or a clock.
  std::string traceparent = {}; ///< W3C trace context; empty = none.
  std::string idempotency = {}; ///< The client's key and the digest of its request; empty = none.

  bool operator==(const commit_meta&) const = default;
};

/// A fact with its envelope.
struct recorded_event {
  position at = 0;        ///< Its place in the log.
  time_point time{};      ///< When its block was made durable, by the log's clock.
  node_id node = {};      ///< Who wrote it.
  /// What its commit says about itself; never null.
  std::shared_ptr<const commit_meta> commit = {};
  event what;
};

} // namespace carillon
