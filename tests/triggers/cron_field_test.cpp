#include "triggers/cron_field.hpp"

#include "triggers/cron_expression.hpp"
#include "triggers/trigger_support.hpp"

#include <set>

namespace carillon::triggers {
namespace {

std::set<int> values(cron_field which, std::string_view text,
                     cron_dialect dialect = cron_dialect::apscheduler) {
  const auto parsed = parse_field(which, text, dialect);
  INFO(text << ": " << (parsed ? "" : parsed.error().message));
  REQUIRE(parsed);
  std::set<int> out;
  for (int bit = 0; bit < 64; ++bit)
    if ((parsed->values >> bit & 1) != 0)
      out.insert(bit);
  return out;
}

std::string canonical(cron_field which, std::string_view text,
                      cron_dialect dialect = cron_dialect::apscheduler) {
  const auto parsed = parse_field(which, text, dialect);
  INFO(text);
  REQUIRE(parsed);
  const auto again = parse_field(which, parsed->text, dialect);
  REQUIRE(again);
  REQUIRE(again->text == parsed->text);
  REQUIRE(again->values == parsed->values);
  REQUIRE(again->nth == parsed->nth);
  return parsed->text;
}

std::string refusal(cron_field which, std::string_view text,
                    cron_dialect dialect = cron_dialect::apscheduler) {
  const auto parsed = parse_field(which, text, dialect);
  INFO(text);
  REQUIRE_FALSE(parsed);
  REQUIRE(parsed.error().field == "trigger.spec." + std::string{field_name(which)});
  return parsed.error().message;
}

constexpr auto weekday = cron_field::day_of_week;
constexpr auto minute = cron_field::minute;
using ints = std::set<int>;

TEST_CASE("cron fields: a step counts from the start of its range") {
  REQUIRE(values(minute, "5/15") == ints{5, 20, 35, 50});
  REQUIRE(values(cron_field::day, "*/10") == ints{1, 11, 21, 31});
  REQUIRE(values(minute, " 1 , 2-8/3 ") == ints{1, 2, 5, 8});
}

TEST_CASE("cron fields: a step larger than its range is refused") {
  REQUIRE(
      refusal(minute, "*/60").find("step value (60) that is higher than the total range (59)") !=
      std::string::npos);
  refusal(cron_field::day, "*/31");
  refusal(minute, "10-40/31");
  refusal(minute, "*/0");
  REQUIRE(values(minute, "10-40/30") == ints{10, 40});
  REQUIRE(values(minute, "0/59") == ints{0, 59});
  // cron(8) takes any step.
  REQUIRE(values(minute, "*/60", cron_dialect::vixie) == ints{0});
}

TEST_CASE("cron fields: ranges do not wrap, but for weekdays") {
  refusal(cron_field::hour, "22-6");
  refusal(cron_field::month, "nov-feb");
  REQUIRE(values(weekday, "fri-mon") == ints{0, 4, 5, 6});
  REQUIRE(values(weekday, "5-0") == ints{4, 5, 6});
  REQUIRE(values(weekday, "6-1") == ints{0, 5, 6});
  REQUIRE(values(weekday, "7-1") == ints{0, 6});
}

TEST_CASE("cron fields: steps apply to names and weekday numbers, and 0-7 is the week (DEV-8)") {
  REQUIRE(values(weekday, "mon-fri/2") == ints{0, 2, 4});
  REQUIRE(values(weekday, "1-5/2") == ints{0, 2, 4});
  REQUIRE(values(cron_field::month, "jan-dec/2") == ints{1, 3, 5, 7, 9, 11});
  REQUIRE(values(weekday, "0-7") == ints{0, 1, 2, 3, 4, 5, 6});
  refusal(weekday, "8");
  refusal(weekday, "mon-sun/9");
}

TEST_CASE("cron fields: */n of weekdays counts from Monday, in dialect vixie from Sunday") {
  REQUIRE(values(weekday, "*/2") == ints{0, 2, 4, 6});
  REQUIRE(values(weekday, "*/3") == ints{0, 3, 6});
  REQUIRE(values(weekday, "*/2", cron_dialect::vixie) == ints{1, 3, 5, 6});
  REQUIRE(values(weekday, "0-7", cron_dialect::vixie) == ints{0, 1, 2, 3, 4, 5, 6});
  REQUIRE(values(weekday, "4-7/2", cron_dialect::vixie) == ints{3, 5});
  REQUIRE(values(weekday, "fri-sun", cron_dialect::vixie) == ints{4, 5, 6});
}

TEST_CASE("cron fields: text after an expression is refused (DEV-8)") {
  for (const auto* text : {"jan 5", "janx", "last mon-fri", "lastfoo"})
    refusal(text[0] == 'j' ? cron_field::month : cron_field::day, text);
  for (const auto* text : {"", "1,", ",1", "x", "1-", "-1", "1 2", "*1", "**", "1/", "*/x", "1.5",
                           "60", "99999999999999999999", "1\n"})
    refusal(minute, text);
  for (const auto* text : {"6th mon", "1st 1", "30-last", "1st", "0", "32"})
    refusal(cron_field::day, text);
  for (const auto* text : {"monday", "mon-5", "m"})
    refusal(weekday, text);
  refusal(cron_field::year, "1969");
  refusal(cron_field::year, "10000");
  refusal(minute, std::string(600, '1'));
}

TEST_CASE("cron fields: an error names field, value, column and what is allowed") {
  REQUIRE(refusal(minute, "1,61") ==
          "minute '1,61': '61' at column 3 is higher than the maximum 59; allowed are 0-59, *, "
          "*/n, a-b, a-b/n, a/n, H, a~b and lists of them");
}

TEST_CASE("cron fields: canonical text has names for weekday numbers and no blanks") {
  REQUIRE(canonical(weekday, "6-1") == "mon,sat-sun");
  REQUIRE(canonical(weekday, "7, 1-5") == "sun,mon-fri");
  REQUIRE(canonical(weekday, "1-5/2") == "mon-fri/2");
  REQUIRE(canonical(weekday, "FRI-Mon/3") == "fri-mon/3");
  REQUIRE(canonical(minute, "007 , */05") == "7,*/5");
  REQUIRE(canonical(cron_field::day, "2nd  MON,last , Last Fri") == "2nd mon,last,last fri");
  REQUIRE(canonical(cron_field::month, "Jan-MAR/2") == "jan-mar/2");
  REQUIRE(canonical(weekday, "4-7/2", cron_dialect::vixie) == "4-7/2");
}

TEST_CASE("cron: unset fields before the last set one are *, after it their minimum") {
  using test::fires;
  const auto first = [](cron spec) {
    return fires(test::built(test::with(std::move(spec), "UTC")), 3);
  };
  REQUIRE(first({}) ==
          test::texts{"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"});
  cron seconds;
  seconds.second = "30";
  REQUIRE(first(seconds) ==
          test::texts{"2026-01-01T00:00:30Z", "2026-01-01T00:01:30Z", "2026-01-01T00:02:30Z"});
  cron year;
  year.year = "2027";
  REQUIRE(first(year) == test::texts{"2027-01-01T00:00:00Z"});
  cron week;
  week.week = "2";
  REQUIRE(fires(test::built(test::with(week, "UTC")), 8) ==
          test::texts{"2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z",
                      "2026-01-08T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-10T00:00:00Z",
                      "2026-01-11T00:00:00Z", "2027-01-11T00:00:00Z"});
}

TEST_CASE(
    "cron: day and weekday are both required, in dialect vixie either when both are limited") {
  const auto start = test::instant("2026-02-01T00:00:00Z");
  const auto both = [&](std::string_view text, cron_dialect dialect) {
    return test::fires(test::built(test::with(test::crontab(text, dialect), "UTC", start)), 3);
  };
  REQUIRE(both("0 0 13 * fri", cron_dialect::apscheduler) ==
          test::texts{"2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z", "2026-11-13T00:00:00Z"});
  REQUIRE(both("0 0 13 * fri", cron_dialect::vixie) ==
          test::texts{"2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z"});
  REQUIRE(both("0 0 */2 * mon", cron_dialect::vixie) ==
          test::texts{"2026-02-09T00:00:00Z", "2026-02-23T00:00:00Z", "2026-03-09T00:00:00Z"});
}

TEST_CASE("cron: a day that does not exist never fires") {
  cron spec;
  spec.month = "2";
  spec.day = "30";
  REQUIRE(test::fires(test::built(test::with(spec, "UTC")), 1).empty());
  spec.day = "29";
  spec.day_of_week = "sun";
  REQUIRE(test::fires(test::built(test::with(spec, "UTC")), 2) ==
          test::texts{"2032-02-29T00:00:00Z", "2060-02-29T00:00:00Z"});
}

TEST_CASE("cron: a crontab has exactly five fields, and shorthands in dialect vixie only") {
  const auto vixie = cron_dialect::vixie;
  for (const auto* text : {"", "* * * *", "* * * * * *", "@reboot", "@dayly", "TZ=UTC * * * * *"})
    REQUIRE_FALSE(cron_from_crontab(text, vixie));
  REQUIRE_FALSE(cron_from_crontab("@daily", cron_dialect::apscheduler));
  for (const auto* text : {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight",
                           "@hourly", " 0\t0 * * 0 "})
    REQUIRE(cron_from_crontab(text, vixie));
  REQUIRE(crontab_text(*cron_from_crontab("@weekly", vixie)) == "0 0 * * 0");
}

} // namespace
} // namespace carillon::triggers
