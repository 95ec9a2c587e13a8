// A node of the next format level: newer_node LOG NAME [DATA]
// Does what the lines of its standard input say, and answers each by a line.

#include "newer_level.hpp"

#include "actors/engine.hpp"
#include "projections/share.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/scoped_actor.hpp>

#include <iostream>
#include <sstream>

using namespace carillon;

namespace {

using engine = scheduler::implementation;

/// Appends past every rule but those of the log actor.
std::string append(engine& node, event e) {
  auto commits = std::make_shared<std::vector<stores::commit>>(1);
  commits->front().events.push_back(std::move(e));
  std::string out = "the log does not answer";
  const auto log = node.peers().log;
  caf::scoped_actor self{caf::actor_cast<caf::abstract_actor*>(log)->home_system()};
  self->request(log, caf::infinite, actors::append_request{actors::lane::command, commits})
      .receive(
          [&](const actors::append_reply& reply) {
            out = reply.failure ? reply.failure->message : "ok";
          },
          [](const caf::error&) {});
  return out;
}

std::string raise(engine& node, std::uint32_t level) {
  const auto raised = node.raise_level(level, {.who = "test"});
  return raised ? "ok" : raised.error().message;
}

/// Position and state hash.
std::string state(engine& node) {
  const auto gathered = node.gather(false);
  if (!gathered)
    return gathered.error().message;
  return std::to_string((*gathered)->at) + " " + projections::to_hex((*gathered)->hash);
}

std::string reply_to(engine& node, const std::string& line) {
  std::istringstream in{line};
  std::string what;
  std::uint32_t level = 0;
  in >> what >> level;
  if (what == "level")
    return std::to_string(node.node().level) + " of " + std::to_string(events::format_level());
  if (what == "raise")
    return raise(node, level);
  if (what == "force") // as if an older node had come at that very moment
    return append(node, level_raised{node.node().node, level});
  if (what == "write-quiet")
    return append(node, test::newer_event(test::quiet_type));
  if (what == "write-newer")
    return append(node, test::newer_event(test::newer_type));
  return what == "state" ? state(node) : "not understood: " + line;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return 2;
  scheduler_options options;
  options.log = argv[1];
  options.node = argv[2];
  options.default_zone = "UTC";
  options.session_ttl = std::chrono::seconds{2};
  options.supervisor = CARILLON_SUPERVISOR;
  if (argc > 3)
    options.data_directory = argv[3];
  auto node = engine::open(std::move(options), nullptr);
  if (!node) {
    std::cout << node.error().message << std::endl;
    return 1;
  }
  const auto started = (*node)->start();
  std::cout << (started ? "started" : started.error().message) << std::endl;
  for (std::string line; std::getline(std::cin, line);)
    std::cout << reply_to(**node, line) << std::endl;
  (*node)->stop(std::chrono::seconds{0});
}
