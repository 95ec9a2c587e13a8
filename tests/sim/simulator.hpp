#pragma once

#include "tests/sim/world.hpp"

#include <cstddef>
#include <string>

/// A whole cluster from one number: nodes, their machines, a shared log, a broker, clients, and
/// everything that can go wrong between them. One thread, virtual time, the same every time.
namespace carillon::sim {

/// What came of a simulation.
struct sim_report {
  std::string failure = {}; ///< The first invariant that did not hold, and when; empty = all held.
  std::size_t nodes = 0;
  std::uint64_t positions = 0; ///< Records in the log.
  std::size_t jobs = 0;
  std::size_t acknowledged = 0; ///< Commands whose clients were told that they are in the log.
  std::size_t overlaps = 0;     ///< Attempts that began while an earlier one stood still.
  duration calmed_after{};      ///< From the last fault until nothing was left to do.
  std::string chain = {};       ///< Hash of the last block: the same for the same options.
};

/// Virtual time by which everything must be settled once faults have stopped.
inline constexpr duration calm_within = std::chrono::minutes{5};

sim_report simulate(const sim_options& options);

/// The command that repeats a simulation.
std::string replay_command(const sim_options& options);

} // namespace carillon::sim
