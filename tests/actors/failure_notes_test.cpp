#include "actors/failure_notes.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::actors;
using namespace std::chrono_literals;

TEST_CASE("failure_notes: a failure is told when it is new, and then once a minute") {
  failure_notes notes;
  CHECK_FALSE(notes.works()); // it always did
  int lines = 0;
  for (auto at = duration{10s}; at < 10s + 3min; at += 200ms)
    lines += notes.failed(errc::corrupt, at);
  CHECK(lines == 3);
  CHECK(notes.works());
  CHECK_FALSE(notes.works());
}

TEST_CASE("failure_notes: a failure of another kind is told at once, and so is the next one") {
  failure_notes notes;
  CHECK(notes.failed(errc::unavailable, 1s));
  CHECK_FALSE(notes.failed(errc::unavailable, 2s));
  CHECK(notes.failed(errc::corrupt, 3s));
  CHECK(notes.failed(errc::unavailable, 4s));
  CHECK(notes.works());
  CHECK(notes.failed(errc::unavailable, 5s));
}
