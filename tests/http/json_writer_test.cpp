#include "http/json_writer.hpp"
#include "http/suggestion.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::http;

TEST_CASE("json_writer: control characters and quotes are escaped") {
  CHECK(json_text("a\"b\\c\n\t\x01\x7f") == R"("a\"b\\c\n\t\u0001\u007f")");
}

TEST_CASE("json_writer: bytes that are not UTF-8 become the replacement character") {
  CHECK(json_text("gr\xC3\xBC\xC3\x9F") == "\"gr\xC3\xBC\xC3\x9F\"");
  CHECK(json_text("a\xFF"
                  "b") == "\"a\xEF\xBF\xBD"
                          "b\"");
  CHECK(json_text("\xC0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                 // over-long
  CHECK(json_text("\xED\xA0\x80").find("\xED") == std::string::npos);             // surrogate
  CHECK(json_text("\xF0\x9F\x95\x94") == "\"\xF0\x9F\x95\x94\"");                 // four bytes
  CHECK(json_text("\xF0\x9F\x95") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""); // cut short
}

TEST_CASE("json_writer: durations are numbers of seconds") {
  CHECK(json_seconds(std::chrono::seconds{60}) == "60");
  CHECK(json_seconds(std::chrono::milliseconds{250}) == "0.25");
  CHECK(json_seconds(duration{1}) == "0.000001");
  CHECK(json_seconds(duration{-1'500'000}) == "-1.5");
}

TEST_CASE("json_writer: an object keeps the order of its fields") {
  CHECK(json_object{}.done() == "{}");
  CHECK(json_array{}.done() == "[]");
  CHECK(json_object{}.number("b", 1).null("a").boolean("c", true).done() ==
        R"({"b":1,"a":null,"c":true})");
}

TEST_CASE("suggestion: a misspelt name is answered with its neighbour") {
  constexpr std::string_view known[] = {"timeout", "trigger", "metadata"};
  CHECK(closest("timout", known) == "timeout");
  CHECK(closest("meta_data", known) == "metadata");
  CHECK(closest("zzzzzz", known).empty());
  CHECK(did_you_mean("tigger", known) == ", did you mean 'trigger'?");
  CHECK(did_you_mean("zzzzzz", known) == ", known are timeout, trigger, metadata");
  CHECK(closest(std::string(100'000, 'a'), known).empty());
}
