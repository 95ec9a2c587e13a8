#include "tools/caret.hpp"

#include <catch2/catch.hpp>

namespace carillon::tools {
namespace {

error wrong(std::string field, std::string message) {
  return {errc::invalid_argument, std::move(message), std::move(field)};
}

} // namespace

TEST_CASE("caret: stands under the mistake, counted within its field") {
  CHECK(caret("0 25 * * *", wrong("trigger.spec.hour", "hour '25': '25' at column 1 is wrong")) ==
        "0 25 * * *\n  ^\n");
  CHECK(caret("0  1,x * * *", wrong("trigger.spec.hour", "hour '1,x': 'x' at column 3 is wrong")) ==
        "0  1,x * * *\n     ^\n");
  CHECK(caret("0 0 3 ? * FOO", wrong("trigger.spec.day_of_week", "'FOO' at column 1 is wrong")) ==
        "0 0 3 ? * FOO\n          ^\n");
  CHECK(caret("0\t25 * * *", wrong("trigger.spec.hour", "'25' at column 1 is wrong")) ==
        "0\t25 * * *\n \t^\n");
  CHECK(
      caret("Mon *-*-* 25:00", wrong("trigger.spec.oncalendar", "'25:00' at column 11 is wrong")) ==
      "Mon *-*-* 25:00\n          ^\n");
}

TEST_CASE("caret: the column is that of the whole text") {
  CHECK(column_in("0 25 * * *", wrong("trigger.spec.hour", "'25' at column 1 is wrong")) == 3U);
  CHECK(column_in("0 0 25 * * ?", wrong("trigger.spec.hour", "'25' at column 1 is wrong")) == 5U);
}

TEST_CASE("caret: nothing where no column is named or it lies outside") {
  CHECK(caret("0 25 * *", wrong("trigger.spec.crontab", "has 4 fields, expected 5")).empty());
  CHECK(caret("0 25 * *", wrong("trigger.spec.hour", "'25' at column 1 is wrong")).empty());
  CHECK(caret("0 25 * * *", wrong("trigger.spec.hour", "'25' at column 99 is wrong")).empty());
  CHECK(caret("0 25 * * *", wrong("trigger.spec.year", "'25' at column 1 is wrong")).empty());
  CHECK(caret("{\"kind\":1}", wrong("trigger.spec.hour", "'25' at column 1 is wrong")).empty());
}

} // namespace carillon::tools
