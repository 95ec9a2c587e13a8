#include "cluster/levels.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <vector>

namespace carillon::cluster {
namespace {

live_session node_of(const char* name, std::uint32_t level) {
  live_session out{.node = node_id{name}};
  out.says.level = level;
  return out;
}

TEST_CASE("levels: a log is raised when all who share it know the level, and never lowered") {
  struct row {
    level_raise raise;
    std::vector<live_session> live;
    std::optional<errc> refused;
    const char* says;
  };
  const std::vector<live_session> alike{node_of("a", 3), node_of("b", 4)};
  const std::vector<live_session> mixed{node_of("a", 3), node_of("b", 1), node_of("c", 2)};
  const std::array rows{
      row{{1, 2, 3}, alike, {}, ""},
      row{{1, 3, 3}, alike, {}, ""},
      row{{1, 2, 2}, {}, {}, ""}, // a log with one writer
      row{{2, 2, 3}, alike, {}, ""},
      row{{1, 4, 4},
          alike,
          errc::conflict,
          "level 4 is not known to a (level 3): upgrade or stop "
          "first"},
      row{{1, 3, 3},
          mixed,
          errc::conflict,
          "level 3 is not known to b (level 1), c (level 2): upgrade or stop first"},
      row{{1, 4, 3},
          alike,
          errc::unsupported,
          "level 4 is not known to this build, which knows up to 3"},
      row{{3, 2, 3}, alike, errc::conflict, "the log is at level 3, and is never lowered"},
      row{{1, 0, 3}, alike, errc::invalid_argument, "must be at least 1"},
  };
  for (const auto& [raise, live, refused, says] : rows) {
    CAPTURE(raise.from, raise.to, raise.known);
    const auto answer = check_raise(raise, live);
    CHECK(answer.has_value() == !refused.has_value());
    if (!answer && refused) {
      CHECK(answer.error().code == *refused);
      CHECK(answer.error().message == says);
      CHECK(answer.error().field == "level");
    }
  }
}

} // namespace
} // namespace carillon::cluster
