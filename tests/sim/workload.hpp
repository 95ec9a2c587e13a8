#pragma once

#include "tests/sim/machine.hpp"

#include <memory>
#include <vector>

namespace carillon::sim {

/// Clients that add, change and remove schedules, add and cancel jobs, and move the limits of
/// tasks. They try again, with the same command id and mostly elsewhere, until they have an answer.
class workload {
public:
  workload(surroundings& around, std::vector<std::unique_ptr<machine>>& machines, time_point until);

  void start();
  std::size_t acknowledged() const { return acknowledged_; }
  bool is_done() const { return open_ == 0; }

private:
  struct request;

  command some_command();
  command some_schedule(bool replaces);
  command some_jobs();
  void go_on();
  void ask(command what);
  void send(const std::shared_ptr<request>& r);
  void answered(const std::shared_ptr<request>& r, int attempt, expected<position> reply);

  surroundings& around_;
  std::vector<std::unique_ptr<machine>>& machines_;
  time_point until_;
  std::size_t acknowledged_ = 0;
  std::size_t open_ = 0;
};

} // namespace carillon::sim
