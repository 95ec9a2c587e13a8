#include "triggers/ics.hpp"

#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

const date_range horizon{{2026, 1, 1}, {2028, 12, 31}};

std::string calendar(const std::string& events) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n" + events + "END:VCALENDAR\r\n";
}

std::string event(const std::string& lines) {
  return "BEGIN:VEVENT\r\nUID:1@x\r\n" + lines + "\r\nEND:VEVENT\r\n";
}

std::vector<std::string> days(const std::string& text) {
  const auto read = days_from_ics(text, horizon);
  INFO(text << (read ? "" : read.error().message));
  REQUIRE(read);
  std::vector<std::string> out;
  for (const auto& each : read->days)
    out.push_back(days_text(each));
  return out;
}

std::string fault(const std::string& text) {
  const auto read = days_from_ics(text, horizon);
  INFO(text);
  REQUIRE_FALSE(read);
  return read.error().message;
}

using strings = std::vector<std::string>;

TEST_CASE("ics: all-day events, with their last day by DTEND or DURATION") {
  REQUIRE(days(calendar(event("DTSTART;VALUE=DATE:20261224"))) == strings{"2026-12-24"});
  REQUIRE(days(calendar(event("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227"))) ==
          strings{"2026-12-24/2026-12-26"});
  REQUIRE(days(calendar(event("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261224"))) ==
          strings{"2026-12-24"});
  REQUIRE(days(calendar(event("DTSTART:20261224\r\nDURATION:P1W"))) ==
          strings{"2026-12-24/2026-12-30"});
}

TEST_CASE("ics: days that touch are joined, in order") {
  REQUIRE(days(calendar(event("DTSTART:20270106") + event("DTSTART:20261226") +
                        event("DTSTART:20261225"))) ==
          strings{"2026-12-25/2026-12-26", "2027-01-06"});
}

TEST_CASE("ics: folded lines, other components, other line ends") {
  REQUIRE(days("\xef\xbb\xbf"
               "begin:vcalendar\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19701025T030000\n"
               "END:STANDARD\nEND:VTIMEZONE\n"
               "BEGIN:VEVENT\nSUMMARY;LANGUAGE=\"de:at\":Heiliger\n  Abend: frei\nDTSTART;VALUE=\n"
               " DATE:2026\n\t1224\nBEGIN:VALARM\nTRIGGER:-PT15M\nDURATION:PT5M\nEND:VALARM\n"
               "END:VEVENT\nEND:VCALENDAR") == strings{"2026-12-24"});
}

TEST_CASE("ics: dates besides, dates left out, cancelled events, events with a time") {
  REQUIRE(days(calendar(event("DTSTART:20260501\r\nRDATE;VALUE=DATE:20260601,20260701\r\n"
                              "EXDATE;VALUE=DATE:20260601"))) ==
          strings{"2026-05-01", "2026-07-01"});
  REQUIRE(days(calendar(event("DTSTART:20260501\r\nSTATUS:CANCELLED"))).empty());
  const auto read = days_from_ics(
      calendar(event("DTSTART:20260501T080000Z\r\nDURATION:PT1H") + event("DTSTART:20260502")),
      horizon);
  REQUIRE(read);
  REQUIRE(read->timed == 1);
  REQUIRE(read->days == std::vector<date_range>{{{2026, 5, 2}, {2026, 5, 2}}});
}

TEST_CASE("ics: an occurrence that was moved or cancelled leaves its day") {
  REQUIRE(days(calendar(event("DTSTART:20260501\r\nRDATE:20260601") +
                        event("RECURRENCE-ID;VALUE=DATE:20260601\r\nDTSTART:20260603"))) ==
          strings{"2026-05-01", "2026-06-03"});
  REQUIRE(days(calendar(event("DTSTART:20260501\r\nRDATE:20260601") +
                        event("RECURRENCE-ID:20260501\r\nDTSTART:20260501\r\nSTATUS:CANCELLED"))) ==
          strings{"2026-06-01"});
}

TEST_CASE("ics: a rule within the day takes the day once, and too many days are refused") {
  REQUIRE(days(calendar(event("DTSTART:20261224\r\nRRULE:FREQ=HOURLY;UNTIL=20261225T120000Z"))) ==
          strings{"2026-12-24/2026-12-25"});
  const auto daily = event("DTSTART:20260101\r\nRRULE:FREQ=DAILY");
  REQUIRE(days(calendar(daily)) == strings{"2026-01-01/2028-12-31"});
  std::string many;
  for (int i = 0; i < 20; ++i) // 1,096 each
    many += daily;
  const auto message = fault(calendar(many));
  INFO(message);
  CHECK(message.find("line 94") != std::string::npos);
  CHECK(message.find("20000 occurrences") != std::string::npos);
}

TEST_CASE("ics: mistakes are named with their line") {
  REQUIRE(fault("") == "line 1: BEGIN:VCALENDAR is expected");
  REQUIRE(fault("HELLO\n") == "line 1: BEGIN:VCALENDAR is expected");
  REQUIRE(fault("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n") ==
          "line 3: END:VEVENT is expected, not END:VCALENDAR");
  REQUIRE(fault("BEGIN:VCALENDAR\nBEGIN:VEVENT\n") == "line 2: END:VEVENT is missing");
  REQUIRE(fault(calendar(event("SUMMARY:x"))) == "line 4: the event has no DTSTART");
  REQUIRE(fault(calendar(event("DTSTART:20260230"))) ==
          "line 6: DTSTART '20260230' is not a date such as 20261224");
  REQUIRE(fault(calendar(event("DTSTART:2026-02-03"))).find("is not a date") != std::string::npos);
  REQUIRE(fault(calendar(event("DTSTART:20260203\r\nDURATION:PT1H")))
              .find("line 7: DURATION 'PT1H' of an event without a time") == 0);
  REQUIRE(fault(calendar(event("DTSTART:20260203\r\nDTEND:20500101"))).find("3660 days") !=
          std::string::npos);
  REQUIRE(fault(calendar(event("DTSTART:20260203\r\nRDATE;VALUE=PERIOD:x")))
              .find("RDATE with periods") != std::string::npos);
}

TEST_CASE("ics: any text is read or refused") {
  const auto whole = calendar(event("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227"));
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    const auto read = days_from_ics(std::string_view{whole}.substr(0, cut), horizon);
    CHECK((read || read.error().code == errc::invalid_argument));
  }
}

} // namespace
} // namespace carillon::triggers
