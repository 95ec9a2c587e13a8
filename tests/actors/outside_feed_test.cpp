// Records on their way to listeners outside: in order, only those wanted, bounded by whole blocks.

#include "actors/outside_feed.hpp"

#include <catch2/catch.hpp>

#include <vector>

namespace carillon::actors {
namespace {

/// A block from position `first` on; each inner list is a commit.
std::shared_ptr<const stores::block> block(position first,
                                           std::vector<std::vector<event>> commits) {
  auto out = std::make_shared<stores::block>();
  out->first = first;
  out->node = node_id{"n1"};
  out->time = time_point{std::chrono::seconds{first}};
  for (auto& events : commits) {
    const auto meta = std::make_shared<const commit_meta>(commit_meta{.who = "engine"});
    out->commits.push_back({{}, meta, first + out->count, std::move(events)});
    out->count += static_cast<std::uint32_t>(out->commits.back().events.size());
  }
  return out;
}

std::vector<position> taken(outside_feed& feed) {
  std::vector<position> out;
  while (const auto next = feed.pop()) {
    CHECK(next->node == node_id{"n1"});
    CHECK(next->commit->who == "engine");
    out.push_back(next->at);
  }
  return out;
}

cluster::event_publication all() { return {.enabled = true}; }

} // namespace

TEST_CASE("outside feed: records come out in order, each with its place, time and kind") {
  outside_feed feed{all(), 100};
  CHECK(feed.empty());
  CHECK_FALSE(feed.pop());
  feed.push(block(7, {{job_added{}, job_acquired{}}, {job_finished{}}}));
  feed.push(block(10, {{}, {task_added{}}}));
  const auto first = feed.pop();
  REQUIRE(first);
  CHECK(first->at == 7);
  CHECK(first->time == time_point{std::chrono::seconds{7}});
  CHECK(std::holds_alternative<job_added>(first->what));
  CHECK(taken(feed) == std::vector<position>{8, 9, 10});
  CHECK(feed.empty());
  CHECK(feed.dropped() == 0);
}

TEST_CASE("outside feed: what nobody wants is passed over") {
  outside_feed feed{{.enabled = true, .types = {"job_finished"}}, 100};
  feed.push(block(1, {{job_added{}, job_finished{}}, {job_added{}}}));
  feed.push(block(4, {{job_added{}}}));
  feed.push(block(5, {{job_finished{}}}));
  CHECK(taken(feed) == std::vector<position>{2, 5});
}

TEST_CASE("outside feed: the oldest blocks make room, and only what was not taken is lost") {
  outside_feed feed{all(), 4};
  feed.push(block(1, {{job_added{}, job_added{}, job_added{}}}));
  CHECK(feed.pop()->at == 1);
  feed.push(block(4, {{job_added{}}}));
  CHECK(feed.dropped() == 0); // four records in two blocks
  feed.push(block(5, {{job_added{}}}));
  CHECK(feed.dropped() == 2);
  CHECK(taken(feed) == std::vector<position>{4, 5});
  feed.push(block(6, {std::vector<event>(9, job_added{})})); // alone, it stays
  CHECK(feed.dropped() == 2);
  CHECK(taken(feed).size() == 9);
}

} // namespace carillon::actors
