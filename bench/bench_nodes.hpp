#pragma once

#include "bench/bench_engine.hpp"

#include <memory>
#include <vector>

/// Several nodes of one cluster in this process.
namespace carillon::bench {

using engines = std::vector<std::unique_ptr<scheduler>>;

/// Options of node number `n` on the shared log `with.log`.
scheduler_options node_options(const parameters& with, std::uint32_t n);

/// Opens `with.nodes` nodes, lets `prepare` register what they run, starts them, and returns when
/// they know of each other.
engines start_nodes(const parameters& with, const std::function<void(scheduler_options&)>& adjust,
                    const std::function<void(scheduler&)>& prepare);

void stop_nodes(const engines& nodes);

} // namespace carillon::bench
