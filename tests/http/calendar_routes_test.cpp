#include "http/engine_fixture.hpp"

using namespace carillon;
using namespace carillon::http;

namespace {

value days(std::initializer_list<const char*> texts) {
  return value{value::array(texts.begin(), texts.end())};
}

const std::string nightly =
    R"({"id":"nightly","task_settings":{"argv":["/bin/true"]},"trigger":{"kind":"except","spec":{
        "trigger":{"kind":"cron","spec":{"hour":3},"timezone":"UTC",
                   "start_time":"2099-12-23T00:00:00Z"},
        "exclude":[{"calendar":"de"}]},"timezone":"UTC"}})";

} // namespace

TEST_CASE("routes: a calendar is made, shown, listed and removed") {
  engine_fixture fixture;
  const auto made =
      fixture.ask("PUT", "/v1/calendars/de", R"({"days":["2026-12-26","2026-12-24/2026-12-25"]})");
  CHECK(made.status == 201);
  CHECK_FALSE(header(made, "Carillon-Position").empty());
  CHECK(field(*parse_json(made.body), "result") == value{"created"});
  const auto shown = fixture.answer("GET", "/v1/calendars/de");
  CHECK(field(shown, "days") == days({"2026-12-24/2026-12-26"}));
  CHECK(field(shown, "day_count") == value{3});
  CHECK(field(shown, "schedules") == value{value::array{}});
  const auto listed = fixture.answer("GET", "/v1/calendars?limit=1");
  const auto items = field(listed, "items");
  REQUIRE(items.get_if<value::array>()->size() == 1);
  CHECK(field(items.get_if<value::array>()->front(), "days").is_null());
  CHECK(fixture.ask("DELETE", "/v1/calendars/de").status == 200);
  CHECK(fixture.ask("GET", "/v1/calendars/de").status == 404);
  CHECK(fixture.ask("DELETE", "/v1/calendars/de").status == 404);
}

TEST_CASE("routes: a calendar comes from an iCalendar text") {
  engine_fixture fixture;
  const std::string ics = "BEGIN:VCALENDAR\\r\\nBEGIN:VEVENT\\r\\nDTSTART;VALUE=DATE:20261224\\r\\n"
                          "END:VEVENT\\r\\nEND:VCALENDAR\\r\\n";
  fixture.answer("PUT", "/v1/calendars/de", R"({"ics":")" + ics + R"("})");
  CHECK(field(fixture.answer("GET", "/v1/calendars/de"), "days") == days({"2026-12-24"}));
}

TEST_CASE("routes: what is no calendar is refused with its field, and nothing is written") {
  engine_fixture fixture;
  for (const auto& [body, at] : std::vector<std::pair<std::string, std::string>>{
           {R"({})", "days"},
           {R"({"days":["2026-12-24"],"ics":"x"})", "days"},
           {R"({"days":[]})", "days"},
           {R"({"days":["2026-12-24","2026-02-30"]})", "days[1]"},
           {R"({"days":["2026-12-24/2026-12-01"]})", "days[0]"},
           {R"({"days":"2026-12-24"})", "days"},
           {R"({"ics":"BEGIN:VEVENT"})", "ics"},
           {R"({"ics":"BEGIN:VCALENDAR\nEND:VCALENDAR"})", "ics"},
           {R"({"day":["2026-12-24"],"days":["2026-12-24"]})", "day"}}) {
    INFO(body);
    const auto out = fixture.ask("PUT", "/v1/calendars/de", body);
    CHECK(out.status == 400);
    const auto errors = field(*parse_json(out.body), "errors");
    const auto* list = errors.get_if<value::array>();
    REQUIRE(list != nullptr);
    CHECK(field(list->front(), "field") == value{at});
  }
  CHECK(fixture.engine.status().at == 0);
}

TEST_CASE("routes: schedules name a calendar, follow it, and keep it") {
  engine_fixture fixture;
  const auto unknown = fixture.ask("POST", "/v1/schedules", nightly);
  CHECK(unknown.status == 400);
  CHECK(unknown.body.find("calendar 'de' does not exist; there is none") != std::string::npos);
  fixture.answer("PUT", "/v1/calendars/de", R"({"days":["2099-12-23"]})");
  CHECK(field(fixture.answer("POST", "/v1/schedules", nightly), "next_fire_time") ==
        value{"2099-12-24T03:00:00Z"});
  fixture.answer("PUT", "/v1/calendars/de", R"({"days":["2099-12-23/2099-12-26"]})");
  const auto shown = fixture.answer("GET", "/v1/schedules/nightly");
  CHECK(field(shown, "next_fire_time") == value{"2099-12-27T03:00:00Z"});
  const auto exclude = field(field(field(shown, "trigger"), "spec"), "exclude");
  CHECK(exclude == value{value::array{value{value::object{{"calendar", "de"}}}}});
  const auto refused = fixture.ask("DELETE", "/v1/calendars/de");
  CHECK(refused.status == 409);
  CHECK(refused.body.find("'nightly'") != std::string::npos);
}

TEST_CASE("routes: a preview of a trigger reads the calendars that it names") {
  engine_fixture fixture;
  fixture.answer("PUT", "/v1/calendars/de", R"({"days":["2099-12-24/2099-12-26"]})");
  const std::string trigger =
      R"({"from":"2099-12-23T00:00:00Z","count":2,"trigger":{"kind":"except","spec":{
          "trigger":{"kind":"cron","spec":{"hour":3},"timezone":"UTC"},"exclude":[{"calendar":")";
  const std::string rest = R"("}]},"timezone":"UTC"}})";
  CHECK(field(fixture.answer("POST", "/v1/triggers/preview", trigger + "de" + rest), "fires") ==
        days({"2099-12-23T03:00:00Z", "2099-12-27T03:00:00Z"}));
  CHECK(fixture.ask("POST", "/v1/triggers/preview", trigger + "us" + rest).status == 400);
}
