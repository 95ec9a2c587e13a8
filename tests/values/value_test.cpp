#include "carillon/value.hpp"

#include <catch2/catch.hpp>

using carillon::parse_json;
using carillon::to_json;

TEST_CASE("value: JSON survives parsing and printing") {
  for (const auto* text : {"null", "true", "-7", "1.5", "\"a\\\"b\"", "[]", "{}",
                           R"({"a":[1,{"b":null}],"c":"é"})"})
    CHECK(to_json(*parse_json(text)) == text);
}

TEST_CASE("value: what is not JSON is refused with its byte") {
  for (const auto* text : {"", "{", "[1,]", "nul", "1 2"})
    CHECK(parse_json(text).error().message.find("byte") != std::string::npos);
  CHECK(parse_json("[1e999]").error().message.find("larger than a double") != std::string::npos);
}

TEST_CASE("value: nesting is bounded") {
  const std::string deep(1000, '[');
  CHECK_FALSE(parse_json(deep + std::string(1000, ']')));
  CHECK(parse_json("[[[]]]", 3));
  CHECK_FALSE(parse_json("[[[[]]]]", 2));
}
