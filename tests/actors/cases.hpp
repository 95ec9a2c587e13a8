#pragma once

#include "support/actor_fixture.hpp"

#include <catch2/catch.hpp>

/// Commands that tests of actors share.
namespace carillon::test {

inline const task_id mail{"mail"};
inline const schedule_id tick{"tick"};

/// Makes task `mail`, or changes how many of its jobs may run at once.
inline configure_task mail_task(std::optional<std::uint32_t> slots = 1) {
  configure_task command{mail};
  command.options.max_running_jobs = slots;
  return command;
}

/// Schedule `id` of task `mail`, every minute from day_one + 1 min on.
inline add_schedule every_minute(const schedule_id& id = tick) {
  add_schedule command;
  command.spec.id = id;
  command.spec.task = mail;
  command.spec.trigger = every(1min, day_one + 1min);
  return command;
}

/// One ad-hoc job of task `mail`.
inline add_jobs one_job(const job_id& id = job_number(1)) {
  return {{job_spec{.id = id, .task = mail}}};
}

/// A commit of `count` records that touch nothing anyone else touches.
inline stores::commit records(std::size_t count, std::uint8_t id) {
  stores::commit out;
  out.id.bytes[0] = id;
  out.id.bytes[15] = 1;
  for (std::size_t i = 0; i < count; ++i)
    out.events.push_back(clock_stepped{node_id{"n1"}, id});
  return out;
}

} // namespace carillon::test
