#include "tools/invariants.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::tools;

namespace {

const job_id id{{1}};

expected<void> check(invariants& rules, position first, std::vector<event> events) {
  stores::block block;
  block.first = first;
  block.count = static_cast<std::uint32_t>(events.size());
  block.commits.push_back({.first = first, .events = std::move(events)});
  return rules.check(block);
}

job_finished finished(position fence) {
  job_finished out{.id = id, .task = task_id{"t"}};
  out.fence = fence;
  return out;
}

} // namespace

TEST_CASE("invariants: an ordinary life of a job is fine") {
  invariants rules;
  CHECK(check(rules, 1,
              {job_added{.id = id, .task = task_id{"t"}}, job_acquired{id, node_id{"n"}},
               lease_lost{id, 2}, job_acquired{id, node_id{"n"}}, job_released{id, 4},
               job_acquired{id, node_id{"n"}}, finished(6)}));
}

TEST_CASE("invariants: what must not happen is named by its position") {
  const event added = job_added{.id = id, .task = task_id{"t"}};
  const event claimed = job_acquired{id, node_id{"n"}};
  const std::vector<std::vector<event>> broken = {
      {added, added},                                   // added twice
      {added, claimed, claimed},                        // claimed while claimed
      {claimed},                                        // claimed before it was added
      {added, claimed, finished(1)},                    // under a fence that is not its own
      {added, claimed, finished(2), finished(2)},       // ended twice
      {added, claimed, lease_lost{id, 2}, finished(2)}, // a late result
  };
  for (const auto& events : broken) {
    invariants rules;
    const auto found = check(rules, 1, events);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == errc::corrupt);
    CHECK(found.error().message.find("position " + std::to_string(events.size())) !=
          std::string::npos);
  }
}

TEST_CASE("invariants: a log whose beginning was retired is taken as it is") {
  invariants rules;
  rules.begin_in_the_middle();
  CHECK(check(rules, 100, {finished(50)}));
  CHECK(check(rules, 101, {job_added{.id = id, .task = task_id{"t"}}}));
}
