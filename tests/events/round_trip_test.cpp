#include "events/any_value.hpp"
#include "events/binary_codec.hpp"
#include "events/json_codec.hpp"
#include "events/stream.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::events;

TEST_CASE("binary codec: every event comes back as it was") {
  for (std::size_t number = 1; number < type_names().size(); ++number)
    CHECK(rc::check(std::string{type_names()[number]} + " through binary", [number] {
      const auto given = any_value{false}.of_type(number);
      std::string bytes = "before";
      encode_record(given, bytes);
      bytes += "after";
      std::string_view rest = bytes;
      rest.remove_prefix(6);
      const auto back = decode_record(rest);
      RC_ASSERT(back.has_value());
      RC_ASSERT(*back == given);
      RC_ASSERT(rest == "after");
    }));
}

TEST_CASE("json codec: every event comes back as it was") {
  for (std::size_t number = 0; number < type_names().size(); ++number)
    CHECK(rc::check(std::string{type_names()[number]} + " through JSON", [number] {
      const auto given = any_value{true}.of_type(number);
      const auto text = to_json(given);
      const auto back = event_from_json(text);
      if (!back)
        RC_LOG() << text << '\n' << back.error().field << ": " << back.error().message << '\n';
      RC_ASSERT(back.has_value());
      RC_ASSERT(*back == given);
    }));
}

TEST_CASE("binary codec: structs outside of events come back as they were") {
  CHECK(rc::check("commit_meta", [] {
    const auto given = any_value{false}.operator()<commit_meta>();
    RC_ASSERT(decode<commit_meta>(encode(given)).value() == given);
  }));
  CHECK(rc::check("schedule_settings", [] {
    const auto given = any_value{false}.operator()<schedule_settings>();
    RC_ASSERT(decode<schedule_settings>(encode(given)).value() == given);
  }));
}

TEST_CASE("binary codec: a value has one form, so equal values have equal bytes") {
  CHECK(rc::check("schedule_settings", [] {
    const auto given = any_value{false}.operator()<schedule_settings>();
    const auto bytes = encode(given);
    RC_ASSERT(encode(decode<schedule_settings>(bytes).value()) == bytes);
  }));
}
