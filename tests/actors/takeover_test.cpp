#include "actors/takeover.hpp"

#include "support/builders.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::actors;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

const node_id here{"a"};
const node_id gone{"b"};

/// Node a, which knows of node b's session what the test says, and holds two tasks.
struct takeover_case {
  takeover_case() {
    node.node = here;
    node.sharing = std::make_shared<log_sharing>(here);
    task_settings quick;
    quick.executor = executor_threads;
    task_settings command;
    command.executor = executor_process;
    projections::task_table tasks;
    tasks.apply(task_added{task_id{"quick"}, quick}, {1, day_one});
    tasks.apply(task_added{task_id{"command"}, command}, {2, day_one});
    node.tasks.reset(std::move(tasks));
  }

  /// A job of `task` that `holder` claimed at position `fence`.
  void running(unsigned number, const char* task, const node_id& holder, position fence) {
    jobs.apply(job_added{.id = job_number(number), .task = task_id{task}}, {fence - 1, day_one});
    jobs.apply(job_acquired{job_number(number), holder}, {fence, day_one});
  }

  /// The sessions as of `now` on the store's clock; b's ends at `b_expires`.
  void sessions(time_point now, std::optional<time_point> b_expires) {
    membership members;
    members.store_time = now;
    members.known = 50;
    members.live = {{.node = here, .token = 1}};
    members.ends = {{here, 1, now + 10s}};
    if (b_expires)
      members.ends.push_back({gone, 2, *b_expires});
    node.sharing->set_members(std::make_shared<const membership>(std::move(members)));
  }

  takeover look() { return find_losses(node, jobs, 100, absent); }

  node_context node;
  projections::job_table jobs;
  cluster::absent_nodes absent;
};

/// The jobs that are given up, by number.
std::vector<int> given_up(const takeover& found) {
  std::vector<int> out;
  for (const auto& commit : found.commits)
    out.push_back(std::get<lease_lost>(commit.events.front()).id.bytes[15]);
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace

TEST_CASE("takeover: nothing of a node that lives, or that ended just now") {
  takeover_case c;
  c.running(1, "quick", gone, 11);
  c.sessions(day_one, day_one + 5s);
  CHECK(c.look().commits.empty());
  CHECK_FALSE(c.look().next);
  c.sessions(day_one, day_one - 1s);
  CHECK(c.look().commits.empty());
  CHECK(c.look().next); // soon
}

TEST_CASE("takeover: runs are given up after two seconds and their task's disconnect_grace") {
  takeover_case c;
  c.running(1, "quick", gone, 11);
  c.running(2, "command", gone, 13);
  c.running(3, "quick", here, 15);
  c.node.session_start = 10;
  c.sessions(day_one, day_one - 10s);
  CHECK(given_up(c.look()) == std::vector<int>{1}); // the command may go on for 60 s more
  c.sessions(day_one, day_one - 70s);
  const auto found = c.look();
  CHECK(given_up(found) == std::vector<int>{1, 2});
  for (const auto& commit : found.commits) {
    CHECK(commit.known == 100);
    CHECK(commit.guards == std::vector{stores::stream_key_of(commit.events.front())});
  }
}

TEST_CASE("takeover: a claim that came after the look may be of a newer session") {
  takeover_case c;
  c.running(1, "quick", gone, 51);
  c.sessions(day_one, day_one - 10s);
  CHECK(c.look().commits.empty());
}

TEST_CASE("takeover: a node without a session is lost some time after that is noticed") {
  takeover_case c;
  c.running(1, "quick", gone, 11);
  c.sessions(day_one, {});
  CHECK(c.look().commits.empty());
  c.sessions(day_one + 10s, {});
  CHECK(given_up(c.look()) == std::vector<int>{1});
}

TEST_CASE("takeover: what this name left running in an unseen life ends as another node's would") {
  takeover_case c;
  c.running(1, "quick", here, 11);
  c.running(2, "quick", here, 21);
  c.node.sharing->past = {day_one - 10s, 15};
  c.sessions(day_one, {});
  CHECK(given_up(c.look()) == std::vector<int>{1}); // the second claim is of this life
}

TEST_CASE("takeover: the loss of a session is told under one id by all, after its grace") {
  takeover_case c;
  c.sessions(day_one, day_one - 1s);
  CHECK(find_lost_sessions(c.node).empty());
  c.sessions(day_one, day_one - 10s);
  const auto told = find_lost_sessions(c.node);
  REQUIRE(told.size() == 1);
  CHECK(told.front().events == std::vector<event>{session_lost{gone, 2}});
  CHECK(told.front().id == find_lost_sessions(c.node).front().id);
  CHECK_FALSE(told.front().id.empty());
}

TEST_CASE("takeover: a grace that was lowered after the claim does not shorten the wait") {
  takeover_case c;
  task_settings shorter;
  shorter.executor = executor_process;
  shorter.disconnect_grace = 0s;
  c.running(1, "command", gone, 11); // under 60 s
  c.node.tasks.apply(task_updated{task_id{"command"}, shorter}, {12, day_one});
  c.running(2, "command", gone, 14);
  c.sessions(day_one, day_one - 10s);
  CHECK(given_up(c.look()) == std::vector<int>{2});
  c.sessions(day_one, day_one - 70s);
  CHECK(given_up(c.look()) == std::vector<int>{1, 2});
}
