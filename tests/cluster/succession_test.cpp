#include "cluster/succession.hpp"

#include <catch2/catch.hpp>

#include <array>

namespace carillon::cluster {
namespace {

using std::chrono::seconds;

constexpr time_point t0{seconds{1'000'000}};

TEST_CASE("succession: a run is given up once its node cannot be running it any more") {
  CHECK(may_give_up_at(t0, seconds{0}) == t0 + seconds{2});
  CHECK(may_give_up_at(t0, seconds{60}) == t0 + seconds{62});
  CHECK(may_give_up_at(time_point::max() - seconds{1}, seconds{60}) == time_point::max());
}

TEST_CASE("succession: only claims known before the look are given up") {
  const std::array sessions{session_end{node_id{"a"}, 1, t0},
                            session_end{node_id{"b"}, 2, t0 + seconds{9}}};
  absent_nodes absent;
  const auto may = [&](int second, const char* holder, position fence, int grace) {
    const session_look look{t0 + seconds{second}, 40, sessions};
    return may_give_up(look, {node_id{holder}, fence, seconds{grace}}, absent);
  };
  CHECK_FALSE(may(6, "a", 40, 5));
  CHECK(may(7, "a", 40, 5));
  CHECK_FALSE(may(7, "a", 41, 5)); // claimed meanwhile
  CHECK_FALSE(may(7, "b", 40, 0));
  CHECK(absent.empty());
}

TEST_CASE("succession: a node without a session counts from when that was first seen") {
  const std::array sessions{session_end{node_id{"a"}, 1, t0}};
  absent_nodes absent;
  const held_claim claim{node_id{"c"}, 40, seconds{5}};
  const auto at = [&](int second, std::span<const session_end> seen) {
    return may_give_up_at({t0 + seconds{second}, 40, seen}, claim, absent);
  };
  CHECK(at(10, sessions) == t0 + seconds{17});
  CHECK(at(12, sessions) == t0 + seconds{17});
  const std::array back{session_end{node_id{"c"}, 3, t0 + seconds{30}}};
  CHECK_FALSE(at(13, back));
  CHECK(at(14, sessions) == t0 + seconds{21});
}

TEST_CASE("succession: a session is over at its end, not before") {
  const session_end session{node_id{"a"}, 1, t0};
  CHECK_FALSE(is_over(session, t0 - duration{1}));
  CHECK(is_over(session, t0));
}

TEST_CASE("succession: the next look is at the next end, then at the end of its grace") {
  const std::array sessions{session_end{node_id{"a"}, 1, t0 + seconds{5}},
                            session_end{node_id{"b"}, 2, t0}};
  CHECK(next_look(sessions, t0 - seconds{1}) == t0);
  CHECK(next_look(sessions, t0) == t0 + seconds{2});
  CHECK(next_look(sessions, t0 + seconds{2}) == t0 + seconds{5});
  CHECK(next_look(sessions, t0 + seconds{5}) == t0 + seconds{7});
  CHECK_FALSE(next_look(sessions, t0 + seconds{7}));
}

} // namespace
} // namespace carillon::cluster
