#include "stores/conflicts.hpp"
#include "tests/stores/log_support.hpp"

#include <array>
#include <unordered_map>

using namespace carillon;
using namespace carillon::stores;
using namespace carillon::stores::testing;

TEST_CASE("conflicts: a guard conflicts only when it was touched after what is known") {
  recent_touches touches;
  touches.touch(7, 10);
  std::array<key, 2> guards{3, 7};
  CHECK(touches.find(guards, 9) == std::pair<key, position>{7, 10});
  CHECK(touches.find(guards, 10).first == 0);
  touches.touch(7, 12);
  CHECK(touches.find(guards, 10) == std::pair<key, position>{7, 12});
}

TEST_CASE("conflicts: no touch that a writer does not know of is ever overlooked") {
  recent_touches touches{0, 64};
  std::unordered_map<key, position> truth;
  for (position at = 1; at <= 5000; ++at) {
    key k = at * 7919 % 1009;
    touches.touch(k, at);
    truth[k] = at;
    for (key asked : {k, key{at % 1009}}) {
      std::array<key, 1> guard{asked};
      auto known = at - at % 131;
      bool touched = truth.contains(asked) && truth[asked] > known;
      if (touched)
        CHECK(touches.find(guard, known).second > known);
      // With everything known there is nothing to conflict with.
      CHECK(touches.find(guard, at) == std::pair<key, position>{0, 0});
    }
  }
}

TEST_CASE("conflicts: who knows less than is remembered conflicts, whatever the guard") {
  recent_touches touches{100};
  std::array<key, 1> guard{5};
  CHECK(touches.find(guard, 99) == std::pair<key, position>{5, 100});
  CHECK(touches.find(guard, 100).first == 0);
  CHECK(touches.find({}, 0).first == 0);
}

TEST_CASE("conflicts: memory is bounded, and the newest commits are always known") {
  recent_commits commits{100};
  for (std::uint64_t n = 1; n <= 10'000; ++n) {
    commits.put(numbered<commit_id>(n), n);
    for (std::uint64_t back = 0; back < 100 && back < n; back += 9)
      REQUIRE(commits.find(numbered<commit_id>(n - back)) == n - back);
  }
  CHECK(commits.find(numbered<commit_id>(1)) == 0);
}

TEST_CASE("conflicts: a forgotten commit is unknown until it is put again") {
  recent_commits commits;
  commits.put(numbered<commit_id>(1), 1);
  commits.forget(numbered<commit_id>(1));
  CHECK(commits.find(numbered<commit_id>(1)) == 0);
  commits.put(numbered<commit_id>(1), 2);
  CHECK(commits.find(numbered<commit_id>(1)) == 2);
}
