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
