// Triggers that the program brings along.

#include "carillon/custom_trigger.hpp"
#include "triggers/civil_time.hpp"
#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

using namespace std::chrono_literals;
using test::at;

/// Fires every `config` seconds.
custom_trigger ticking(std::string type, std::uint32_t version = 1) {
  custom_trigger out{std::move(type), version};
  out.resolve = [](std::string_view config) -> expected<std::string> {
    if (config.empty() || config.find_first_not_of("0123456789") != std::string_view::npos)
      return refuse(errc::invalid_argument, "config must be a number of seconds");
    return std::string{config};
  };
  out.next = [](std::string_view config, time_point from) -> std::optional<time_point> {
    const auto step = duration{std::stoll(std::string{config}) * 1'000'000};
    return time_point{
        duration{ceil_div(from.time_since_epoch().count(), step.count()) * step.count()}};
  };
  return out;
}

TEST_CASE("custom: a registered type fires by its own rule, alone and combined") {
  REQUIRE(register_trigger(ticking("test.ticking")));
  const trigger_spec spec{custom_rule{"test.ticking", 1, "3600"}};
  const auto found = seek(test::built(spec), {}, at("2026-01-01T00:30:00Z"));
  REQUIRE(found);
  CHECK(found->at == at("2026-01-01T01:00:00Z"));
  CHECK(next(test::built(spec), found->cursor)->at == at("2026-01-01T02:00:00Z"));
  const trigger_spec both{
      all_of{{spec, {interval{25min}, "UTC", test::instant("2026-01-01T00:10:00Z")}}}};
  CHECK(seek(test::built(both), {}, at("2026-01-01T00:00:00Z"))->at == at("2026-01-01T01:00:00Z"));
  CHECK(test::refused({custom_rule{"test.ticking", 1, "x"}}).field == "trigger.spec.config");
}

TEST_CASE("custom: an unknown type or version is unsupported, and says what is known") {
  REQUIRE(register_trigger(ticking("test.versions", 2)));
  for (const auto& rule :
       {custom_rule{"test.versions", 1, "60"}, custom_rule{"test.none", 1, ""}}) {
    const auto error = test::refused({rule});
    CHECK(error.code == errc::unsupported);
    CHECK(error.message.find("test.versions 2") != std::string::npos);
    CHECK(compile({rule}).error().code == errc::unsupported);
  }
}

TEST_CASE("custom: types are registered once, with a name and a rule") {
  REQUIRE(register_trigger(ticking("test.twice")));
  CHECK(register_trigger(ticking("test.twice")).error().code == errc::conflict);
  CHECK(register_trigger(ticking("test.twice", 2)));
  CHECK(register_trigger(ticking("no blanks")).error().code == errc::invalid_argument);
  CHECK(register_trigger(custom_trigger{"test.empty"}).error().field == "next");
}

TEST_CASE("custom: a rule that goes back is an error, not a fire time") {
  custom_trigger back{"test.back"};
  back.next = [](std::string_view, time_point from) { return std::optional{from - 1s}; };
  REQUIRE(register_trigger(back));
  CHECK(next(test::built({custom_rule{"test.back"}}), {}).error().code == errc::internal);
}

} // namespace
} // namespace carillon::triggers
