#include "bench/bench_nodes.hpp"

#include <thread>
#include <unistd.h>

namespace carillon::bench {

scheduler_options node_options(const parameters& with, std::uint32_t n) {
  scheduler_options options;
  options.log = with.log;
  options.node = "bench-" + std::to_string(n);
  options.default_zone = "UTC";
  options.broker.url = with.broker;
  options.broker.cluster = "bench-" + std::to_string(getpid());
  options.broker.publish_events = with.publish_events;
  options.sink = [](log_level level, std::string_view line) {
    if (level >= log_level::warning)
      std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  };
  return options;
}

engines start_nodes(const parameters& with, const std::function<void(scheduler_options&)>& adjust,
                    const std::function<void(scheduler&)>& prepare) {
  engines out;
  for (std::uint32_t n = 0; n < with.nodes; ++n) {
    auto options = node_options(with, n);
    adjust(options);
    out.push_back(std::make_unique<scheduler>(must(scheduler::open(std::move(options)))));
    prepare(*out.back());
    must(out.back()->start());
  }
  // Long enough for the first node to have read who else is there.
  std::this_thread::sleep_for(std::chrono::seconds{4});
  return out;
}

void stop_nodes(const engines& nodes) {
  for (const auto& node : nodes)
    node->stop();
}

} // namespace carillon::bench
