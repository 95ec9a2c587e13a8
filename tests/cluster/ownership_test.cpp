#include "cluster/ownership.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <array>

using namespace carillon;
using namespace carillon::cluster;
using namespace std::chrono_literals;

namespace {

live_session session(const std::string& node, std::uint64_t token = 1,
                     node_role role = node_role::both) {
  live_session s;
  s.node = node_id{node};
  s.token = token;
  s.says.role = role;
  s.says.tasks = {"report"};
  s.says.executors = {"threads", "process"};
  s.free_room = 4;
  return s;
}

std::vector<live_session> nodes(int count) {
  std::vector<live_session> out;
  for (int i = 0; i < count; ++i)
    out.push_back(session("node-" + std::to_string(i), static_cast<std::uint64_t>(i) + 1));
  return out;
}

std::string key(int i) { return "schedule-" + std::to_string(i); }

job_id job(std::uint8_t n) {
  job_id id;
  id.bytes[0] = n;
  id.bytes[15] = 1;
  return id;
}

} // namespace

TEST_CASE("ownership: every node gives the same answer, however it lists the sessions") {
  CHECK(rc::check([](const std::string& k) {
    auto sessions = nodes(*rc::gen::inRange(1, 8));
    const auto owner = owner_of(k, sessions);
    std::reverse(sessions.begin(), sessions.end());
    RC_ASSERT(owner_of(k, sessions) == owner);
    std::vector<std::uint32_t> ranks;
    for (const auto& s : sessions)
      ranks.push_back(rank_of(s.node, k, sessions).value_or(99));
    RC_ASSERT(rank_of(*owner, k, sessions) == 0u);
    std::sort(ranks.begin(), ranks.end());
    for (std::uint32_t i = 0; i < ranks.size(); ++i)
      RC_ASSERT(ranks[i] == i);
  }));
}

TEST_CASE("ownership: keys are spread evenly") {
  const auto sessions = nodes(3);
  std::map<std::string, int> owned;
  for (int i = 0; i < 3000; ++i)
    ++owned[owner_of(key(i), sessions)->value];
  for (const auto& [node, count] : owned) {
    INFO(node);
    CHECK(count > 900);
    CHECK(count < 1100);
  }
}

TEST_CASE("ownership: when a node goes, only its keys move") {
  const auto before = nodes(4);
  auto after = before;
  after.erase(after.begin() + 1);
  for (int i = 0; i < 1000; ++i) {
    const auto was = owner_of(key(i), before);
    const auto is = owner_of(key(i), after);
    if (was != node_id{"node-1"})
      CHECK(was == is);
    else
      CHECK(rank_of(*is, key(i), before) == 1u); // the second becomes the first
  }
}

TEST_CASE("ownership: a restarted node takes back what it had, and counts once") {
  auto sessions = nodes(3);
  auto restarted = sessions;
  restarted[2].token = 50;
  auto both = sessions;
  both.push_back(restarted[2]);
  for (int i = 0; i < 300; ++i) {
    const auto owner = owner_of(key(i), sessions);
    CHECK(owner_of(key(i), restarted) == owner);
    CHECK(owner_of(key(i), both) == owner);
    CHECK(rank_of(node_id{"node-1"}, key(i), both) == rank_of(node_id{"node-1"}, key(i), sessions));
  }
}

TEST_CASE("ownership: what a node's older session said no longer counts") {
  auto sessions = nodes(1);
  sessions.push_back(session("node-0", 50, node_role::worker));
  CHECK_FALSE(owner_of(key(1), sessions));
  std::swap(sessions[0].says, sessions[1].says);
  CHECK(owner_of(key(1), sessions) == node_id{"node-0"});
}

TEST_CASE("ownership: workers, clients and draining nodes fire nothing") {
  auto sessions = nodes(4);
  sessions[0].says.role = node_role::worker;
  sessions[1].says.role = node_role::none;
  sessions[2].draining = true;
  for (int i = 0; i < 50; ++i)
    CHECK(owner_of(key(i), sessions) == node_id{"node-3"});
  CHECK_FALSE(rank_of(node_id{"node-0"}, key(1), sessions));
  CHECK_FALSE(rank_of(node_id{"stranger"}, key(1), sessions));
  sessions[3].says.role = node_role::none;
  CHECK_FALSE(owner_of(key(1), sessions));
}

TEST_CASE("ownership: labels are names with a value or without, and all that are wanted count") {
  const std::array<std::string, 4> texts{"gpu", "zone=a", "url=x=y", "zone=b"};
  const auto labels = parse_labels(texts);
  CHECK(labels == std::map<std::string, std::string>{{"gpu", ""}, {"url", "x=y"}, {"zone", "b"}});
  CHECK(has_labels(labels, {}));
  CHECK(has_labels(labels, {{"gpu", ""}, {"zone", "b"}}));
  CHECK_FALSE(has_labels(labels, {{"gpu", ""}, {"zone", "a"}}));
  CHECK_FALSE(has_labels(labels, {{"gpu", "big"}}));
  CHECK_FALSE(has_labels(labels, {{"cpu", ""}}));
}

TEST_CASE("ownership: a job goes to nodes that have its executor, its handler and its labels") {
  const job_needs needs{task_id{"report"}, "threads", true, {{"zone", "eu"}}};
  auto s = session("a");
  CHECK(why_not_run(s, needs) == "label 'zone' is not 'eu'");
  s.says.labels["zone"] = "us";
  CHECK_FALSE(can_run(s, needs));
  s.says.labels["zone"] = "eu";
  CHECK(can_run(s, needs));
  s.says.tasks.clear();
  CHECK(why_not_run(s, needs) == "no handler for task 'report'");
  auto command = needs;
  command.handler = false;
  command.executor = "process";
  CHECK(can_run(s, command));
  command.executor = "gpu";
  CHECK(why_not_run(s, command) == "no executor 'gpu'");
  s.says.role = node_role::scheduler;
  CHECK(why_not_run(s, needs) == "its role is scheduler");
  s = session("a");
  s.draining = true;
  CHECK(why_not_run(s, job_needs{task_id{"report"}, "threads", true, {}}) == "it is draining");
}

TEST_CASE("ownership: nodes with room come first for a job, the others can still stand in") {
  auto sessions = nodes(5);
  sessions[0].free_room = 0;
  sessions[3].free_room = 0;
  sessions[4].says.executors = {"process"};
  const job_needs needs{task_id{"report"}, "threads", true, {}};
  for (std::uint8_t n = 0; n < 100; ++n) {
    const auto rank = [&](const char* node) {
      return job_ranks{node_id{node}, needs, sessions}.of(job(n));
    };
    CHECK(rank("node-1").value_or(9) + rank("node-2").value_or(9) == 1);
    CHECK(rank("node-0").value_or(9) + rank("node-3").value_or(9) == 5);
    CHECK_FALSE(rank("node-4"));
  }
}

TEST_CASE("ownership: the others step in two seconds late, one after the other") {
  const time_point due{1000s};
  CHECK(may_try_at(due, 0) == due);
  CHECK(may_try_at(due, 1) == due + 2250ms);
  CHECK(may_try_at(due, 2) == due + 2500ms);
  CHECK(may_try_at(due, 3, {.overdue = 1s, .stagger = 1ms}) == due + 1003ms);
  CHECK(may_try_at(time_point::max(), 3) == time_point::max());
}

TEST_CASE("ownership: roles have names") {
  for (const auto role :
       {node_role::none, node_role::scheduler, node_role::worker, node_role::both})
    CHECK(parse_role(to_string(role)).value_or(node_role::none) == role);
  CHECK(parse_role("boss").error().field == "role");
}
