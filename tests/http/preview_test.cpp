#include "http/engine_fixture.hpp"

namespace carillon::http {
namespace {

const std::string target = "/v1/triggers/preview";

value texts(std::initializer_list<const char*> all) {
  value::array out;
  for (const auto* each : all)
    out.emplace_back(each);
  return out;
}

} // namespace

TEST_CASE("preview: words, fire times, the one before and the warnings; nothing is written") {
  engine_fixture fixture;
  const auto before = fixture.engine.status().at;
  const auto out = fixture.answer("POST", target,
                                  R"({"trigger":{"kind":"cron","spec":{"crontab":"30 2 * * *"},)"
                                  R"("timezone":"Europe/Berlin"},)"
                                  R"("from":"2026-03-27T12:00:00Z","count":2})");
  CHECK(field(out, "description") ==
        value{"at 02:30 every day, Europe/Berlin; skipped on Sunday 29 March 2026, when 02:30 does "
              "not exist; twice on Sunday 25 October 2026, when 02:30 occurs twice"});
  CHECK(field(out, "fires") == texts({"2026-03-28T02:30:00+01:00", "2026-03-30T02:30:00+02:00"}));
  CHECK(field(out, "previous") == value{"2026-03-27T02:30:00+01:00"});
  CHECK(field(out, "exhausted") == value{false});
  CHECK(field(field(out, "canonical"), "timezone") == value{"Europe/Berlin"});
  CHECK(field(field(out, "canonical"), "start_time").is_null());
  const auto warnings = field(out, "warnings");
  const auto* list = warnings.get_if<value::array>();
  REQUIRE(list);
  REQUIRE(list->size() == 2);
  CHECK(field(list->front(), "code") == value{"dst_gap"});
  CHECK(field(list->front(), "field") == value{"trigger.gap"});
  CHECK(fixture.engine.status().at == before);
}

TEST_CASE("preview: an end is said, and the node's zone is the default") {
  engine_fixture fixture;
  const auto once = fixture.answer("POST", target,
                                   R"({"trigger":{"kind":"date","spec":{"run_time":)"
                                   R"("2026-03-29T01:00:00Z"}},"from":"2026-01-01T00:00:00Z"})");
  CHECK(field(once, "fires") == texts({"2026-03-29T01:00:00Z"}));
  CHECK(field(once, "exhausted") == value{true});
  CHECK(field(once, "previous").is_null());
  const auto daily =
      fixture.answer("POST", target, R"({"trigger":{"kind":"cron","spec":{"hour":3}},"count":0})");
  CHECK(field(daily, "fires") == texts({}));
  CHECK(field(field(daily, "canonical"), "timezone") ==
        value{fixture.engine.options().default_zone});
}

} // namespace carillon::http
