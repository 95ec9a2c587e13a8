#pragma once

#include "domain/aggregate.hpp"

namespace carillon::domain {

struct task_state {
  task_id id;
  task_settings settings;
  position revision = 0; ///< Position of its last record.
  time_point created_at{};
  /// What runs may have taken along that were claimed before `grace_lowered_at`: the longest
  /// disconnect grace until then.
  duration earlier_grace{};
  position grace_lowered_at = 0; ///< Where the disconnect grace was lowered last; 0 = never.

  bool operator==(const task_state&) const = default;
};

/// How long the run of a claim under `fence` may outlive its node's session. Its supervisor goes by
/// what the task said when the run began, whatever the task says now.
duration disconnect_grace_of(const task_state& task, position fence);

/// What still refers to a task.
struct task_usage {
  std::size_t schedules = 0;
  std::size_t jobs = 0; ///< Unfinished ones.
};

/// Most entries of a task's argv.
inline constexpr std::size_t argv_entries_max = 1000;

/// Most labels that a task may demand of a node.
inline constexpr std::size_t required_labels_max = 32;

/// `options` laid over `settings`: only what is set changes. An argv without an executor
/// means executor `process`.
task_settings apply_options(task_settings settings, const task_options& options);

/// Checks names, limits and what the executor needs (process: an absolute argv[0]; cwd absolute).
/// Errors: invalid_argument with the field as the HTTP API names it (`stdin` for `stdin_text`).
expected<void> check_settings(const task_settings& settings);

/// `current` is nullptr when there is no such task. `defaults` are the scheduler's task defaults; a
/// new task starts from them, its metadata merged over theirs.
/// Events: task_added, task_updated, or none when nothing changes.
expected<decision> decide(const task_state* current, const configure_task& command,
                          const task_settings& defaults);

/// Events: task_removed. Errors: not_found, conflict while in use.
expected<decision> decide(const task_state* current, const remove_task& command,
                          const task_usage& usage);

task_state evolve(task_state state, const task_added& e, const record_info& info);
task_state evolve(task_state state, const task_updated& e, const record_info& info);

} // namespace carillon::domain
