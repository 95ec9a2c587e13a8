#include "carillon/ids.hpp"

#include <catch2/catch.hpp>

using namespace carillon;

TEST_CASE("ids: a UUID survives text and back") {
  const std::string text = "0192f3c4-1111-7abc-8def-0123456789ab";
  CHECK(to_string(*parse_id<job_id>(text)) == text);
  CHECK_FALSE(parse_id<job_id>("0192f3c4-1111-7abc-8def-0123456789a"));
  CHECK_FALSE(parse_id<job_id>("0192f3c4+1111-7abc-8def-0123456789ab"));
  CHECK_FALSE(parse_id<job_id>("0192f3c4-1111-7abc-8def-0123456789xg"));
}

TEST_CASE("ids: names are bounded and of a safe alphabet") {
  CHECK(check_name("team/nightly-report_2.v:1", "id"));
  CHECK(check_name("", "id").error().field == "id");
  CHECK_FALSE(check_name("with blank", "id"));
  CHECK_FALSE(check_name("tab\t", "id"));
  CHECK_FALSE(check_name(std::string(201, 'x'), "id"));
  CHECK(check_name(std::string(200, 'x'), "id"));
}
