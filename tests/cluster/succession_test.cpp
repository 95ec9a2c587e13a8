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
  const auto look = [&](time_point now) { return session_look{now, 40, sessions}; };
  const node_id a{"a"};
  CHECK_FALSE(may_give_up(look(t0 + seconds{6}), a, 40, seconds{5}));
  CHECK(may_give_up(look(t0 + seconds{7}), a, 40, seconds{5}));
  CHECK_FALSE(may_give_up(look(t0 + seconds{7}), a, 41, seconds{5})); // claimed meanwhile
  CHECK_FALSE(may_give_up(look(t0 + seconds{7}), node_id{"b"}, 40, seconds{0}));
  CHECK(may_give_up(look(t0), node_id{"c"}, 40, seconds{60})); // it closed its session
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
