// What each dialect accepts and refuses; a refusal names the column of the mistake.

#include "triggers/trigger_support.hpp"

namespace carillon::triggers {
namespace {

using test::at;

template <class T> T must(expected<T> value) {
  INFO((value ? std::string{} : value.error().message));
  REQUIRE(value);
  return std::move(*value);
}

trigger_spec quartz(const std::string& text) { return {must(cron_from_quartz(text)), "UTC"}; }
trigger_spec systemd(const std::string& text) { return {on_calendar{text}, "UTC"}; }

expected<trigger_spec> resolved(trigger_spec spec) {
  return resolve(std::move(spec), test::utc_context);
}

/// The first fire times after 2026-01-01, a Thursday.
std::vector<std::string> fires(trigger_spec spec, int count) {
  spec.start_time = when{at("2026-01-01T00:00:00Z")};
  const auto trigger = must(compile(must(resolved(std::move(spec)))));
  std::vector<std::string> out;
  trigger_cursor cursor;
  while (count-- > 0) {
    auto fire = must(next(trigger, cursor));
    if (!fire.at)
      break;
    out.push_back(to_rfc3339(*fire.at));
    cursor = std::move(fire.cursor);
  }
  return out;
}

using texts = std::vector<std::string>;

void refuses(const trigger_spec& spec, const std::string& column, const std::string& why) {
  const auto out = resolved(spec);
  REQUIRE_FALSE(out);
  INFO(out.error().message);
  CHECK(out.error().message.find(column) != std::string::npos);
  CHECK(out.error().message.find(why) != std::string::npos);
}

} // namespace

TEST_CASE("quartz: days by position") {
  CHECK(fires(quartz("0 0 12 L * ?"), 2) == texts{"2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"});
  CHECK(fires(quartz("0 0 12 L-3 * ?"), 1) == texts{"2026-01-28T12:00:00Z"});
  // 31 January is a Saturday; so is 28 February.
  CHECK(fires(quartz("0 0 12 LW * ?"), 2) == texts{"2026-01-30T12:00:00Z", "2026-02-27T12:00:00Z"});
  // 1 February is a Sunday, 1 August a Saturday: never into another month.
  CHECK(fires(quartz("0 0 12 1W 2,8 ?"), 2) ==
        texts{"2026-02-02T12:00:00Z", "2026-08-03T12:00:00Z"});
  CHECK(fires(quartz("0 0 12 31W * ?"), 2) ==
        texts{"2026-01-30T12:00:00Z", "2026-03-31T12:00:00Z"});
}

TEST_CASE("quartz: weekdays count from Sunday, by name or number") {
  CHECK(fires(quartz("0 0 0 ? * 1"), 1) == texts{"2026-01-04T00:00:00Z"});
  CHECK(fires(quartz("0 0 0 ? * fri#2"), 1) == texts{"2026-01-09T00:00:00Z"});
  CHECK(fires(quartz("0 0 0 ? * 6L"), 1) == texts{"2026-01-30T00:00:00Z"});
  CHECK(fires(quartz("0 0 0 ? * SAT-MON"), 3) ==
        texts{"2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-05T00:00:00Z"});
  CHECK(fires(quartz("0 0 0 ? * L"), 1) == texts{"2026-01-03T00:00:00Z"});
  CHECK(fires(quartz("0 0 22-1 1 1 ? 2027"), 9) ==
        texts{"2027-01-01T00:00:00Z", "2027-01-01T01:00:00Z", "2027-01-01T22:00:00Z",
              "2027-01-01T23:00:00Z"});
}

TEST_CASE("quartz: mistakes are refused with their column") {
  refuses(quartz("60 0 0 ? * 1"), "column 1", "0 to 59");
  refuses(quartz("0 0 0 ? * MON,XYZ"), "column 5", "not understood");
  refuses(quartz("0 0 0 32 * ?"), "column 1", "1 to 31");
  refuses(quartz("0 0 0 L-31 * ?"), "column 3", "0 to 30");
  refuses(quartz("0 0 0 1,L * ?"), "column 3", "alone");
  refuses(quartz("0 0 0 ? * MON,L"), "column 5", "alone");
  refuses(quartz("0 0 0 ? * MON#1,WED"), "column 6", "alone");
  refuses(quartz("0 0 0 1,15W * ?"), "column 3", "alone");
  refuses(quartz("0 0 0 ? * MON-FRI/2"), "column 8", "Quartz ignores");
  refuses(quartz("0 0 0 ? * 2#6"), "column 3", "1 to 5");
  refuses(quartz("0/60 0 0 ? * 2"), "column 3", "1 to 59");
  refuses(quartz("0 0 0 1 * 2"), "", "exactly one");
  refuses(quartz("0 0 0 ? * ?"), "", "exactly one");
  refuses(quartz("0 0 0 ? 13 1"), "column 1", "1 to 12");
  refuses(quartz("0 0 0 ? * 1 2030-2020"), "column 1", "after it ends");
  refuses(quartz("0 , 0 ? * 1"), "column 1", "empty");
  CHECK_FALSE(cron_from_quartz("0 0 0 ? *"));
}

TEST_CASE("crontab: six and seven fields by dialect seconds, days ORed as in vixie") {
  const auto seconds = [](const std::string& text) {
    return must(trigger_from_crontab(text, cron_dialect::seconds));
  };
  CHECK(fires(seconds("15,45 0 3 * * *"), 2) ==
        texts{"2026-01-01T03:00:15Z", "2026-01-01T03:00:45Z"});
  CHECK(fires(seconds("0 0 0 13 * fri 2027"), 2) ==
        texts{"2027-01-01T00:00:00Z", "2027-01-08T00:00:00Z"});
  CHECK(fires(seconds("@monthly"), 1) == texts{"2026-02-01T00:00:00Z"});
  CHECK(crontab_text(std::get<cron>(must(resolved(seconds("*/5 * * * * *"))).kind)) ==
        "*/5 * * * * *");
}

TEST_CASE("crontab: zone, @every and shorthands in the text") {
  const auto vixie = [](const std::string& text) {
    return must(trigger_from_crontab(text, cron_dialect::vixie));
  };
  CHECK(vixie("CRON_TZ=Asia/Tokyo 0 9 * * *").timezone == "Asia/Tokyo");
  CHECK(fires(vixie("TZ=Asia/Tokyo @daily"), 1) == texts{"2026-01-01T15:00:00Z"});
  CHECK(fires(vixie("@every 90m"), 3) ==
        texts{"2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z", "2026-01-01T03:00:00Z"});
  CHECK(fires(vixie("@every 1h/15m"), 2) == texts{"2026-01-01T00:15:00Z", "2026-01-01T01:15:00Z"});
}

TEST_CASE("crontab: mistakes are refused with their column") {
  const auto refuses_text = [](const std::string& text, const std::string& column,
                               const std::string& why, cron_dialect dialect = cron_dialect::vixie) {
    INFO(text);
    const auto out = trigger_from_crontab(text, dialect);
    REQUIRE_FALSE(out);
    INFO(out.error().message);
    CHECK(out.error().field == "trigger.spec.crontab");
    CHECK(out.error().message.find(column) != std::string::npos);
    CHECK(out.error().message.find(why) != std::string::npos);
  };
  refuses_text("", "column 1", "0 fields, expected 5");
  refuses_text("0 3 * *", "column 8", "4 fields, expected 5");
  refuses_text("0 0 3 * * *", "column 11", "dialect seconds");
  refuses_text("0 3 * * *", "column 10", "6 or 7", cron_dialect::seconds);
  refuses_text("0 0 3 * * * 2026 x", "column 18", "one too many", cron_dialect::seconds);
  refuses_text("@dayly", "column 1", "@daily");
  refuses_text("@daily 3", "column 8", "not expected after @daily");
  refuses_text("@daily", "column 1", "kind vixie only", cron_dialect::apscheduler);
  refuses_text("@reboot", "column 1", "carillon run");
  refuses_text("@every", "column 7", "one duration");
  refuses_text("@every soon", "column 8", "not a duration");
  refuses_text("@every 0s", "column 8", "not a duration");
  refuses_text("@every 1h/2h", "column 11", "shorter than 1h");
  refuses_text("@every 1h 2h", "column 11", "one duration");
  refuses_text("CRON_TZ= 0 3 * * *", "column 1", "names no zone");
  refuses_text("CRON_TZ=UTC", "column 12", "0 fields");
  refuses(must(trigger_from_crontab("TZ=Mars/Base 0 3 * * *", cron_dialect::vixie)), "",
          "time zone 'Mars/Base'");
  refuses({test::crontab("61 * * * *", cron_dialect::vixie), "UTC"}, "column 1", "maximum 59");
  refuses({test::crontab("* 3-25 * * *", cron_dialect::vixie), "UTC"}, "column 3", "maximum 23");
  refuses({test::crontab("* * 0 * *", cron_dialect::vixie), "UTC"}, "column 1", "minimum 1");
  refuses({test::crontab("* * * foo *", cron_dialect::vixie), "UTC"}, "column 1", "jan to dec");
  refuses({test::crontab("* * * * mon-8", cron_dialect::vixie), "UTC"}, "column 5", "maximum 7");
  refuses({test::crontab("1,,2 * * * *", cron_dialect::vixie), "UTC"}, "column 3", "");
}

TEST_CASE("systemd: dates, times and what is left out") {
  CHECK(fires(systemd("Mon..Fri *-*-* 10:00/15"), 2) ==
        texts{"2026-01-01T10:00:00Z", "2026-01-01T10:15:00Z"});
  CHECK(fires(systemd("*-02~03"), 2) == texts{"2026-02-26T00:00:00Z", "2027-02-26T00:00:00Z"});
  CHECK(fires(systemd("Mon *-05~07/1"), 1) == texts{"2026-05-25T00:00:00Z"});
  CHECK(fires(systemd("Mon,Sat..Sun"), 3) ==
        texts{"2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-05T00:00:00Z"});
  // As systemd-analyze 252: `~*` is every day, a range before the end counts upwards, and a range
  // shorter than its repetition is its first value.
  CHECK(fires(systemd("*-07~*"), 1) == texts{"2026-07-01T00:00:00Z"});
  CHECK(fires(systemd("2026-02~10..19/2"), 9) ==
        texts{"2026-02-11T00:00:00Z", "2026-02-13T00:00:00Z", "2026-02-15T00:00:00Z",
              "2026-02-17T00:00:00Z", "2026-02-19T00:00:00Z"});
  CHECK(fires(systemd("2026-6..8/4-01"), 9) == texts{"2026-06-01T00:00:00Z"});
  CHECK(fires(systemd("anually"), 1) == texts{"2027-01-01T00:00:00Z"});
  CHECK(fires(systemd("12:30"), 1) == texts{"2026-01-01T12:30:00Z"});
  CHECK(fires(systemd("quarterly"), 2) == texts{"2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z"});
  CHECK(fires(systemd("2026..2027-01-31"), 9) ==
        texts{"2026-01-31T00:00:00Z", "2027-01-31T00:00:00Z"});
  CHECK(fires(systemd("*-02-30"), 1).empty());
  CHECK(fires(systemd("@1767301205"), 9) == texts{"2026-01-01T21:00:05Z"});
  CHECK(fires(systemd("@1767301205 Asia/Tokyo"), 9) == texts{"2026-01-01T21:00:05Z"});
  // The zone in the text wins.
  CHECK(fires(systemd("12:00 Europe/Berlin"), 1) == texts{"2026-01-01T11:00:00Z"});
}

TEST_CASE("systemd: mistakes are refused with their column") {
  refuses(systemd(""), "column 1", "empty");
  refuses(systemd("Mun"), "column 1", "not a weekday");
  refuses(systemd("Sat..Mon"), "column 1", "after it ends");
  refuses(systemd("*-*-* 1/60:00"), "column 9", "never repeats");
  refuses(systemd("*-13-01"), "column 3", "month from 1 to 12");
  refuses(systemd("*-*-* 24:00"), "column 7", "hour from 0 to 23");
  refuses(systemd("*-*-* *:0/0"), "column 11", "repetition");
  refuses(systemd("*-*-* 10:00:00.5"), "column 15", "fraction");
  refuses(systemd("10..5:00"), "column 1", "after it ends");
  refuses(systemd("12:00 Mars/Base"), "column 7", "time zone");
  refuses(systemd("*-*-* 10:00 11:00"), "column 13", "not expected");
  refuses(systemd("7"), "column 1", "not a date");
  refuses(systemd("@12x"), "column 1", "seconds since 1970");
  refuses(systemd("@99999999999"), "column 1", "seconds since 1970");
}

TEST_CASE("interval: aligned ones tick together, whenever they start") {
  trigger_spec spec{interval{std::chrono::hours{1}, std::chrono::minutes{5}}, "UTC"};
  CHECK(fires(spec, 2) == texts{"2026-01-01T00:05:00Z", "2026-01-01T01:05:00Z"});
}

} // namespace carillon::triggers
