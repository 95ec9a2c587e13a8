// Every cron has a structured form beside its text, which means the same.

#include "events/trigger_json.hpp"
#include "triggers/random_trigger.hpp"
#include "triggers/trigger_support.hpp"

#include <nlohmann/json.hpp>
#include <rapidcheck.h>

namespace carillon::triggers {
namespace {

using nlohmann::json;

trigger_spec resolved(const trigger_spec& spec) {
  auto out = resolve(spec, test::utc_context);
  INFO((out ? std::string{} : out.error().message));
  REQUIRE(out);
  return *out;
}

/// The structured spec of a resolved trigger, once it is known to mean the same.
json structure_of(const trigger_spec& spec) {
  const auto wanted = resolved(spec);
  const auto text = events::trigger_to_structured_json(wanted);
  const auto read = events::trigger_from_json(text);
  INFO(text << (read ? "" : ": " + read.error().message));
  REQUIRE(read);
  REQUIRE(resolved(*read) == wanted);
  return json::parse(text).at("spec");
}

json field_of(const char* name, const cron& kind) { return structure_of({kind, "UTC"}).at(name); }

cron field(std::optional<std::string> cron::*member, const char* text) {
  cron out;
  out.*member = text;
  return out;
}

cron quartz(const std::string& text) { return *cron_from_quartz(text); }

TEST_CASE("structured: each form of a field has a structure") {
  struct row {
    const char* text;
    const char* structure;
  };
  for (const auto& [text, structure] : {
           row{"*", "{}"},
           {"*/15", R"({"step":15})"},
           {"7", "7"},
           {"5-10", R"({"start":5,"end":10})"},
           {"5-50/9", R"({"start":5,"end":50,"step":9})"},
           {"5/20", R"({"start":5,"step":20})"},
           {"1,5-7,*/20", R"([1,{"start":5,"end":7},{"step":20}])"},
       }) {
    CAPTURE(text);
    CHECK(field_of("minute", field(&cron::minute, text)) == json::parse(structure));
  }
  for (const auto& [text, structure] : {
           row{"last", R"({"day":"last"})"},
           {"last fri", R"({"weekday":"fri","nth":"last"})"},
           {"2nd mon, 15", R"([{"weekday":"mon","nth":2},15])"},
       }) {
    CAPTURE(text);
    CHECK(field_of("day", field(&cron::day, text)) == json::parse(structure));
  }
  CHECK(field_of("month", field(&cron::month, "jan,mar-dec/3")) ==
        json::parse(R"(["jan",{"start":"mar","end":"dec","step":3}])"));
  CHECK(field_of("day_of_week", field(&cron::day_of_week, "1-5")) ==
        json::parse(R"({"start":"mon","end":"fri"})"));
}

TEST_CASE("structured: positions of Quartz, and its open day is left out") {
  struct row {
    const char* day;
    const char* structure;
  };
  for (const auto& [day, structure] : {
           row{"L", R"({"day":"last"})"},
           {"L-3", R"({"day":"last","before":3})"},
           {"LW", R"({"day":"last","nearest_weekday":true})"},
           {"L-3W", R"({"day":"last","before":3,"nearest_weekday":true})"},
           {"15W", R"({"day":15,"nearest_weekday":true})"},
       }) {
    CAPTURE(day);
    const auto out = structure_of({quartz("0 0 9 " + std::string{day} + " * ?"), "UTC"});
    CHECK(out.at("day") == json::parse(structure));
    CHECK(out.at("dialect") == "quartz");
    CHECK_FALSE(out.contains("day_of_week"));
  }
  for (const auto& [weekday, structure] : {
           row{"6L", R"({"weekday":6,"nth":"last"})"},
           {"fril", R"({"weekday":"FRI","nth":"last"})"},
           {"MON#2", R"({"weekday":"MON","nth":2})"},
           {"L", R"({"day":"last"})"},
           {"SAT-MON", R"({"start":"SAT","end":"MON"})"},
       }) {
    CAPTURE(weekday);
    const auto out = structure_of({quartz("0 0 9 ? JUL " + std::string{weekday}), "UTC"});
    CHECK(out.at("day_of_week") == json::parse(structure));
    CHECK(out.at("month") == "JUL");
    CHECK_FALSE(out.contains("day"));
  }
}

TEST_CASE("structured: crons inside of other triggers are structures, too") {
  const trigger_spec night{test::crontab("0 3 * * *", cron_dialect::vixie)};
  const auto any = structure_of({any_of{{night, {interval{std::chrono::hours{1}}}}}});
  CHECK(any["triggers"][0]["spec"]["dialect"] == "vixie");
  CHECK(any["triggers"][0]["spec"]["hour"] == 3);
  const auto rest =
      structure_of({filtered{{night}, {{"", {}, test::crontab("* * * * sat,sun")}}, {}}});
  CHECK(rest["exclude"][0]["cron"]["day_of_week"] == json::parse(R"(["sat","sun"])"));
}

TEST_CASE("structured: what it says is what the text says, for random triggers") {
  REQUIRE(rc::check("the structured form resolves to the same trigger", [] {
    test::trigger_source source{*rc::gen::arbitrary<std::uint64_t>()};
    const auto wanted = resolve(source.any(), test::utc_context);
    RC_PRE(bool{wanted});
    const auto read = events::trigger_from_json(events::trigger_to_structured_json(*wanted));
    RC_ASSERT(bool{read});
    RC_ASSERT(resolve(*read, test::utc_context).value() == *wanted);
  }));
}

} // namespace
} // namespace carillon::triggers
