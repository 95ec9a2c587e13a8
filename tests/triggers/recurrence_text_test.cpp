// Recurrence sets as iCalendar writes them.

#include "triggers/recurrence_text.hpp"
#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

using test::instant;
using test::texts;
using test::wall;

const when now = instant("2026-01-05T10:30:00Z");

trigger_spec read(std::string_view text) {
  auto out = recurrence_from_text(text, now);
  INFO(text << (out ? "" : ": " + out.error().message));
  REQUIRE(out);
  return *out;
}

const recurrence& set_of(const trigger_spec& spec) { return std::get<recurrence>(spec.kind); }

error refused(std::string_view text) {
  auto out = recurrence_from_text(text, now);
  INFO(text);
  REQUIRE_FALSE(out);
  CHECK(out.error().field == "trigger.spec.rrule");
  return out.error();
}

TEST_CASE("recurrence text: a rule alone begins now") {
  for (const auto* text : {"FREQ=DAILY;COUNT=2", "RRULE:FREQ=DAILY;COUNT=2\r\n"}) {
    const auto spec = read(text);
    CHECK(set_of(spec).rules == texts{"FREQ=DAILY;COUNT=2"});
    CHECK(spec.timezone.empty());
    CHECK(test::fires(test::built(spec), 9) ==
          texts{"2026-01-05T10:30:00Z", "2026-01-06T10:30:00Z"});
  }
}

TEST_CASE("recurrence text: a set with its zone, folded lines, dates in and out") {
  const auto spec = read("DTSTART;TZID=\"Europe/Berlin\":20260327T023000\n"
                         "RRULE:FREQ=DAILY;\n COUNT=4\n"
                         "exrule:FREQ=WEEKLY;BYDAY=SA\n\n"
                         "RDATE;TZID=Europe/Berlin:20260401T120000,20260402T120000\n"
                         "EXDATE:20260402T100000Z\n");
  CHECK(spec.timezone == "Europe/Berlin");
  CHECK(set_of(spec).start == wall("2026-03-27T02:30:00"));
  CHECK(set_of(spec).rules == texts{"FREQ=DAILY;COUNT=4"});
  CHECK(set_of(spec).except_rules == texts{"FREQ=WEEKLY;BYDAY=SA"});
  // Saturday is left out, 02:30 of the 29th does not exist.
  CHECK(test::fires(test::built(spec), 9) == texts{"2026-03-27T02:30:00+01:00",
                                                   "2026-03-30T02:30:00+02:00",
                                                   "2026-04-01T12:00:00+02:00"});
  CHECK(read("DTSTART:20260101T000000Z\nFREQ=DAILY").timezone == "UTC");
}

TEST_CASE("recurrence text: mistakes are refused with their line") {
  CHECK(refused("").message.find("FREQ=DAILY") != std::string::npos);
  CHECK(refused("RRULE:FREQ=DAILY\nSUMMARY:x").message ==
        "line 2: 'SUMMARY' is not known; allowed are DTSTART, RRULE, EXRULE, RDATE, EXDATE");
  CHECK(refused("DTSTART:soon").message.starts_with("line 1: DTSTART 'soon' is not a time"));
  CHECK(refused("DTSTART:20260101,20260102").message == "line 1: DTSTART must be one time");
  CHECK(refused("DTSTART:20260101\nDTSTART:20260102").message ==
        "line 2: DTSTART must be one time");
  CHECK(refused("RDATE;VALUE=PERIOD:20260101T000000Z/PT1H").code == errc::unsupported);
  const auto zones = refused("DTSTART;TZID=Europe/Berlin:20260101T090000\n"
                             "RDATE;TZID=Asia/Tokyo:20260102T090000");
  CHECK(zones.code == errc::unsupported);
  CHECK(zones.message.starts_with("line 2: RDATE is in zone 'Asia/Tokyo', the set in "
                                  "'Europe/Berlin'"));
  CHECK(refused(std::string(3000, '\n') + "SUMMARY:x").message.starts_with("line 3001"));
}

} // namespace
} // namespace carillon::triggers
