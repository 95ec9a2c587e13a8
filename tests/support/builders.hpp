#pragma once

#include "carillon/event.hpp"

#include <cstdint>

/// Short ways to the values that tests of the rules are made of.
namespace carillon::test {

using namespace std::chrono_literals;

/// The instant at which most tests start: 2026-01-01T00:00:00Z.
inline constexpr time_point day_one{std::chrono::seconds{1'767'225'600}};

/// A job id that is the number `n`.
inline job_id job_number(std::uint64_t n) {
  job_id id;
  for (std::size_t i = 0; i < 8; ++i)
    id.bytes[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return id;
}

/// A trigger that fires at `start` and then every `every`.
inline trigger_spec every(duration step, time_point start = day_one) {
  return {.kind = interval{.every = step}, .start_time = when{.at = start}};
}

/// A trigger that fires once.
inline trigger_spec once_at(time_point t) { return {.kind = once{.run_time = {.at = t}}}; }

/// Settings of a task that runs `argv`.
inline task_settings process_task_settings(std::vector<std::string> argv) {
  task_settings settings;
  settings.executor = executor_process;
  settings.argv = std::move(argv);
  return settings;
}

} // namespace carillon::test
