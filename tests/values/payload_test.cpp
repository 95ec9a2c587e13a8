#include "carillon/payload.hpp"

#include <catch2/catch.hpp>

using namespace carillon;

TEST_CASE("payload: arguments come back as they were") {
  arguments given;
  given.args = {value{1}, value{"two"}, value{value::array{value{nullptr}}}};
  given.kwargs = {{"deep", value{value::object{{"x", value{2.5}}}}}};
  const auto kept = to_payload(given);
  CHECK(kept.text == R"({"args":[1,"two",[null]],"kwargs":{"deep":{"x":2.5}}})");
  const auto back = to_arguments(kept.text);
  REQUIRE(back);
  CHECK(*back == given);
}

TEST_CASE("payload: no arguments take no bytes") {
  CHECK(to_payload({}).empty());
  REQUIRE(to_arguments(""));
  CHECK(*to_arguments("") == arguments{});
  CHECK(to_payload(arguments{.kwargs = {{"a", value{true}}}}).text == R"({"kwargs":{"a":true}})");
}

TEST_CASE("payload: the deepest value that parses can be an argument") {
  const auto deep = parse_json(std::string(63, '[') + std::string(63, ']'));
  REQUIRE(deep);
  const arguments given{.args = {*deep}};
  const auto back = to_arguments(to_payload(given).text);
  REQUIRE(back);
  CHECK(*back == given);
}

TEST_CASE("payload: arguments of another shape are refused") {
  CHECK(to_arguments("[1]").error().code == errc::invalid_argument);
  CHECK(to_arguments("{").error().code == errc::invalid_argument);
  CHECK(to_arguments(R"({"args":{}})").error().field == "args");
  CHECK(to_arguments(R"({"kwargs":[]})").error().field == "kwargs");
  CHECK(to_arguments(R"({"arg":[]})").error().field == "arg");
}

TEST_CASE("metadata: merging keeps both sides and the later one wins") {
  const metadata under{{"a", "1"}, {"b", "2"}};
  const metadata over{{"b", "3"}, {"c", "4"}};
  CHECK(merge(under, over) == metadata{{"a", "1"}, {"b", "3"}, {"c", "4"}});
}
