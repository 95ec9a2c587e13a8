#include "events/samples.hpp"

#include <numeric>

namespace carillon::events {
namespace {

using namespace std::chrono_literals;

constexpr time_point day{std::chrono::sys_days{std::chrono::year{2026} / 3 / 29}};
const task_id report{"report"};
const schedule_id nightly{"nightly"};
const node_id node{"node-1"};

job_id some_job() {
  job_id id;
  std::iota(id.bytes.begin(), id.bytes.end(), std::uint8_t{0x10});
  return id;
}

blob_ref some_blob() {
  blob_ref blob;
  std::iota(blob.digest.begin(), blob.digest.end(), std::uint8_t{0xE0});
  blob.size = 70'000;
  return blob;
}

task_settings full_task() {
  return {.executor = "process",
          .argv = {"/usr/bin/env", "true"},
          .env = {{"LANG", "C"}, {"TZ", "UTC"}},
          .cwd = "/srv/report",
          .stdin_text = "hello\n",
          .timeout = 90s,
          .max_running_jobs = 3,
          .misfire_grace_time = 5min,
          .on_lease_lost = lease_lost_policy::fail,
          .disconnect_grace = 1500ms,
          .meta = {{"owner", R"("ops")"}, {"tags", R"(["a",2])"}},
          .required_labels = {{"gpu", ""}, {"zone", "a"}}};
}

schedule_settings full_schedule() {
  return {.task = report,
          .trigger = sample_triggers().back(),
          .args = {.text = R"({"args":[1,"two"]})"},
          .coalesce = coalesce_policy::all,
          .misfire_grace_time = 1h,
          .max_jitter = 30s,
          .executor = "threads",
          .result_expiration = 48h,
          .meta = {{"owner", R"("ops")"}},
          .jitter = jitter_mode::stable};
}

std::vector<fate> all_fates() {
  return {{.first = day, .last = day, .count = 1, .what = fate_kind::job},
          {.first = day - 1h,
           .last = day - 1min,
           .count = 60,
           .what = fate_kind::coalesced,
           .into = day},
          {.first = day - 48h, .last = day - 24h, .count = 0, .what = fate_kind::missed},
          {.first = day + 1h,
           .last = day + 2h,
           .count = 2,
           .what = fate_kind::skipped,
           .reason = "resumed from now"}};
}

trigger_cursor nested_cursor() {
  return {.last = day, .children = {{.last = day}, {.last = day + 1h, .children = {{}}}}};
}

job_added full_job_added() {
  return {.id = some_job(),
          .task = report,
          .schedule = nightly,
          .fire_time = day,
          .jitter = 1500ms,
          .run_at = day + 1500ms,
          .deadline = day + 1h,
          .args = {.blob = some_blob()},
          .executor = "process",
          .result_expiration = 24h,
          .meta = {{"trace", "true"}}};
}

job_finished full_job_finished() {
  return {.id = some_job(),
          .task = report,
          .schedule = nightly,
          .fence = 812'345,
          .outcome = job_outcome::error,
          .started_at = day + 2ms,
          .finished_at = day + 1234567us,
          .error = error_info{.type = "exit", .message = "exit status 3", .code = 3},
          .result = {.text = R"({"rows":17})"},
          .output = {.text = "17 rows\n"}};
}

} // namespace

std::vector<trigger_spec> sample_triggers() {
  const trigger_spec date{.kind = once{.run_time = {.at = day}}};
  const trigger_spec local_date{.kind = once{.run_time = {.at = day + 90min, .is_local = true}},
                                .timezone = "Europe/Berlin"};
  const trigger_spec every{.kind = interval{.every = 90s},
                           .start_time = when{.at = day},
                           .end_time = when{.at = day + 24h}};
  const trigger_spec monthly{.kind = calendar_interval{.months = 1,
                                                       .days = 2,
                                                       .hour = 7,
                                                       .minute = 30,
                                                       .start_date = civil_date{2026, 1, 31},
                                                       .end_date = civil_date{2030, 12, 31}},
                             .timezone = "Europe/Paris"};
  trigger_spec fields{.kind = cron{}, .timezone = "America/New_York"};
  std::get<cron>(fields.kind).day_of_week = "mon-fri";
  std::get<cron>(fields.kind).hour = "*/6";
  std::get<cron>(fields.kind).second = "30";
  trigger_spec crontab{.kind = cron{}, .timezone = "UTC"};
  auto& five = std::get<cron>(crontab.kind);
  five.dialect = cron_dialect::vixie;
  five.minute = five.hour = five.day = five.month = five.day_of_week = "*/3";
  const trigger_spec either{.kind = any_of{.triggers = {every, date}}};
  const trigger_spec both{.kind = all_of{.triggers = {fields, either, monthly},
                                         .threshold = 2500ms,
                                         .iterations_max = 500}};
  return {date, local_date, every, monthly, fields, crontab, either, both};
}

std::vector<event> full_samples() {
  return {
      task_added{report, full_task()},
      task_updated{report, full_task()},
      task_removed{report},
      schedule_added{nightly, full_schedule(), true, day, nested_cursor()},
      schedule_updated{nightly, full_schedule(), true, true, day, nested_cursor()},
      schedule_paused{nightly},
      schedule_resumed{nightly, all_fates(), day, nested_cursor()},
      schedule_fired{nightly, all_fates(), day, nested_cursor()},
      schedule_faulted{nightly, "no match within 10000 steps"},
      schedule_removed{nightly, true},
      full_job_added(),
      job_acquired{some_job(), node},
      job_released{some_job(), 812'345},
      lease_lost{some_job(), 812'345},
      job_cancel_requested{some_job(), "asked by ops"},
      full_job_finished(),
      node_started{node, "0.1.0"},
      node_stopped{node, "terminated"},
      clock_stepped{node, -3'600'000'000},
      level_raised{node, 2},
      session_lost{node, 7},
      calendar_set{calendar_id{"de"},
                   {{{2026, 5, 1}, {2026, 5, 1}}, {{2026, 12, 24}, {2026, 12, 26}}}},
      calendar_removed{calendar_id{"de"}},
      schedule_recomputed{nightly, recompute_cause::calendar, "de", day, day + 24h,
                          nested_cursor()},
      tzdb_changed{node, "2026a", {{"Europe/Berlin", 0x0123'4567'89ab'cdef}, {"Asia/Tokyo", 7}}},
  };
}

job_added typical_job_added() {
  return {.id = some_job(), .task = report, .schedule = nightly, .fire_time = day};
}

job_acquired typical_job_acquired() { return {some_job(), node}; }

job_finished typical_job_finished() {
  return {.id = some_job(),
          .task = report,
          .schedule = nightly,
          .fence = 812'345,
          .started_at = day,
          .finished_at = day + 1s};
}

schedule_fired typical_schedule_fired() {
  return {.id = nightly,
          .fates = {{.first = day, .last = day}},
          .next_fire = day + 24h,
          .cursor = {.last = day}};
}

} // namespace carillon::events
